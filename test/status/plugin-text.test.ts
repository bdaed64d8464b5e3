import { describe, expect, it } from 'vitest'
import { pluginText } from '../../src/report/plugin-text/plugin-text.ts'
import { normalForm } from './normal-form.ts'
import { recording, recordings, type Recording } from './recordings.ts'
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

describe('what no recording shows', async () => {
  const { status } = await replay()

  // each seen with the real plugin 1.28.0 against the same answers
  it.each<[string, (recorded: Recording) => void, string]>([
    [
      'a promotion time without fractions',
      ({ cluster }) =>
        Object.assign(Object(cluster.status), { currentPrimaryTimestamp: '2026-11-22T21:30:31Z' }),
      'Primary promotion time:\terror: parsing time "2026-11-22T21:30:31Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    ],
    [
      'a text that is no JSON',
      recorded => {
        recorded['pg-status'] = {
          'postgres-1': { httpStatus: 502, contentType: 'text/html', body: '<html>"bad"\n gateway</html>' },
        }
      },
      'pods/proxy: an error on the server ("<html>\\"bad\\"\\n gateway</html>") has prevented the request from succeeding (get pods https:postgres-1:8000)',
    ],
    [
      'roles that cannot be made',
      ({ cluster }) =>
        Object.assign(Object(cluster.status), {
          managedRolesStatus: {
            byStatus: { reconciled: ['b', 'a'] },
            cannotReconcile: { bad: ['no such role'] },
          },
        }),
      'Irreconcilable roles\nRole\tErrors\n-\nbad\tno such role\n',
    ],
  ])('%s', async (_what, change, expected) => {
    const recorded = recording('01-healthy')
    change(recorded)
    const { collected } = await status(recorded)
    expect(normalForm(pluginText(collected, 1))).toContain(expected)
  })
})
