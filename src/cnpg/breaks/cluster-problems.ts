import { isObject, textAt, valueAt, type Json } from '../../manifest/json.ts'
import { nearName } from '../../manifest/near-name.ts'
import type { Manifest } from '../../manifest/resource.ts'
import { parsePostgresSize } from '../admission/parameters.ts'
import type { Operand } from '../operand.ts'
import { compareQuantities, parseQuantity, printQuantity, type Quantity } from '../quantity.ts'
import { hbaLineProblem } from '../parameters/hba-line.ts'
import { findParameter, type ParameterCatalogs } from '../parameters/parameter-catalog.ts'
import { valueProblem } from '../parameters/parameter-value.ts'
import { isOpen, type Problem } from './problem.ts'

/**
 * What the webhook takes of a Cluster and PostgreSQL does not. Seen on CloudNativePG 1.28.0: the Cluster stays "healthy",
 * PostgreSQL logs "no changes were applied", and the next instance that restarts never comes back.
 */
export function clusterProblems(cluster: Manifest, operand: Operand, catalogs: ParameterCatalogs): Problem[] {
  return [
    ...parameterProblems(cluster, operand, catalogs),
    ...hbaProblems(cluster),
    ...barmanProblems(cluster, operand),
    ...loopProblems(cluster),
    ...superuserProblems(cluster),
    ...memoryProblems(cluster),
  ]
}

const HEALS =
  'Until then PostgreSQL takes no edit at all, and says so in its log only. Reverting heals a stuck instance at its next try to start.'

function parameterProblems(
  cluster: Manifest,
  { major, image }: Operand,
  catalogs: ParameterCatalogs,
): Problem[] {
  const parameters = valueAt(cluster, 'spec', 'postgresql', 'parameters')
  const catalog = major === undefined ? undefined : catalogs(major)
  // EDB's servers know more than the catalogs
  if (catalog === undefined || !isObject(parameters) || /advanced|epas/i.test(image?.reference ?? ''))
    return []
  return Object.entries(parameters).flatMap(([name, value]): Problem[] => {
    // what an extension defines is known to it alone
    if (name.includes('.') || typeof value !== 'string' || isOpen(name) || isOpen(value)) return []
    const field = `spec.postgresql.parameters.${name}`
    const definition = findParameter(catalog, name)
    if (definition === undefined) {
      const near = nearName(name, Object.keys(catalog.parameters))
      return [
        {
          ruleId: 'cnpg-parameter-unknown',
          level: 'error',
          message: `PostgreSQL ${major} has no parameter ${name}. The operator accepts it; the next instance that restarts does not come up (CrashLoopBackOff).`,
          repair: `${near === undefined ? 'Take it out' : `Write ${near}`}, in this same change. ${HEALS}`,
          field,
        },
      ]
    }
    const problem = valueProblem(name, value, definition)
    return problem === undefined
      ? []
      : [
          {
            ruleId: 'cnpg-parameter-value',
            level: 'error',
            message: `${problem}. The operator accepts it; the next instance that restarts does not come up (CrashLoopBackOff).`,
            repair: `Correct the value. ${HEALS}`,
            field,
          },
        ]
  })
}

function hbaProblems(cluster: Manifest): Problem[] {
  const lines = valueAt(cluster, 'spec', 'postgresql', 'pg_hba')
  if (!Array.isArray(lines)) return []
  return lines.flatMap((line, index): Problem[] => {
    if (typeof line !== 'string' || isOpen(line.replaceAll(/\$\{podselector:[^}]*\}/g, ''))) return []
    const problem = hbaLineProblem(line)
    return problem === undefined
      ? []
      : [
          {
            ruleId: 'cnpg-hba-line',
            level: 'error',
            message: `pg_hba line "${line}" does not parse: ${problem}. PostgreSQL keeps the old rules, says so in its log only, and does not start with these.`,
            repair:
              'Write it as TYPE DATABASE USER ADDRESS METHOD, for example: hostssl app app 10.0.0.0/8 scram-sha-256.',
            field: `spec.postgresql.pg_hba[${index}]`,
          },
        ]
  })
}

