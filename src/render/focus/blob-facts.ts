/**
 * What the text of one file tells about how it hangs together with others, without parsing it: parsing every file of a
 * repository takes longer than everything else a small change needs. Each fact errs on the side of more.
 */
export interface BlobFacts {
  /** what may be a path that the file names; only of kustomization files, plugin configuration and Flux Kustomizations */
  readonly tokens: readonly string[]
  /** holds a Flux Kustomization */
  readonly flux: boolean
  /** `path:` of its Flux Kustomizations, as written; a Kustomization without any reads the whole tree */
  readonly unitPaths: readonly string[]
  /** may say where Flux starts: a FluxInstance, or the chart that makes one */
  readonly instance: boolean
  /** names paths in a way that the text does not show: it may name any */
  readonly opaque: boolean
  /** a kustomization that takes in charts: it may read everything below its directories */
  readonly charts: boolean
  /** holds what makes `independentParts` keep a build whole */
  readonly patchesName: boolean
  readonly refersWithNamespace: boolean
  /** of a kustomization: it may name what lies outside the repository */
  readonly remote: boolean
  /** of a kustomization: it must be parsed to know whether it renames objects */
  readonly mayRename: boolean
  /** the namespaces that a kustomization sets, and that Flux Kustomizations target */
  readonly namespaces: readonly string[]
  /** of a kustomization: it changes more of its objects than names, namespaces, labels and images */
  readonly patches: boolean
}

const NOTHING: BlobFacts = {
  tokens: [],
  flux: false,
  unitPaths: [],
  instance: false,
  opaque: false,
  charts: false,
  patchesName: false,
  refersWithNamespace: false,
  remote: false,
  mayRename: false,
  namespaces: [],
  patches: false,
}

const FLUX = 'kustomize.toolkit.fluxcd.io'
// api/konfig/builtinpluginconsts/namereference.go: kinds whose references hold a namespace (independent-parts.ts)
const WITH_NAMESPACE = ['RoleBinding', 'WebhookConfiguration', 'APIService']
const RENAMES =
  /\b(?:namePrefix|nameSuffix|vars|configurations|crds|configMapGenerator|secretGenerator)\b["']?\s*:/
const PATCHES =
  /\b(?:patches|patchesStrategicMerge|patchesJson6902|replacements|transformers|generators|validators)\b["']?\s*:/
// helmCharts, helmGlobals, helmChartInflationGenerator and the plugin of that name (kustomize api/types); a file `helmrelease.yaml`,
// which nearly every kustomization names, takes in none
const CHARTS = /helm(?:chart|global)/i
// an escape or a line break inside quotes, an alias, a variable: the path is not there to be read
const HIDDEN_IN_KUSTOMIZATION = /"[^"\n]*\\[^"\n]*"/
const HIDDEN_IN_UNIT = /\bpath["']?\s*:\s*(?:[*&>|]|["']?[^\n]*(?:\$\{|\\))/

/** @param isKustomization the file's name is one that kustomize looks for */
export function factsOf(bytes: Uint8Array, isKustomization: boolean): BlobFacts {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // what is looked for is ASCII: the same bytes in UTF-8
  const ascii = buffer.toString('latin1')
  // a kustomization names Flux Kustomizations only in order to patch them
  const mentioned = !isKustomization && ascii.includes(FLUX)
  const plugin = !isKustomization && ascii.includes('builtin')
  const patchesName = ascii.includes('/metadata/name') || ascii.includes('allowNameChange')
  const refersWithNamespace = WITH_NAMESPACE.some(kind => ascii.includes(kind))
  const instance = ascii.includes('fluxcd.controlplane.io') || ascii.includes('flux-instance')
  if (!isKustomization && !mentioned && !plugin)
    return patchesName || refersWithNamespace || instance
      ? { ...NOTHING, patchesName, refersWithNamespace, instance }
      : NOTHING
  const text = buffer.toString('utf8')
  const documents = mentioned ? text.split(/^---/m).filter(holdsFluxKustomization) : []
  const flux = documents.length > 0
  return {
    tokens: isKustomization || plugin || (flux && /\bcomponents\b/.test(text)) ? tokensOf(text) : [],
    flux,
    unitPaths: unitPathsIn(documents),
    instance,
    opaque: (isKustomization && HIDDEN_IN_KUSTOMIZATION.test(text)) || (flux && HIDDEN_IN_UNIT.test(text)),
    charts: (isKustomization || plugin) && CHARTS.test(text),
    patchesName,
    refersWithNamespace,
    remote: isKustomization && /^\s*[^#\s].*(?::\/\/|\bgithub\.com[:/]|\bgit@|\.git\b|\?ref=)/m.test(text),
    mayRename: isKustomization && RENAMES.test(text),
    namespaces: isKustomization || flux ? namespacesIn(text, isKustomization) : [],
    patches: isKustomization && PATCHES.test(text),
  }
}

/** Others name the group, too: in labels, in references, in patches of a receiver. */
function holdsFluxKustomization(document: string): boolean {
  if (!document.includes(FLUX)) return false
  if (/^["']?apiVersion["']?\s*:\s*["']?kustomize\.toolkit/m.test(document)) return true
  // flow style, a list, or a document that is indented as a whole
  return (
    /apiVersion["']?\s*:\s*["']?kustomize\.toolkit/.test(document) &&
    !/^["']?kind["']?\s*:\s*(?!List)/m.test(document)
  )
}

/** Of each document every `path:`, and the root where none stands where spec.path does in block style. */
function unitPathsIn(documents: readonly string[]): string[] {
  const found = new Set<string>()
  for (const document of documents) {
    for (const match of document.matchAll(/\bpath["']?\s*:[ \t]*["']?([^\s"',}\]]+)/g))
      found.add(match[1] ?? '')
    if (!/^ {1,4}path:/m.test(document)) found.add('')
  }
  return [...found]
}

function namespacesIn(text: string, isKustomization: boolean): string[] {
  // that of a source or of a dependency is no target; an anchor is where a target is often taken from
  const pattern = isKustomization
    ? /\bnamespace["']?\s*:\s*["']?([\w.-]+)/g
    : /\b(?:targetNamespace["']?\s*:\s*(?:&\S+\s+)?|namespace["']?\s*:\s*&\S+\s+)["']?([\w.-]+)/g
  return [...text.matchAll(pattern)].map(match => match[1] ?? '')
}

// a namespace is often called as the directory beside it
const NO_PATH = /^(?:- )?["']?(?:apiVersion|kind|name|namespace|namePrefix|nameSuffix)["']?\s*:/

/** Words between blanks, quotes and brackets, and whole values of a line, for paths with blanks in them. */
function tokensOf(text: string): string[] {
  const tokens = new Set<string>()
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || NO_PATH.test(line)) continue
    for (const word of line.split(/[\s"',[\]{}]+/)) {
      if (word === '' || word.endsWith(':') || word.includes('://')) continue
      tokens.add(word)
      const equals = word.indexOf('=')
      if (equals !== -1) tokens.add(word.slice(equals + 1))
    }
    const value = line.replace(/^(?:- )?(?:[\w.-]+:\s+)?/, '')
    if (value.includes(' ')) {
      const path = value.replace(/^["']|["']$/g, '').trim()
      tokens.add(path)
      tokens.add(path.replace(/^[^=]*=/, ''))
    }
  }
  return [...tokens]
}
