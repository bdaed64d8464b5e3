const strict = new TextDecoder('utf-8', { fatal: true })
const lenient = new TextDecoder()

// what nearly all paths are: ASCII, and no segment begins with a dot
const PLAIN = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/

/** A path as bytes → what a tree can name: slashes, relative, below its root, UTF-8. */
export function treePath(bytes: Uint8Array): { path: string; usable: boolean } {
  const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (PLAIN.test(plain)) return { path: plain, usable: true }
  let path: string
  try {
    path = strict.decode(bytes)
  } catch {
    return { path: lenient.decode(bytes), usable: false }
  }
  // git fsck refuses such entries, git ls-tree prints them: a crafted tree must not write outside a directory later
  const usable = path
    .split('/')
    .every(
      segment => segment !== '' && segment !== '.' && segment !== '..' && segment.toLowerCase() !== '.git',
    )
  return { path, usable }
}

/** Splits the output of a git command run with -z. */
export function* splitAtNul(output: Buffer): Generator<Buffer> {
  let start = 0
  while (start < output.byteLength) {
    const end = output.indexOf(0, start)
    yield output.subarray(start, end === -1 ? undefined : end)
    if (end === -1) return
    start = end + 1
  }
}
