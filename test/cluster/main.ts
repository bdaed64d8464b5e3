// Brings a real database into one state after another and holds what we say of it against `kubectl cnpg status`, the shipped Roles and
// PostgreSQL itself. Run by hand (README.md beside): npm run test:cluster -- NAME -n NAMESPACE [--only PART]
import { parseArgs } from 'node:util'
import { access } from './access.ts'
import { merge } from './merge.ts'
import { states } from './states.ts'
import { Target } from './target.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { namespace: { type: 'string', short: 'n', default: 'databases' }, only: { type: 'string' } },
})
const { only, namespace } = values
const target = new Target(positionals[0] ?? 'postgres', namespace)
let wrong = 0
if (only === undefined || only === 'access') wrong += await access(target)
if (only === undefined || only === 'merge') wrong += await merge(target)
if (only !== 'access' && only !== 'merge') wrong += await states(target, only)
console.log(wrong === 0 ? 'all as it should be' : `${wrong} wrong`)
process.exit(wrong === 0 ? 0 : 1)
