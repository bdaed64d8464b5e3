import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execute } from '../src/adapters/exec.ts'
import type { KustomizeBuild } from '../src/render/tools.ts'

/** The real kustomize for tests of other parts, without the guards of src/adapters/kustomize.ts. */
export async function kustomizeForTests(command: string): Promise<KustomizeBuild> {
  return {
    version: 'kustomize of the tests',
    build: async ({ files, directory, enableHelm }) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'cnpg-steward-test-'))
      try {
        for (const [file, content] of files) {
          mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
          writeFileSync(path.join(folder, file), content)
        }
        const args = [
          'build',
          path.join(folder, directory),
          ...(enableHelm === true ? ['--enable-helm'] : []),
        ]
        const environment = { PATH: process.env.PATH ?? '', HOME: folder, HTTPS_PROXY: 'http://127.0.0.1:9' }
        const result = await execute(command, args, {
          cwd: folder,
          env: environment,
          timeoutMs: 30_000,
          maxOutput: 1e8,
        })
        if (result.code === 0) return { ok: true, yaml: result.stdout.toString('utf8') }
        return { ok: false, error: { ruleId: 'render-kustomize', message: result.stderr.trim() } }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}
