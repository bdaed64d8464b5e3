import type { Stories } from './run.ts'

/** The stories with their real tools. Each loads its own when it is told: a start costs what the one command needs. */
export const stories: Stories = {
  review: async (command, context) => await (await import('./review.ts')).review(command, context),
  render: async (command, context) => await (await import('./render.ts')).render(command, context),
  validate: async (command, context) => await (await import('./validate.ts')).validate(command, context),
  admit: async (command, context) => await (await import('./admit.ts')).admit(command, context),
  status: async (command, context) => await (await import('./status.ts')).status(command, context),
  updates: async (command, context) => await (await import('./updates.ts')).updates(command, context),
  explain: async (command, context) => await (await import('./explain.ts')).explain(command, context),
  schema: async (command, context) => await (await import('./schema.ts')).schema(command, context),
  doctor: async (command, context) => await (await import('./doctor.ts')).doctor(command, context),
}
