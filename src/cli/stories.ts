import { doctor } from './doctor.ts'
import { CannotJudge, type Stories } from './run.ts'

/** The stories with their real tools. */
export const stories: Stories = {
  review: notBuilt,
  render: notBuilt,
  validate: notBuilt,
  explain: notBuilt,
  schema: notBuilt,
  doctor,
}

async function notBuilt({ command }: { command: string }): Promise<never> {
  return await Promise.reject(new CannotJudge(`${command} is being built.`, 'Use a later version.'))
}
