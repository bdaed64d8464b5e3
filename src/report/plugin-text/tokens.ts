import { TOKEN_FIELDS } from '../../cnpg/admission/promotion-token.ts'
import { isObject, type Json } from '../../manifest/json.ts'
import type { Collected } from '../../status/collected.ts'
import { text } from '../../status/fields.ts'
import { primaryInstance, type Instance } from '../../status/instances.ts'
import { toned, type Block, type Cell } from './block.ts'

// status.go printDemotionTokenInfo, printPromotionTokenInfo; pkg/utils/parser.go of CloudNativePG 1.28.0.

export function demotionToken(collected: Collected, instances: readonly Instance[]): Block {
  const token = text(collected.cluster, 'status', 'demotionToken')
  return token === '' ? [] : [[toned('green', 'Demotion token')], ...tokenLines(token, collected, instances)]
}

/** Of a replica cluster, until it was used. */
export function promotionToken(collected: Collected, instances: readonly Instance[]): Block {
  const { cluster } = collected
  const token = text(cluster, 'spec', 'replica', 'promotionToken')
  return token === '' || token === text(cluster, 'status', 'lastPromotionToken')
    ? []
    : [[toned('green', 'Promotion token')], ...tokenLines(token, collected, instances)]
}

function tokenLines(token: string, { cluster }: Collected, instances: readonly Instance[]): Cell[][] {
  const content = decoded(token)
  if (typeof content === 'string')
    return [['Token', `${token} (invalid format: invalid promotion token (${content}))`]]
  const missing = TOKEN_FIELDS.find(([field]) => text(content, field) === '')
  if (missing !== undefined)
    return [
      ['Token', token],
      ['Validity', toned('red', `not valid: invalid promotion token (${missing[1]} is empty)`)],
    ]
  const primary = primaryInstance(instances, cluster)
  const identifier = text(content, 'databaseSystemIdentifier')
  const check =
    primary === undefined
      ? '(no primary have been found)'
      : identifier === text(primary.status, 'systemID')
        ? '(ok)'
        : '(invalid)'
  return [
    ['Token', token],
    ['Validity', toned('green', 'valid')],
    ["Latest checkpoint's TimeLineID", text(content, 'latestCheckpointTimelineID')],
    ["Latest checkpoint's REDO WAL file", text(content, 'redoWalFile')],
    ["Latest checkpoint's REDO location", text(content, 'latestCheckpointREDOLocation')],
    ['Database system identifier', toned(check === '(ok)' ? 'green' : 'red', `${identifier} ${check}`)],
    ['Time of latest checkpoint', text(content, 'timeOfLatestCheckpoint')],
    ['Version of the operator', text(content, 'operatorVersion')],
  ]
}

/** The token's content, or the reason why it has none. */
function decoded(token: string): Json | string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(token) || token.length % 4 !== 0) return 'Base64 decoding failed'
  try {
    const content: Json = JSON.parse(Buffer.from(token, 'base64').toString('utf8'))
    return isObject(content) ? content : 'JSON decoding failed'
  } catch {
    return 'JSON decoding failed'
  }
}
