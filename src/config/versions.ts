/** Reads the minor of Flux: '2.9' of '2.9', 'v2.9.2'. `undefined`: no version of Flux 2. */
export function fluxMinor(text: string): string | undefined {
  return /^v?(2\.\d+)(\.\d+)?$/.exec(text)?.[1]
}

/** Reads a version of Kubernetes in full: '1.35.0' of '1.35', 'v1.35.0'. */
export function kubernetesRelease(text: string): string | undefined {
  const [, minor, patch = '.0'] = /^v?(1\.\d+)(\.\d+)?$/.exec(text) ?? []
  return minor === undefined ? undefined : minor + patch
}

/** Reads a version of the operator: '1.28.0' of 'v1.28.0', or 'main'. */
export function operatorRelease(text: string): string | undefined {
  return text === 'main' ? text : /^v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(text)?.[1]
}