/** In-tree Barman runs from the operand image; only the `system` images carry it (postgres-containers, README). */
function barmanProblems(cluster: Manifest, { image }: Operand): Problem[] {
  if (valueAt(cluster, 'spec', 'backup', 'barmanObjectStore') === undefined) return []
  if (image?.flavour !== 'minimal' && image?.flavour !== 'standard') return []
  return [
    {
      ruleId: 'cnpg-image-without-barman',
      level: 'error',
      message: `The ${image.flavour} image has no Barman Cloud tools, which backup.barmanObjectStore runs in the image: WAL archiving and every backup fail, and WAL fills the volume.`,
      repair: 'Archive through the Barman Cloud plugin (spec.plugins), or take a system image.',
      field: 'spec.backup.barmanObjectStore',
    },
  ]
}

function loopProblems(cluster: Manifest): Problem[] {
  const name = 'cnpg.io/reconciliationLoop'
  if (textAt(cluster, 'metadata', 'annotations', name) !== 'disabled') return []
  return [
    {
      ruleId: 'cnpg-reconciliation-disabled',
      level: 'warning',
      message:
        'The operator leaves this Cluster alone: it does not fail over, replaces no lost instance and applies no edit.',
      repair: `Take the annotation ${name} away when the maintenance is over.`,
      field: `metadata.annotations[${name}]`,
    },
  ]
}

/** Read only with enableSuperuserAccess; without it the password is set to NULL (instance_controller.go, since 1.21). */
function superuserProblems(cluster: Manifest): Problem[] {
  const name = textAt(cluster, 'spec', 'superuserSecret', 'name') ?? ''
  if (name === '' || valueAt(cluster, 'spec', 'enableSuperuserAccess') === true) return []
  return [
    {
      ruleId: 'cnpg-superuser-secret-ignored',
      level: 'warning',
      message: `superuserSecret is ignored without enableSuperuserAccess: true; the user postgres has no password, and nobody logs in with Secret ${name}.`,
      repair: 'Set enableSuperuserAccess: true, or leave superuserSecret out.',
      field: 'spec.superuserSecret',
    },
  ]
}

/**
 * The webhook compares shared_buffers with the memory request only; the kernel with the limit. Pages of shared memory count as
 * soon as they are touched: the server starts, and is killed under load, again and again.
 */
function memoryProblems(cluster: Manifest): Problem[] {
  const setting = textAt(cluster, 'spec', 'postgresql', 'parameters', 'shared_buffers') ?? ''
  const limits = valueAt(cluster, 'spec', 'resources', 'limits')
  const limit = quantityOf(valueAt(limits, 'memory'))
  // without a unit PostgreSQL counts blocks of 8 kB, and the webhook megabytes
  const buffers = /^\d+$/.test(setting)
    ? parseQuantity(`${8n * BigInt(setting)}Ki`)
    : parsePostgresSize(setting)
  if (setting === '' || isOpen(setting) || typeof buffers === 'string' || limit === undefined) return []
  // shared memory in huge pages is accounted apart
  if (isObject(limits) && Object.keys(limits).some(name => name.startsWith('hugepages-'))) return []
  if (compareQuantities(buffers, limit) < 0) return []
  return [
    {
      ruleId: 'cnpg-memory-limit',
      level: 'error',
      message: `shared_buffers ${setting} does not fit into the memory limit of ${printQuantity(limit)}: PostgreSQL is accepted and started, and killed (OOMKilled) as soon as it fills its cache.`,
      repair: 'Set shared_buffers to about a quarter of the memory limit.',
      field: 'spec.postgresql.parameters.shared_buffers',
    },
  ]
}

function quantityOf(value: Json | undefined): Quantity | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const quantity = parseQuantity(String(value))
  return typeof quantity === 'string' || quantity.nano <= 0n ? undefined : quantity
}
