/**
 * Compares by number, field by field: 1.9.0 before 1.10.0. For plain versions ('X.Y.Z', 'X.Y'); what is missing counts as 0.
 * @returns negative where `a` is older than `b`
 */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let at = 0; at < 3; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
