import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packagedTools } from '../src/adapters/packaged-tools.ts'
import { cacheDirectory, whichProgram } from '../src/adapters/tools.ts'

/**
 * vitest's global setup: where PATH has no kustomize or helm, those of the npm package stand there for the tests, so that
 * `npm ci && npm test` needs nothing installed. The package has kubectl, whose `kustomize` command is the same library.
 */
export default async function toolsOnPath(): Promise<(() => Promise<void>) | undefined> {
  if (has('kustomize') && has('helm')) return undefined
  const packaged = await packagedTools({ cache: path.join(cacheDirectory(process.env), 'tools') })
  if (packaged === undefined) return undefined
  const directory = await mkdtemp(path.join(tmpdir(), 'cnpg-steward-tools-'))
  if (!has('helm')) await symlink(packaged.helm, path.join(directory, 'helm'))
  if (!has('kustomize')) {
    const kubectl = `'${packaged.kubectl}'`
    const script = `#!/bin/sh
case "$1" in
  version) ${kubectl} version --client | sed -n 's/^Kustomize Version: //p' ;;
  *) shift; exec ${kubectl} kustomize "$@" ;;
esac
`
    await writeFile(path.join(directory, 'kustomize'), script)
    await chmod(path.join(directory, 'kustomize'), 0o755)
  }
  process.env.PATH = `${directory}${path.delimiter}${process.env.PATH ?? ''}`
  return async () => await rm(directory, { recursive: true, force: true })
}

function has(name: string): boolean {
  return whichProgram(name, process.env.PATH) !== undefined
}
