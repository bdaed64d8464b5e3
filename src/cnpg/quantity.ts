const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/**
 * A Kubernetes quantity as a number, exact enough to tell larger from smaller (k8s.io/apimachinery, api/resource).
 * @returns undefined where it is none
 */
export function readQuantity(text: string): number | undefined {
  const match = /^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:[eE]([+-]?[0-9]+)|([numkMGTPE]i?|Ki)?)$/.exec(text)
  if (match === null) return undefined
  const [, number = '', exponent, suffix = ''] = match
  if (exponent !== undefined) return Number(number) * 10 ** Number(exponent)
  const factor = Object.hasOwn(FACTORS, suffix) ? FACTORS[suffix] : undefined
  return factor === undefined ? undefined : Number(number) * factor
}
