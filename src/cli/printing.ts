import type { Output } from './commands.ts'

/** How a command's result is to be printed. */
export interface Printing {
  output: Output
  /** false: --no-color */
  color: boolean
}
