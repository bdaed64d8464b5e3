const SECONDS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 }

/**
 * Reads a duration of Flux's objects in seconds: 1h30m, 500ms (the pattern of its CRDs).
 * @returns undefined for what is none
 */
export function fluxSeconds(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, count = '0', unit = 's']) => sum + Number(count) * (SECONDS[unit] ?? 1),
    0,
  )
}
