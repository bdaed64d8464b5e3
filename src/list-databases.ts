import { isObject, textAt, valueAt, type Json } from './manifest/json.ts'
import type { KubernetesReader } from './status/reader.ts'
import { databasesRequest } from './status/requests.ts'

export interface DatabaseName {
  namespace: string
  name: string
}

/**
 * The databases of a cluster, in order of their names.
 * @param namespaces absent: all
 * @returns those, and what could not be listed, with the permission
 */
export async function listDatabases(
  reader: KubernetesReader,
  namespaces: readonly string[] | undefined,
  deadlineMs: number,
): Promise<{ databases: DatabaseName[]; unread: string[] }> {
  const wanted: readonly (string | undefined)[] = namespaces ?? [undefined]
  const lists = await Promise.all(
    wanted.map(async namespace => {
      const { path, permission } = databasesRequest(namespace)
      const answer = await reader.get(path, deadlineMs)
      const where = namespace === undefined ? 'in all namespaces' : `in ${namespace}`
      const lost = (why: string) => ({
        databases: [],
        unread: [`The databases ${where} could not be listed: ${why}.`],
      })
      if ('problem' in answer) return lost(answer.message)
      // of a namespace that is not there the list is empty: what is not there is the kind
      if (answer.status === 404)
        return lost('the API server does not know the kind; the operator is not installed')
      if (answer.status === 403 || answer.status === 401)
        return lost(`the permission \`${permission}\` is missing`)
      const items = itemsOf(answer.body)
      if (answer.status !== 200 || items === undefined) return lost(`HTTP ${answer.status}`)
      return {
        databases: items.flatMap(item => {
          const name = textAt(item, 'metadata', 'name')
          const within = textAt(item, 'metadata', 'namespace')
          return name === undefined || within === undefined ? [] : [{ namespace: within, name }]
        }),
        unread: [],
      }
    }),
  )
  const key = ({ namespace, name }: DatabaseName) => `${namespace}/${name}`
  return {
    databases: lists.flatMap(({ databases }) => databases).toSorted((a, b) => (key(a) < key(b) ? -1 : 1)),
    unread: lists.flatMap(({ unread }) => unread),
  }
}

function itemsOf(body: string): Json[] | undefined {
  try {
    const value: Json = JSON.parse(body)
    const items = isObject(value) ? valueAt(value, 'items') : undefined
    return Array.isArray(items) ? items : undefined
  } catch {
    return undefined
  }
}
