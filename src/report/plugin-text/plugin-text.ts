import type { Collected } from '../../status/collected.ts'
import { instancesOf, isHibernated, primaryPodName, type Instance } from '../../status/instances.ts'
import { continuousBackup } from './backup.ts'
import { linesOf, toned, type Block, type Paint } from './block.ts'
import { certificates, managedRoles, plugins, podDisruptionBudgets, tablespaces } from './objects.ts'
import {
  instancesTable,
  physicalBackups,
  streamingReplication,
  unmanagedReplicationSlots,
} from './replication.ts'
import { hibernation, summary } from './summary.ts'
import { demotionToken, promotionToken } from './tokens.ts'

/**
 * What `kubectl cnpg status` of plugin 1.28 prints, in its order, without what needs exec (size, configuration, HBA rules).
 * @param verbosity how many -v: 0, 1 or 2
 * @returns lines, the heading first; ends with one line feed
 */
export function pluginText(
  collected: Collected,
  verbosity: number,
  paint: Paint = (_, text) => text,
): string {
  const instances = instancesOf(collected)
  const blocks: Block[] = [
    summary(collected, instances),
    hibernation(collected),
    demotionToken(collected, instances),
    promotionToken(collected, instances),
    ...(verbosity > 1 ? [certificates(collected)] : []),
    ...(isHibernated(collected.cluster) ? [] : running(collected, instances, verbosity)),
    plugins(collected, verbosity),
    errors(collected, instances, verbosity),
  ]
  return `${blocks
    .filter(block => block.length > 0)
    .map(block => linesOf(block, paint).join('\n'))
    .join('\n\n')}\n`
}

function running(collected: Collected, instances: readonly Instance[], verbosity: number): Block[] {
  return [
    continuousBackup(collected, instances),
    physicalBackups(collected, instances, verbosity),
    streamingReplication(collected, instances, verbosity),
    ...(verbosity > 0
      ? [
          unmanagedReplicationSlots(collected, instances),
          ...managedRoles(collected),
          tablespaces(collected),
          podDisruptionBudgets(collected),
        ]
      : []),
    instancesTable(collected, instances),
  ]
}

/** What the plugin could not read of what it reads: Pods, instances, PodDisruptionBudgets, in this order. */
function errors({ unread }: Collected, instances: readonly Instance[], verbosity: number): Block {
  const of = (what: string) => unread.filter(each => each.what === what).map(({ message }) => message)
  const failed = instances.flatMap(({ answer }) => {
    if ('body' in answer) return []
    return answer.problem === 'not-json'
      ? ["can't parse pod output"]
      : [
          `failed to get status by proxying to the pod, you might lack permissions to get pods/proxy: ${answer.message}`,
        ]
  })
  // without a primary Pod its two files are not even asked for (pkg/utils/exec.go ExecCommand)
  const files = verbosity > 1 && primaryPodName(instances) === '' ? Array(2).fill('container not found') : []
  const lines = [...of('pods'), ...failed, ...of('poddisruptionbudgets'), ...files]
  if (lines.length === 0) return []
  const title = 'Error(s) extracting status'
  return [[toned('red', title)], ['-'.repeat(title.length)], ...lines.map(line => [line])]
}
