import { describe, expect, it } from 'vitest'
import { pluginText } from '../../src/report/plugin-text/plugin-text.ts'
import { normalForm } from './normal-form.ts'
import { recordings } from './recordings.ts'
import { replay } from './replay.ts'

const printed = Object.entries(recordings).filter(([, { text }]) => text !== undefined)

describe('the text of kubectl cnpg status 1.28, from the recorded API over HTTPS', async () => {
  const { status } = await replay()

  it.each(printed)('%s', async (_state, recorded) => {
    const { collected } = await status(recorded)
    for (const verbosity of [0, 1, 2]) {
      const own = pluginText(collected, verbosity)
      expect(normalForm(own)).toBe(recorded.text?.[verbosity])
      expect(own).toMatch(/^(Replica )?Cluster Summary\n/)
    }
  })
})
