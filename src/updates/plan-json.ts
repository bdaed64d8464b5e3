import { isObject, valueAt, type Json, type JsonObject } from '../manifest/json.ts'
import type { ProposedEdit } from './identity.ts'
import type { HeldReason, OfferedUpdate, UpdatedFile, UpdatePlan, WantedUpdate } from './wanted-update.ts'

/** A plan for the process that carries it out. */
export function writePlan(plan: UpdatePlan): string {
  return JSON.stringify({ version: 1, ...plan, unknown: [...plan.unknown], current: [...plan.current] })
}

/**
 * Reads a plan that another process made, which saw the content of a repository. Only known fields are taken, each of its type.
 * @throws Error naming the first place that is wrong
 */
export function readPlan(text: string): UpdatePlan {
  let value: Json
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('the plan is no JSON')
  }
  if (valueAt(value, 'version') !== 1) throw new Error('the plan is of another version')
  const frozen = valueAt(value, 'frozen')
  const settings = objectAt(value, 'settings')
  return {
    base: text40(value, 'base'),
    wanted: listAt(value, 'wanted').map(wantedFrom),
    offered: listAt(value, 'offered').map((one): OfferedUpdate => ({
      id: textIn(one, 'id'),
      name: textIn(one, 'name'),
      change: textIn(one, 'change'),
    })),
    unknown: pairsAt(value, 'unknown'),
    current: pairsAt(value, 'current'),
    settings: {
      openLimit: numberIn(settings, 'openLimit'),
      hourLimit: numberIn(settings, 'hourLimit'),
      rebase: textIn(settings, 'rebase') === 'conflict' ? 'conflict' : 'behind',
      dashboard: valueAt(settings, 'dashboard') !== false,
    },
    remarks: textsAt(value, 'remarks'),
    complete: valueAt(value, 'complete') === true,
    ...(typeof frozen === 'string' ? { frozen } : {}),
  }
}

const VERDICTS = ['ready', 'attention', 'blocked', 'incomplete'] as const

function wantedFrom(one: Json): WantedUpdate {
  const verdict = objectAt(one, 'verdict')
  const word = textIn(verdict, 'verdict')
  const known = VERDICTS.find(each => each === word)
  if (known === undefined) throw new Error(`${word} is no verdict`)
  return {
    key: textIn(one, 'key'),
    slug: textIn(one, 'slug'),
    name: textIn(one, 'name'),
    change: textIn(one, 'change'),
    to: textIn(one, 'to'),
    classes: textsAt(one, 'classes'),
    edits: listAt(one, 'edits').map(editFrom),
    files: listAt(one, 'files').map((file): UpdatedFile => ({
      path: textIn(file, 'path'),
      before: text40(file, 'before'),
      text: textIn(file, 'text'),
    })),
    title: textIn(one, 'title'),
    text: textIn(one, 'text'),
    labels: textsAt(one, 'labels'),
    held: listAt(one, 'held').map((held): HeldReason => ({
      message: textIn(held, 'message'),
      approvable: valueAt(held, 'approvable') === true,
    })),
    verdict: { verdict: known, title: textIn(verdict, 'title'), summary: textIn(verdict, 'summary') },
    automerge: valueAt(one, 'automerge') === true,
    priority: numberIn(one, 'priority'),
  }
}

function editFrom(one: Json): ProposedEdit {
  return {
    path: textIn(one, 'path'),
    document: numberIn(one, 'document'),
    pointer: listAt(one, 'pointer').map(step => {
      if (typeof step !== 'string' && typeof step !== 'number') throw new Error('a pointer has another step')
      return step
    }),
    from: textIn(one, 'from'),
    to: textIn(one, 'to'),
  }
}

function textIn(value: Json, name: string): string {
  const found = valueAt(value, name)
  if (typeof found !== 'string') throw new Error(`${name} is no text`)
  return found
}

function text40(value: Json, name: string): string {
  const found = textIn(value, name)
  if (!/^[0-9a-f]{40}$/.test(found)) throw new Error(`${name} is no id of git`)
  return found
}

function numberIn(value: Json, name: string): number {
  const found = valueAt(value, name)
  if (typeof found !== 'number') throw new Error(`${name} is no number`)
  return found
}

function listAt(value: Json, name: string): Json[] {
  const found = valueAt(value, name)
  if (!Array.isArray(found)) throw new Error(`${name} is no list`)
  return found
}

function objectAt(value: Json, name: string): JsonObject {
  const found = valueAt(value, name)
  if (!isObject(found)) throw new Error(`${name} is no object`)
  return found
}

function textsAt(value: Json, name: string): string[] {
  return listAt(value, name).map(one => {
    if (typeof one !== 'string') throw new Error(`${name} has something else than texts`)
    return one
  })
}

function pairsAt(value: Json, name: string): Map<string, string> {
  return new Map(
    listAt(value, name).map((pair): [string, string] => {
      const [key, text] = [valueAt(pair, 0), valueAt(pair, 1)]
      if (typeof key !== 'string' || typeof text !== 'string')
        throw new Error(`${name} has no pairs of texts`)
      return [key, text]
    }),
  )
}
