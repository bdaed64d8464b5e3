import { afterAll } from 'vitest'
import { findAccess } from '../../src/adapters/kubeconfig.ts'
import { KubernetesApi } from '../../src/adapters/kubernetes-api.ts'
import { openParameterCatalogs } from '../../src/adapters/parameter-catalogs.ts'
import { reportStatus } from '../../src/report-status.ts'
import type { DatabaseStatus } from '../../src/status/database-status.ts'
import { temporaryDirectory } from '../temporary.ts'
import { serveRecording, type ApiServer, type Serving } from './api-server.ts'
import { recording, type Recording } from './recordings.ts'

export interface Replay {
  server: ApiServer
  serving: Serving
  /** the status that is reported when the API server answers as recorded, as of the recording's time */
  status: (recorded: Recording, forbidden?: Serving['forbidden']) => Promise<DatabaseStatus>
}

/** One API server over HTTPS for a file of tests, which answers with one recording after another. */
export async function replay(): Promise<Replay> {
  const serving: Serving = { recording: recording('01-healthy') }
  const server = await serveRecording(serving)
  using directory = temporaryDirectory({ config: server.kubeconfig })
  const api = new KubernetesApi(findAccess({ kubeconfig: 'config', env: {}, cwd: directory.path }))
  const catalogs = openParameterCatalogs()
  afterAll(async () => {
    api.close()
    await server[Symbol.asyncDispose]()
  })
  return {
    server,
    serving,
    async status(recorded, forbidden) {
      serving.recording = recorded
      serving.forbidden = forbidden ?? (() => false)
      const { namespace, name, at } = recorded
      return await reportStatus(
        { namespace, name, at: new Date(at), instanceDeadlineMs: 2000 },
        { reader: api, catalogs, now: () => new Date(at) },
      )
    },
  }
}
