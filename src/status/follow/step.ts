import type { Unreadable } from './observation.ts'

/**
 * `waits`: under way, or its turn has not come; `in-the-way`: it will not go on without somebody, though it may;
 * `done`; `overtaken`: a later commit wants something else by now; `late`: its time is over.
 */
export type StepState = 'waits' | 'done' | 'in-the-way' | 'overtaken' | 'late'

export interface Step {
  /** 'GitRepository flux-system/flux-system', 'Kustomization flux-system/apps', 'databases/postgres' */
  name: string
  state: StepState
  /** what is seen, one sentence */
  message: string
  repair?: string
}

/** The step of what could not be read: nothing is known of it, which is never fine. */
export function unreadStep(name: string, why: Unreadable | undefined, otherwise: string): Step {
  if (why === undefined) return { name, state: 'waits', message: otherwise }
  const { message, repair } = why
  return {
    name,
    state: repair === undefined ? 'waits' : 'in-the-way',
    message,
    ...(repair === undefined ? {} : { repair }),
  }
}
