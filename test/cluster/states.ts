// Brings a real database into one state after another, and compares `cnpg-steward status` with `kubectl cnpg status` in each.
// Run by hand (README.md beside): npm run test:cluster -- NAME -n NAMESPACE
import { execFileSync, spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { normalForm } from '../status/normal-form.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { namespace: { type: 'string', short: 'n', default: 'databases' }, only: { type: 'string' } },
})
const [name = 'postgres'] = positionals
const { namespace } = values
const at = ['-n', namespace]

function kubectl(...args: string[]): string {
  return execFileSync('kubectl', [...args, ...at], { encoding: 'utf8' })
}

function patch(spec: object): void {
  kubectl('patch', 'cluster', name, '--type=merge', '-p', JSON.stringify({ spec }))
}

function live(path: string): string {
  return kubectl('get', 'cluster', name, '-o', `jsonpath={${path}}`)
}

const image = live('.spec.imageName')
const primary = () => live('.status.currentPrimary')
const replica = () => {
  const names: string[] = JSON.parse(live('.status.instanceNames'))
  return names.find(each => each !== primary()) ?? ''
}

interface State {
  name: string
  /** what our judgement must be */
  is: readonly string[]
  begin: () => void
  /** how long until it shows, in seconds */
  after: number
  end?: () => void
}

const STATES: readonly State[] = [
  { name: 'healthy', is: ['healthy'], begin: () => undefined, after: 0 },
  {
    name: 'rollout',
    is: ['progressing'],
    begin: () => patch({ postgresql: { parameters: { max_connections: '77' } } }),
    after: 3,
  },
  {
    name: 'switchover',
    is: ['progressing'],
    begin: () => void kubectl('cnpg', 'promote', name, replica()),
    after: 1,
  },
  {
    name: 'replica fenced',
    is: ['attention'],
    begin: () => void kubectl('cnpg', 'fencing', 'on', name, replica()),
    after: 5,
    end: () => void kubectl('cnpg', 'fencing', 'off', name, '*'),
  },
  {
    name: 'primary fenced',
    is: ['failed'],
    begin: () => void kubectl('cnpg', 'fencing', 'on', name, primary()),
    after: 5,
    end: () => void kubectl('cnpg', 'fencing', 'off', name, '*'),
  },
  {
    name: 'replica killed',
    is: ['attention', 'progressing'],
    begin: () => void kubectl('delete', 'pod', replica(), '--grace-period=0', '--force'),
    after: 1,
  },
  {
    name: 'bad image',
    is: ['failed'],
    begin: () => patch({ imageName: `${image.replace(/:.*/, '')}:17.99` }),
    after: 45,
    end: () => {
      patch({ imageName: image })
      for (const pod of kubectl('get', 'pods', '-o', 'name').split('\n'))
        if (
          pod !== '' &&
          kubectl('get', pod, '-o', 'jsonpath={.spec.containers[0].image}').endsWith(':17.99')
        )
          kubectl('delete', pod)
    },
  },
]

let wrong = 0
for (const state of STATES) {
  if (values.only !== undefined && values.only !== state.name) continue
  await settled()
  state.begin()
  await pause(state.after * 1000)
  const ours = spawnSync(process.execPath, ['src/cli/main.ts', 'status', name, ...at, '-v'], {
    encoding: 'utf8',
  })
  // it hangs where an instance never answers
  const theirs = spawnSync('kubectl', ['cnpg', 'status', name, ...at, '-v', '--color', 'never'], {
    encoding: 'utf8',
    timeout: 45_000,
  })
  const judged = /^\S+ (\w+)/.exec(ours.stdout)?.[1] ?? ours.stderr
  const same =
    normalForm(ours.stdout.slice(ours.stdout.search(/^(Replica )?Cluster Summary$/m))) ===
    normalForm(theirs.stdout)
  const right = state.is.includes(judged)
  if (!right) wrong++
  // the two read at different moments: a text that differs is to be looked at, and is no failure by itself
  console.log(
    `${right ? 'ok  ' : 'BAD '} ${state.name}: ${judged} (exit ${ours.status}; the plugin's ${theirs.status ?? 'hung'}), text ${same ? 'equal' : 'differs'}`,
  )
  state.end?.()
}
await settled()
process.exit(wrong === 0 ? 0 : 1)

/** Waits until we call the database healthy. */
async function settled(): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { status } = spawnSync(process.execPath, ['src/cli/main.ts', 'status', name, ...at])
    if (status === 0) return
    await pause(2000)
  }
  throw new Error(`${namespace}/${name} does not become healthy`)
}
