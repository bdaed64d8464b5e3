const PARAMETER = /;\s*([\w!#$&+.^`|~*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))/g

/**
 * Where the next page is, of a Link header (RFC 8288): several links may stand there, each with parameters in any order.
 * @returns as it is written, relative or not; `undefined`: this is the last page
 */
export function nextLink(header: string): string | undefined {
  const links = /<([^>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)/g
  for (const [, target = '', parameters = ''] of header.matchAll(links)) {
    const relation = [...parameters.matchAll(PARAMETER)].find(([, name]) => name?.toLowerCase() === 'rel')
    const names = (relation?.[2] ?? relation?.[3] ?? '').toLowerCase().split(/\s+/)
    if (names.includes('next')) return target
  }
  return undefined
}
