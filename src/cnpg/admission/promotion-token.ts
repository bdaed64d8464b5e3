import { isObject, type Json } from '../../manifest/json.ts'

/**
 * The names of a promotion token's texts, in its JSON and in what is said of them.
 * Source: pkg/utils/parser.go ParsePgControldataToken and PgControldataTokenContent.IsValid.
 */
export const TOKEN_FIELDS = [
  ['latestCheckpointTimelineID', 'LatestCheckpointTimelineID'],
  ['redoWalFile', 'REDOWALFile'],
  ['databaseSystemIdentifier', 'DatabaseSystemIdentifier'],
  ['latestCheckpointREDOLocation', 'LatestCheckpointREDOLocation'],
  ['timeOfLatestCheckpoint', 'TimeOfLatestCheckpoint'],
  ['operatorVersion', 'OperatorVersion'],
] as const

/** What is wrong with a promotion token: Base64 of JSON with six texts, none empty. */
export function promotionTokenError(token: string): string | undefined {
  // base64.StdEncoding: padded, line breaks are skipped
  const text = token.replaceAll(/[\r\n]/g, '')
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    return format('Base64 decoding failed')
  let content: Json
  try {
    content = JSON.parse(Buffer.from(text, 'base64').toString('utf8'))
  } catch {
    return format('JSON decoding failed')
  }
  if (content === null) content = {}
  if (!isObject(content)) return format('JSON decoding failed')
  // encoding/json does not tell upper from lower case in names; the last one given counts
  const given = new Map(Object.entries(content).map(([name, value]) => [name.toLowerCase(), value]))
  const values = TOKEN_FIELDS.map(([name]) => given.get(name.toLowerCase()) ?? '')
  if (values.some(value => typeof value !== 'string')) return format('JSON decoding failed')
  const empty = TOKEN_FIELDS[values.indexOf('')]
  return empty === undefined
    ? undefined
    : `Invalid promotionToken content: invalid promotion token (${empty[1]} is empty)`
}

function format(reason: string): string {
  return `Invalid promotionToken format: invalid promotion token (${reason})`
}
