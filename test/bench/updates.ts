import { parseArgs } from 'node:util'
import { unmovedRepository } from '../many-references.ts'

/**
 * What a pass over a repository costs in which nothing moved: requests by method, and time, from a registry on the loopback.
 * Usage: node test/bench/updates.ts [--references 300] [--images 300]
 */
const { values } = parseArgs({
  options: { references: { type: 'string', default: '300' }, images: { type: 'string', default: '300' } },
})
const [references, images] = [Number(values.references), Number(values.images)]
const repository = await unmovedRepository(references, images)
for (const pass of ['first', 'second']) {
  const before = repository.requests.length
  const started = performance.now()
  const { updates } = await repository.pass()
  const seconds = ((performance.now() - started) / 1000).toFixed(2)
  const made = repository.requests.slice(before)
  const count = (method: string) => made.filter(request => request.startsWith(`${method} `)).length
  process.stdout.write(
    `${pass} pass: ${updates.length} references of ${images} images in ${seconds} s, ${count('HEAD')} HEAD, ${count('GET')} GET\n`,
  )
}
repository.stop()
