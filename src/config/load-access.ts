import { LineCounter, parseDocument } from 'yaml'
import { isObject, textAt, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import { nearName } from '../manifest/near-name.ts'
import type { AccessConfig, AccessEntry, Ask, MappedCluster, RepositoryAccess } from './access.ts'
import schema from './access.schema.json' with { type: 'json' }
import { offsetOf } from './offset-of.ts'
import { fieldOf, schemaProblems, type Path } from './schema-problems.ts'

/** Something that is wrong in the file. */
export interface AccessFault {
  line: number
  message: string
  repair: string
}

const WAYS = 'Give one of: kubeconfig; inCluster: true; server with ca and tokenFile.'

/**
 * Parses the file of accesses. What a cluster or a repository is called is checked here; whether a file can be read or a
 * context is there is the adapter's to say.
 * @returns the configuration, or everything that is wrong with it, in the order of the file
 */
export function loadAccess(text: string): { config: AccessConfig } | { faults: AccessFault[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line)
  if (document.errors.length > 0)
    return {
      faults: document.errors.map(({ message, pos }) => ({
        line: lineAt(pos[0]),
        message: `${message.split(' at line ')[0] ?? ''}.`,
        repair: 'Mend the YAML.',
      })),
    }
  const faults: AccessFault[] = []
  const lineOf = (path: Path) => lineAt(offsetOf(document, path))
  const report = (path: Path, message: string, repair: string): void => {
    faults.push({ line: lineOf(path), message, repair })
  }
  let value: Json
  try {
    value = document.toJS({ maxAliasCount: 50 })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { faults: [{ line: 1, message, repair: 'Write the values out, without aliases.' }] }
  }
  for (const { path, message, repair } of schemaProblems(value, schema)) report(path, message, repair)
  if (faults.length > 0 || !isObject(value)) return { faults: inOrder(faults) }
  const access = entriesOf(value.access).map(([name, entry]): [string, AccessEntry] => {
    const way = wayOf(entry, lineOf(['access', name]))
    if (way === undefined) {
      const given = isObject(entry) ? Object.keys(entry) : []
      const has = given.length === 0 ? 'nothing' : given.join(', ')
      report(['access', name], `${fieldOf(['access', name])} has ${has}: that is no way to a cluster.`, WAYS)
    }
    return [name, way ?? { line: 0, kind: 'in-cluster' }]
  })
  const names = access.map(([name]) => name)
  const repositories = entriesOf(value.repositories).map(([repository, entry]): RepositoryAccess => {
    if (!/^[^/\s]+\/[^/\s]+$/.test(repository))
      report(['repositories', repository], `${repository} names no repository.`, 'Write OWNER/NAME.')
    const clusters = entriesOf(valueAt(entry, 'clusters')).map(([name, cluster]): MappedCluster => {
      const mapped = mappedFrom(name, cluster)
      if (!names.includes(mapped.access)) {
        const path = ['repositories', repository, 'clusters', name]
        const near = nearName(mapped.access, names)
        report(
          textAt(cluster, 'access') === undefined ? path : [...path, 'access'],
          `There is no ${mapped.access} under \`access\`.`,
          near === undefined
            ? names.length === 0
              ? 'Add it there.'
              : `There are: ${names.join(', ')}.`
            : `Did you mean ${near}?`,
        )
      }
      return mapped
    })
    return { repository, clusters, ask: askFrom(valueAt(entry, 'ask')) }
  })
  const known = new Set<string>()
  for (const { repository } of repositories) {
    if (known.has(repository.toLowerCase()))
      report(['repositories', repository], `${repository} is there twice.`, 'Put its clusters together.')
    known.add(repository.toLowerCase())
  }
  const deadlines = entriesOf(value.deadlines).map(([impact, duration]): [string, number] => [
    impact,
    typeof duration === 'string' ? millisecondsOf(duration) : 0,
  ])
  return faults.length > 0
    ? { faults: inOrder(faults) }
    : {
        config: {
          access: Object.fromEntries(access),
          repositories,
          deadlines: Object.fromEntries(deadlines),
        },
      }
}

function inOrder(faults: readonly AccessFault[]): AccessFault[] {
  return faults.toSorted((a, b) => a.line - b.line)
}

function entriesOf(value: Json | undefined): [string, Json][] {
  return isObject(value) ? Object.entries(value) : []
}

/** @returns `undefined` where it is none, or two */
function wayOf(entry: Json, line: number): AccessEntry | undefined {
  const given = new Set(isObject(entry) ? Object.keys(entry) : [])
  const only = (...keys: string[]) => [...given].every(key => keys.includes(key))
  const text = (key: string) => textAt(entry, key) ?? ''
  if (given.has('kubeconfig') && only('kubeconfig', 'context', 'allowExec')) {
    const context = textAt(entry, 'context')
    return {
      line,
      kind: 'kubeconfig',
      file: text('kubeconfig'),
      allowExec: valueAt(entry, 'allowExec') === true,
      ...(context === undefined ? {} : { context }),
    }
  }
  if (given.has('inCluster') && only('inCluster')) return { line, kind: 'in-cluster' }
  if (['server', 'ca', 'tokenFile'].every(key => given.has(key)) && given.size === 3)
    return { line, kind: 'token', server: text('server'), ca: text('ca'), tokenFile: text('tokenFile') }
  return undefined
}

function mappedFrom(name: string, cluster: Json): MappedCluster {
  const [branch, source] = [textAt(cluster, 'branch'), textAt(cluster, 'source')]
  const namespaces = valueAt(cluster, 'namespaces')
  return {
    name,
    access: textAt(cluster, 'access') ?? name,
    ...(branch === undefined ? {} : { branch }),
    ...(Array.isArray(namespaces) ? { namespaces: textsOf(namespaces) } : {}),
    ...(source === undefined ? {} : { source }),
  }
}

function askFrom(value: Json | undefined): Ask {
  const ask: JsonObject = isObject(value) ? value : {}
  const [users, teams] = [textsOf(ask.users), textsOf(ask.teams)]
  const { permission } = ask
  const named = PERMISSIONS.find(each => each === permission)
  const standard = users.length + teams.length === 0 ? 'triage' : undefined
  const needed = named ?? standard
  return { users, teams, ...(needed === undefined ? {} : { permission: needed }) }
}

const PERMISSIONS = ['read', 'triage', 'write', 'maintain', 'admin'] as const

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}

/** '1h30m' */
function millisecondsOf(duration: string): number {
  const part = (unit: string) => Number(new RegExp(`(\\d+)${unit}`).exec(duration)?.[1] ?? 0)
  return ((part('h') * 60 + part('m')) * 60 + part('s')) * 1000
}
