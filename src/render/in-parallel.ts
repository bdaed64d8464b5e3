// Builds are processes; beyond the cores of a runner more at once only cost memory.
export const PARALLEL = 2

/** Runs `work` over items, at most `limit` at once, in order of start. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  await Promise.all(
    Array.from({ length: Math.min(limit, items.length) }, async () => {
      for (const item of waiting) await work(item)
    }),
  )
}
