import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The directory of a Go module's sources, fetched and checked against the checksum database by `go mod download`. */
export function download(module: string, version: string): string {
  const empty = mkdtempSync(path.join(tmpdir(), 'catalog-'))
  try {
    const answer = execFileSync(
      process.env['GO'] ?? 'go',
      ['mod', 'download', '-json', `${module}@v${version}`],
      {
        cwd: empty,
        encoding: 'utf8',
        env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    return JSON.parse(answer).Dir
  } finally {
    rmSync(empty, { recursive: true })
  }
}
