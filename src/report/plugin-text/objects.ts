import type { Collected } from '../../status/collected.ts'
import { entries, flag, nameOf, number, objects, text, texts, timeOf } from '../../status/fields.ts'
import { table, toned, type Block } from './block.ts'

// status.go of kubectl cnpg 1.28.0: printCertificatesStatus, printRoleManagerStatus, printTablespacesStatus,
// printPodDisruptionBudgetStatus, printPluginStatus.

const DAY = 86_400_000

export function certificates({ cluster, at }: Collected): Block {
  const now = timeOf(at) ?? 0
  const rows = entries(cluster, 'status', 'certificates', 'expirations')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      const date = typeof value === 'string' ? value : ''
      const left = (timeOf(date) ?? 0) - now
      const days = (left / DAY).toFixed(2)
      return {
        name,
        date,
        left,
        shown: left < 0 ? 'Expired' : left < 7 * DAY ? `${days} - Expires Soon` : days,
      }
    })
  const least = Math.min(...rows.map(({ left }) => left))
  return table(
    toned(least < 0 ? 'red' : least < 7 * DAY ? 'yellow' : 'green', 'Certificates Status'),
    ['Certificate Name', 'Expiration Date', 'Days Left Until Expiration'],
    rows.map(({ name, date, shown }) => [name, date, shown]),
  )
}

/** Two blocks where roles cannot be reconciled. The plugin prints its maps in random order; these are sorted. */
export function managedRoles({ cluster }: Collected): Block[] {
  const byStatus = entries(cluster, 'status', 'managedRolesStatus', 'byStatus').toSorted(byName)
  const refused = entries(cluster, 'status', 'managedRolesStatus', 'cannotReconcile').toSorted(byName)
  const open = byStatus.some(
    ([status, roles]) =>
      Array.isArray(roles) && roles.length > 0 && status !== 'reconciled' && status !== 'reserved',
  )
  const title = toned(refused.length > 0 ? 'red' : open ? 'yellow' : 'green', 'Managed roles status')
  if (byStatus.length === 0 && refused.length === 0) return [[[title], ['No roles managed']]]
  return [
    table(
      title,
      ['Status', 'Roles'],
      byStatus.map(([status, roles]) => [status, texts(roles).join(',')]),
    ),
    ...(refused.length === 0
      ? []
      : [
          table(
            toned('red', 'Irreconcilable roles'),
            ['Role', 'Errors'],
            refused.map(([role, errors]) => [role, texts(errors).join(',')]),
          ),
        ]),
  ]
}

export function tablespaces({ cluster }: Collected): Block {
  const states = objects(cluster, 'status', 'tablespacesStatus')
  const tone = states.some(state => text(state, 'error') !== '')
    ? 'red'
    : states.some(state => text(state, 'state') === 'pending')
      ? 'yellow'
      : 'green'
  const title = toned(tone, 'Tablespaces status')
  if (states.length === 0) return [[title], ['No managed tablespaces']]
  const temporary = objects(cluster, 'spec', 'tablespaces')
    .filter(each => flag(each, 'temporary'))
    .map(each => text(each, 'name'))
  return table(
    title,
    ['Tablespace', 'Owner', 'Status', 'Temporary', 'Error'],
    states.map(state => [
      text(state, 'name'),
      text(state, 'owner'),
      text(state, 'state'),
      String(temporary.includes(text(state, 'name'))),
      text(state, 'error'),
    ]),
  )
}

export function podDisruptionBudgets({ podDisruptionBudgets: budgets = [] }: Collected): Block {
  const title = toned('green', 'Pod Disruption Budgets status')
  if (budgets.length === 0) return [[title], ['No active PodDisruptionBudgets found']]
  return table(
    title,
    ['Name', 'Role', 'Expected Pods', 'Current Healthy', 'Minimum Desired Healthy', 'Disruptions Allowed'],
    budgets.map(budget => [
      nameOf(budget),
      text(budget, 'spec', 'selector', 'matchLabels', 'cnpg.io/instanceRole'),
      ...['expectedPods', 'currentHealthy', 'desiredHealthy', 'disruptionsAllowed'].map(field =>
        String(number(budget, 'status', field)),
      ),
    ]),
  )
}

const CAPABILITIES = new Map([
  ['TYPE_BACKUP_SERVICE', 'Backup Service'],
  ['TYPE_RESTORE_JOB', 'Restore Job'],
  ['TYPE_RECONCILER_HOOKS', 'Reconciler Hooks'],
  ['TYPE_WAL_SERVICE', 'WAL Service'],
  ['TYPE_OPERATOR_SERVICE', 'Operator Service'],
  ['TYPE_LIFECYCLE_SERVICE', 'Lifecycle Service'],
  ['TYPE_POSTGRES', 'Postgres Service'],
  ['TYPE_UNSPECIFIED', ''],
])

export function plugins({ cluster }: Collected, verbosity: number): Block {
  const title = toned('green', 'Plugins status')
  const states = objects(cluster, 'status', 'pluginStatus')
  if (states.length === 0) return verbosity > 0 ? [[title], ['No plugins found']] : []
  return table(
    title,
    ['Name', 'Version', 'Status', 'Reported Operator Capabilities'],
    states.map(state => [
      text(state, 'name'),
      text(state, 'version'),
      text(state, 'status') || 'N/A',
      texts(state, 'capabilities')
        .map(capability => CAPABILITIES.get(capability) ?? capability)
        .join(', ') || 'N/A',
    ]),
  )
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
