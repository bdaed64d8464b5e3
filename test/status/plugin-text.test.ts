import { afterAll, describe, expect, it } from 'vitest'
import { KubernetesApi } from '../../src/adapters/kubernetes-api.ts'
import { findAccess } from '../../src/adapters/kubeconfig.ts'
import { collectStatus } from '../../src/collect-status.ts'
import { pluginText } from '../../src/report/plugin-text/plugin-text.ts'
import { temporaryDirectory } from '../temporary.ts'
import { serveRecording, type Serving } from './api-server.ts'
import { normalForm } from './normal-form.ts'
import { recording, recordings } from './recordings.ts'

const printed = Object.entries(recordings).filter(([, { text }]) => text !== undefined)

describe('the text of kubectl cnpg status 1.28, from the recorded API over HTTPS', async () => {
  const serving: Serving = { recording: recording('01-healthy') }
  const server = await serveRecording(serving)
  const directory = temporaryDirectory({ config: server.kubeconfig })
  const api = new KubernetesApi(findAccess({ kubeconfig: 'config', env: {}, cwd: directory.path }))
  afterAll(async () => {
    api.close()
    directory[Symbol.dispose]()
    await server[Symbol.asyncDispose]()
  })

  it.each(printed)('%s', async (_state, recorded) => {
    serving.recording = recorded
    const { namespace, name, at, text } = recorded
    const collected = await collectStatus({ namespace, name }, api, () => new Date(at))
    for (const verbosity of [0, 1, 2]) {
      const own = pluginText(collected, verbosity)
      expect(normalForm(own)).toBe(text?.[verbosity])
      expect(own).toMatch(/^(Replica )?Cluster Summary\n/)
    }
  })
})
