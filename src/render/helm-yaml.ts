import { parseAllDocuments } from 'yaml'
import type { Json } from '../manifest/json.ts'

/**
 * Reads YAML as sigs.k8s.io/yaml does, through which helm and helm-controller read values and manifests: YAML 1.1
 * without base-60 numbers and times, keys turned into strings (`n: 1` has the key 'false'), the last of equal keys
 * wins. Later documents of the text are not read.
 * @throws Error with the first problem in one line
 */
export function readHelmYaml(text: string): Json {
  const [document] = parseAllDocuments(text, {
    version: '1.1',
    schema: 'yaml-1.1',
    customTags: tags =>
      tags.filter(tag => typeof tag === 'string' || !UNREAD_TAGS.has(tag.tag + tagFormat(tag))),
    uniqueKeys: false,
    merge: true,
    prettyErrors: true,
    logLevel: 'silent',
  })
  if (document === undefined) return null
  const [error] = document.errors
  if (error !== undefined) throw new Error((error.message.split('\n')[0] ?? '').replace(/:$/, ''))
  return toJson(document.toJS({ mapAsMap: true, maxAliasCount: 1000 }))
}

// go-yaml knows neither base 60 nor !!timestamp without a tag, nor sets and ordered maps (goyaml.v2 resolve.go)
const UNREAD_TAGS = new Set([
  'tag:yaml.org,2002:timestamp',
  'tag:yaml.org,2002:int/TIME',
  'tag:yaml.org,2002:float/TIME',
])

function tagFormat(tag: object): string {
  return 'format' in tag && tag.format === 'TIME' ? '/TIME' : ''
}

function toJson(value: unknown): Json {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, inner]) => [keyText(key), toJson(inner)]))
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return null
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? key : JSON.stringify(toJson(key))
}
