import { MAX_SOURCE_BYTES } from '../manifest/source-file.ts'
import type { CrdSource, NoSource } from './crd-sources.ts'
import { Outbound, OutboundError } from './outbound.ts'

/** Fetches an https address of the public internet without credentials, up to 10 MiB. @param word as the person gave it */
export async function downloadCrds(
  word: string,
  outbound: Outbound = new Outbound(),
): Promise<CrdSource[] | NoSource> {
  const url = URL.canParse(word) ? new URL(word) : undefined
  // a log keeps what is printed
  const name = word.replace(/^([^/]+\/\/)[^/]*@/, '$1…@')
  const refuse = (message: string, repair: string): NoSource => ({ name, message, repair })
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    return refuse(
      'Only https addresses without credentials are fetched.',
      'Download it, and import the file.',
    )
  try {
    const { status, headers, body } = await outbound.request(url, { maxBytes: MAX_SOURCE_BYTES })
    if (status !== 200) return refuse(`${url.host} answers ${status}.`, 'Correct the address.')
    if (/^text\/html\b/i.test(headers.get('content-type') ?? ''))
      return refuse(
        `${url.host} answers with a web page.`,
        'Give the address of the file itself (on GitHub: the one behind "Raw").',
      )
    return [{ name: word, bytes: body }]
  } catch (error) {
    if (error instanceof OutboundError)
      return refuse(`${error.message}.`, 'Download it, and import the file.')
    throw error
  }
}
