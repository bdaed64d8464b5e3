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
