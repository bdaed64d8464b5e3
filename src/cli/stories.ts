import { admit } from './admit.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { render } from './render.ts'
import { review } from './review.ts'
import type { Stories } from './run.ts'
import { schema } from './schema.ts'
import { validate } from './validate.ts'

/** The stories with their real tools. */
export const stories: Stories = { review, render, validate, admit, explain, schema, doctor }
