/** 'clusters/infra' of './clusters/infra/'; '' for the root; `undefined` where it leads out of the repository. */
export function directoryFrom(text: string): string | undefined {
  if (text.startsWith('/') || text.includes('\\') || text.includes('\0')) return undefined
  const segments = text.split('/').filter(segment => segment !== '' && segment !== '.')
  return segments.includes('..') ? undefined : segments.join('/')
}
