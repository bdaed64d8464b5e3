import type { Cost } from './measure.ts'

/** Runs of one kind of work: ours, and those of a peer. */
export interface Comparison {
  work: string
  ours: readonly Cost[]
  /** by name; a peer that does not this work has no runs */
  peers: Readonly<Record<string, readonly Cost[]>>
  /** what is asked for, in words */
  target: string
}

const MEASURES = [
  ['wall', 's', 2],
  ['cpu', 's CPU', 2],
  ['peak', 'MiB', 0],
] as const

/** A table of medians, and of ours as a ratio of each peer's. */
export function ratioTable(comparisons: readonly Comparison[]): string {
  const peers = [...new Set(comparisons.flatMap(({ peers: names }) => Object.keys(names)))]
  const rows = [['work', '', 'ours', ...peers.flatMap(peer => [peer, 'ratio']), 'target']]
  for (const { work, ours, peers: byPeer, target } of comparisons)
    for (const [measure, unit, digits] of MEASURES) {
      const mine = median(ours.map(cost => cost[measure]))
      rows.push([
        measure === 'wall' ? work : '',
        unit,
        mine.toFixed(digits),
        ...peers.flatMap(peer => {
          const costs = byPeer[peer] ?? []
          if (costs.length === 0) return ['–', '–']
          const theirs = median(costs.map(cost => cost[measure]))
          return [theirs.toFixed(digits), (mine / theirs).toFixed(2)]
        }),
        measure === 'wall' ? target : '',
      ])
    }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
