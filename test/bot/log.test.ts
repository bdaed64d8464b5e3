import { expect, it } from 'vitest'
import { openLog } from '../../bot/log.ts'

it('keeps tokens and payloads out of its lines', () => {
  let written = ''
  const log = openLog('info', { write: line => void (written += line) })
  const token = `ghs_${'x'.repeat(36)}`
  const error = Object.assign(new Error(`https://x-access-token:${token}@github.com failed`), {
    status: 404,
    request: { headers: { authorization: `token ${token}` } },
    event: { payload: { secret: 'the payload' } },
  })
  log.child({ delivery: 'd-1' }).error(error, 'first')
  log.error({ err: error, event: error.event, headers: error.request.headers }, 'second')
  expect(written).not.toContain(token)
  expect(written).not.toContain('the payload')
  const [first] = written.split('\n').map(line => (line === '' ? {} : JSON.parse(line)))
  expect(first).toMatchObject({ level: 'error', delivery: 'd-1', msg: 'first', err: { status: 404 } })
})
