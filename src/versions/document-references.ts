import { isScalar } from 'yaml'
import { isProjectPostgres } from '../manifest/image-reference.ts'
import { groupOf, type Resource } from '../manifest/resource.ts'
import { readFluxVerify, readSignerKeys, type FluxVerify, type SignerKeys } from './flux-verify.ts'
import { imageFields, isImage, readWrittenImage, type ImageField } from './image-fields.ts'
import { readPostgresTag } from './postgres-tag.ts'
import type {
  Obstacle,
  Pointer,
  ReferencePackage,
  ReferenceRemark,
  ReferenceRole,
  VersionReference,
} from './reference.ts'
import type { SourceNamespaces } from './source-namespaces.ts'
import {
  fieldOf,
  obstacleOf,
  readSourceDocuments,
  type SourceText,
  type TextDocument,
} from './source-text.ts'
import { overrideAt } from './update-override.ts'
import type { Found } from './yaml-nodes.ts'

/** A source of charts that a document makes. */
export interface ChartSourceObject {
  kind: string
  name: string
  namespaces: readonly string[]
  url: string
  isOci: boolean
}

/** A chart that is named by its source; joined with it once all documents are read. */
export interface PendingChart {
  reference: Omit<VersionReference, 'package'>
  source: { kind: string; name: string; namespaces: readonly string[] }
  chart: string
}

interface Parts {
  whole?: Found
  version?: Found
  digest?: Found
}

const CNPG = 'postgresql.cnpg.io'
const MAX_EMBEDDED = 4

/** What one document of a source file refers to by version. */
export class DocumentReferences {
  readonly references: VersionReference[] = []
  readonly sources: ChartSourceObject[] = []
  readonly charts: PendingChart[] = []
  /** names of Clusters, for the dumps that read from them */
  readonly clusters: string[] = []
  /** public keys that `spec.verify` of a source may name */
  readonly signerKeys: SignerKeys[] = []
  readonly #source: SourceText
  readonly #document: TextDocument
  readonly #namespaces: SourceNamespaces
  /** set while a text is read that holds YAML itself */
  readonly #embedded: Embedded | undefined

  constructor(source: SourceText, document: TextDocument, namespaces: SourceNamespaces, embedded?: Embedded) {
    this.#source = source
    this.#document = document
    this.#namespaces = namespaces
    this.#embedded = embedded
    const { root } = document.reader
    if (root !== undefined) this.#read(root)
  }

  #read(root: Found): void {
    const { reader } = this.#document
    const kind = reader.text(root, 'kind')
    const apiVersion = reader.text(root, 'apiVersion')
    if (apiVersion !== undefined && kind !== undefined) this.#manifest(root, kind, groupOf(apiVersion))
    else if (isKustomizationFile(this.#source.file)) this.#kustomization(root)
    else if (isValuesFile(this.#source.file) || this.#embedded !== undefined) this.#images(root, 'values')
    if (this.#patches(root)) return
    this.#embeddedTexts(root, 0)
  }

  #manifest(root: Found, kind: string, group: string): void {
    const { reader } = this.#document
    const owner = this.#ownerOf(root)
    const nested = [
      ...reader.items(reader.at(root, 'items')),
      ...reader.items(reader.at(root, 'spec', 'resources')),
    ]
    if ((kind === 'List' || kind === 'ResourceSet') && nested.length > 0) {
      for (const item of nested) {
        const below = reader.text(item, 'kind')
        if (below !== undefined) this.#manifest(item, below, groupOf(reader.text(item, 'apiVersion') ?? ''))
      }
      return
    }
    switch (group) {
      case 'helm.toolkit.fluxcd.io':
        return this.#helmRelease(root, owner)
      case 'source.toolkit.fluxcd.io':
        return this.#fluxSource(root, kind, owner)
      case 'kustomize.toolkit.fluxcd.io':
        this.#imageTransforms(reader.at(root, 'spec', 'images'), 'flux-image', owner)
        return
      case 'kustomize.config.k8s.io':
        return this.#kustomization(root)
      case CNPG:
        return this.#cnpg(root, kind, owner)
      case 'argoproj.io':
        if (kind === 'Application' || kind === 'ApplicationSet') this.#argo(root, owner)
        return
      default:
    }
    if (group === '' && kind === 'Secret') {
      const keys = readSignerKeys(reader, root)
      if (keys.length > 0)
        this.signerKeys.push({ name: owner.name, namespaces: this.#namespacesOf(owner), keys })
    }
    if (group === '' && (kind === 'ConfigMap' || kind === 'Secret')) return
    this.#images(root, 'workload', owner)
  }

  #helmRelease(root: Found, owner: Resource): void {
    const { reader } = this.#document
    const spec = reader.at(root, 'spec', 'chart', 'spec')
    if (spec !== undefined) this.#chartSpec(spec, owner)
    this.#images(reader.at(root, 'spec', 'values'), 'values', owner)
  }

  #chartSpec(spec: Found, owner: Resource): void {
    const { reader } = this.#document
    const chart = reader.text(spec, 'chart') ?? ''
    const kind = reader.text(spec, 'sourceRef', 'kind') ?? ''
    if (kind !== 'HelmRepository') return
    const version = reader.at(spec, 'version')
    const written = reader.text(spec, 'sourceRef', 'namespace')
    const { package: _none, ...reference } = this.#reference(
      'chart',
      { kind: 'unknown', what: chart },
      version === undefined ? {} : { version },
      version ?? reader.at(spec, 'chart') ?? spec,
      owner,
    )
    const verify = readFluxVerify(reader, spec)
    this.charts.push({
      reference: withRange({ ...reference, ...(verify === undefined ? {} : { verify }) }),
      source: {
        kind,
        name: reader.text(spec, 'sourceRef', 'name') ?? '',
        namespaces: written === undefined ? this.#namespacesOf(owner) : [written],
      },
      chart,
    })
  }

  #fluxSource(root: Found, kind: string, owner: Resource): void {
    const { reader } = this.#document
    const url = (reader.text(root, 'spec', 'url') ?? '').replace(/\/+$/, '')
    if (kind === 'HelmChart') {
      const spec = reader.at(root, 'spec')
      if (spec !== undefined) this.#chartSpec(spec, owner)
      return
    }
    if (kind === 'HelmRepository') {
      const isOci = reader.text(root, 'spec', 'type') === 'oci' || url.startsWith('oci://')
      this.sources.push({ kind, name: owner.name, namespaces: this.#namespacesOf(owner), url, isOci })
      return
    }
    const ref = reader.at(root, 'spec', 'ref')
    if (kind === 'GitRepository') {
      const tag = reader.at(ref, 'tag')
      if (tag !== undefined) this.#push('remote', { kind: 'remote', url }, { version: tag }, tag, owner)
      return
    }
    if (kind !== 'OCIRepository') return
    const [tag, digest, semver] = ['tag', 'digest', 'semver'].map(name => {
      const found = reader.at(ref, name)
      return reader.text(found) === '' ? undefined : found
    })
    const at = tag ?? digest ?? semver ?? reader.at(root, 'spec', 'url') ?? root
    const remarks: ReferenceRemark[] = []
    // fluxcd/source-controller OCIRepository: digest before semver before tag, else latest
    if (tag === undefined && digest === undefined && semver === undefined)
      remarks.push({
        kind: 'missing-ref',
        message: 'It has no spec.ref, so Flux takes whatever `latest` is: there is no version to update.',
      })
    if (semver !== undefined && (tag !== undefined || digest !== undefined))
      remarks.push({
        kind: 'overruled',
        message: `spec.ref has semver beside ${tag === undefined ? 'digest' : 'tag'}: Flux follows ${digest === undefined ? 'semver' : 'digest'}, the other has no effect.`,
      })
    const range = semver === undefined || digest !== undefined ? undefined : reader.text(semver)
    const verify = readFluxVerify(reader, reader.at(root, 'spec'))
    this.#push(
      'artifact',
      { kind: 'oci', url },
      {
        // beside a range the tag has no effect, so editing it would do nothing
        ...(tag === undefined || range !== undefined ? {} : { version: tag }),
        ...(digest === undefined ? {} : { digest }),
      },
      at,
      owner,
      {
        remarks,
        ...(range === undefined ? {} : { range }),
        ...(verify === undefined ? {} : { verify }),
      },
    )
  }

  #cnpg(root: Found, kind: string, owner: Resource): void {
    const { reader } = this.#document
    const spec = reader.at(root, 'spec')
    if (kind === 'Cluster') this.clusters.push(owner.name)
    const claimed = new Set<string>()
    const claim = (found: Found | undefined, role: ReferenceRole, major?: number) => {
      const text = reader.text(found)
      if (found === undefined || text === undefined || text === '') return
      claimed.add(found.pointer.join('\0'))
      this.#image({ ...readWrittenImage(text), whole: found, key: '' }, role, owner, major)
    }
    const extensions = (list: Found | undefined, major?: number) => {
      for (const extension of reader.items(list))
        claim(reader.at(extension, 'image', 'reference'), 'extension', major)
    }
    claim(kind === 'Cluster' ? reader.at(spec, 'imageName') : undefined, 'postgres')
    extensions(reader.at(spec, 'postgresql', 'extensions'))
    if (kind === 'ImageCatalog' || kind === 'ClusterImageCatalog')
      for (const image of reader.items(reader.at(spec, 'images'))) {
        const major = Number(reader.text(image, 'major') ?? Number.NaN)
        const known = Number.isInteger(major) ? major : undefined
        claim(reader.at(image, 'image'), 'catalog', known)
        extensions(reader.at(image, 'extensions'), known)
      }
    const rest = kind === 'Pooler' ? 'pooler' : 'workload'
    for (const field of imageFields(reader, spec))
      if (field.whole === undefined || !claimed.has(field.whole.pointer.join('\0')))
        this.#image(field, rest, owner)
  }

  #kustomization(root: Found): void {
    const { reader } = this.#document
    this.#imageTransforms(reader.at(root, 'images'), 'kustomize-image')
    for (const chart of reader.items(reader.at(root, 'helmCharts'))) {
      const version = reader.at(chart, 'version')
      const repository = (reader.text(chart, 'repo') ?? '').replace(/\/+$/, '')
      const name = reader.text(chart, 'name') ?? ''
      if (version === undefined || repository === '') continue
      this.#push('chart', chartPackage(repository, name), { version }, version)
      this.#images(reader.at(chart, 'valuesInline'), 'values')
    }
    for (const list of ['resources', 'bases', 'components', 'crds'])
      for (const entry of reader.items(reader.at(root, list))) {
        const text = reader.text(entry) ?? ''
        const version = /(?<![\d.])v?\d+\.\d+\.\d+(?:-[\w.]+)?(?!\d)/.exec(text)?.[0]
        if (version === undefined || !/^(https?:|git@|ssh:|github\.com\/)|[?&]ref=/.test(text)) continue
        this.#push('remote', { kind: 'remote', url: text }, { version: entry }, entry, undefined, { version })
      }
  }

  /** `images` of kustomize, also in a Flux Kustomization. */
  #imageTransforms(list: Found | undefined, role: ReferenceRole, owner?: Resource): void {
    const { reader } = this.#document
    for (const item of reader.items(list)) {
      const name = reader.text(item, 'newName') || reader.text(item, 'name') || ''
      const tagField = reader.at(item, 'newTag')
      const digestField = reader.at(item, 'digest')
      if (name === '' || (tagField === undefined && digestField === undefined)) continue
      const [tag, inTag] = (reader.text(tagField) ?? '').split('@')
      const digest = inTag ?? reader.text(digestField)
      const remarks: ReferenceRemark[] =
        tagField !== undefined && digestField !== undefined
          ? [
              {
                kind: 'overruled',
                message: 'kustomize ignores newTag beside digest: write `newTag: TAG@DIGEST` instead.',
              },
            ]
          : []
      this.#image(
        {
          name,
          ...(tag === undefined || tag === '' ? {} : { tag }),
          ...(digest === undefined ? {} : { digest }),
          ...(tagField === undefined ? {} : { tagField }),
          ...(digestField === undefined ? {} : { digestField }),
          key: 'newTag',
        },
        role,
        owner,
        undefined,
        remarks,
      )
    }
  }

  #argo(root: Found, owner: Resource): void {
    const { reader } = this.#document
    const specs = [reader.at(root, 'spec'), reader.at(root, 'spec', 'template', 'spec')]
    for (const source of specs.flatMap(spec => [
      reader.at(spec, 'source'),
      ...reader.items(reader.at(spec, 'sources')),
    ])) {
      const chart = reader.text(source, 'chart')
      const version = reader.at(source, 'targetRevision')
      const repository = (reader.text(source, 'repoURL') ?? '').replace(/\/+$/, '')
      if (chart === undefined || version === undefined || repository === '') continue
      // Argo CD names registries without a scheme
      const address = /^[a-z]+:\/\//.test(repository) ? repository : `oci://${repository}`
      this.#push('chart', chartPackage(address, chart), { version }, version, owner)
      this.#images(reader.at(source, 'helm', 'valuesObject'), 'values', owner)
    }
  }

  #images(root: Found | undefined, role: ReferenceRole, owner?: Resource): void {
    for (const field of imageFields(this.#document.reader, root)) this.#image(field, role, owner)
  }

  #image(
    field: ImageField,
    found: ReferenceRole,
    owner?: Resource,
    major?: number,
    remarks: readonly ReferenceRemark[] = [],
  ): void {
    const { name, tag, digest, whole, tagField, digestField } = field
    const at = whole ?? tagField ?? digestField
    if (at === undefined) return
    let role = found
    // the cluster chart of the project, and whatever else hands an image to a Cluster
    if (role === 'values' && field.key === 'imageName' && readPostgresTag(tag ?? '', false) !== undefined)
      role = 'postgres'
    const servers = role === 'workload' ? this.#dumpsOf(name, at.pointer) : undefined
    if (servers !== undefined) role = 'dump'
    const project = isProjectPostgres(name)
    const written =
      major === undefined || role !== 'catalog' ? undefined : readPostgresTag(tag ?? '', project)
    const wrongMajor: ReferenceRemark[] =
      written !== undefined && written.major !== major
        ? [
            {
              kind: 'catalog-major',
              message: `The catalog promises PostgreSQL ${major} here, and the image is ${written.major}.`,
            },
          ]
        : []
    this.#push(
      role,
      { kind: 'image', name },
      {
        ...(whole === undefined ? {} : { whole }),
        ...(tagField === undefined ? {} : { version: tagField }),
        ...(digestField === undefined ? {} : { digest: digestField }),
      },
      at,
      owner,
      {
        remarks: [...remarks, ...wrongMajor],
        ...(tag === undefined ? {} : { version: tag }),
        ...(digest === undefined ? {} : { digest }),
        ...(major === undefined ? {} : { major }),
        ...(servers === undefined ? {} : { servers }),
      },
    )
  }

  /** The hosts that a container with pg_dump in its command reads from; undefined where it is none. */
  #dumpsOf(name: string, pointer: Pointer): string[] | undefined {
    if (!/postgres/i.test(name)) return undefined
    const { reader } = this.#document
    const container = reader.at(reader.root, ...pointer.slice(0, -1))
    const words = ['command', 'args'].flatMap(list =>
      reader.items(reader.at(container, list)).flatMap(item => reader.text(item) ?? []),
    )
    if (!words.some(word => /\bpg_dump(all)?\b/.test(word))) return undefined
    const values = reader.items(reader.at(container, 'env')).flatMap(item => reader.text(item, 'value') ?? [])
    const hosts = [...words, ...values].flatMap(text =>
      [...text.matchAll(/\b([a-z0-9][a-z0-9-]*)-(?:rw|ro|r)\b/g)].map(match => match[1] ?? ''),
    )
    return [...new Set(hosts)]
  }

  /** Patches: JSON patches whose path ends in an image. @returns whether the document is one */
  #patches(root: Found): boolean {
    const { reader } = this.#document
    const operations = reader.items(root).filter(item => reader.text(item, 'op') !== undefined)
    for (const operation of operations) {
      const path = reader.text(operation, 'path') ?? ''
      const value = reader.at(operation, 'value')
      if (!/\/(?:\w*image|imageName|reference)$/i.test(path) || value === undefined) continue
      const text = reader.text(value)
      if (text !== undefined && isImage(text))
        this.#image({ ...readWrittenImage(text), whole: value, key: '' }, roleOfPath(path))
    }
    return operations.length > 0
  }

  /** Texts that hold YAML themselves: inline patches, values in ConfigMaps. What they refer to is named, never edited. */
  #embeddedTexts(root: Found, depth: number): void {
    const { reader } = this.#document
    const walk = (found: Found): void => {
      if (isScalar(found.node) && found.alias === undefined) {
        const text = reader.text(found) ?? ''
        if (!text.includes('\n') || !/(image|imageName|reference|tag|version)["']?:|\/\w*image/i.test(text))
          return
        this.#embeddedText(found, text, depth)
        return
      }
      for (const [, value] of reader.fields(found)) walk(value)
      for (const item of reader.items(found)) walk(item)
    }
    walk(root)
  }

  #embeddedText(found: Found, text: string, depth: number): void {
    const level = (this.#embedded?.level ?? 0) + 1
    if (level > MAX_EMBEDDED || depth > MAX_EMBEDDED) return
    const inner = readSourceDocuments(this.#source.file, text)
    const { line } = this.#embedded ?? this.#source.place(found.node.range?.[0] ?? 0)
    for (const document of inner.documents) {
      const below = new DocumentReferences(inner, document, this.#namespaces, {
        line,
        level,
        pointer: found.pointer,
      })
      this.references.push(...below.references)
    }
  }

  #push(
    role: ReferenceRole,
    target: ReferencePackage,
    parts: Parts,
    at: Found,
    owner?: Resource,
    more: {
      remarks?: readonly ReferenceRemark[]
      range?: string
      version?: string
      digest?: string
      major?: number
      servers?: readonly string[]
      verify?: FluxVerify
    } = {},
  ): void {
    const reference = this.#reference(role, target, parts, at, owner)
    const { version, digest, range, remarks = [], major, servers, verify } = more
    this.references.push({
      ...reference,
      current: {
        ...reference.current,
        ...(version === undefined ? {} : { version }),
        ...(digest === undefined ? {} : { digest }),
        ...(range === undefined ? {} : { range }),
      },
      remarks: [...reference.remarks, ...remarks],
      ...(major === undefined ? {} : { major }),
      ...(servers === undefined ? {} : { servers }),
      ...(verify === undefined ? {} : { verify }),
    })
  }

  #reference(
    role: ReferenceRole,
    target: ReferencePackage,
    parts: Parts,
    at: Found,
    owner?: Resource,
  ): VersionReference {
    const source = this.#source
    const field = (found: Found | undefined) =>
      found === undefined ? undefined : fieldOf(source, this.#document, found)
    const [image, version, digest] = [field(parts.whole), field(parts.version), field(parts.digest)]
    const here = fieldOf(source, this.#document, at)
    const place = this.#embedded === undefined ? here.place : { file: source.file, line: this.#embedded.line }
    const override = this.#embedded === undefined ? overrideAt(source.lines, place.line) : undefined
    const obstacle = this.#obstacle([parts.whole, parts.version, parts.digest], role, target)
    const problem = override !== undefined && 'problem' in override ? override.problem : undefined
    return {
      role,
      package: target,
      current: {
        ...(version === undefined ? {} : { version: version.value }),
        ...(digest === undefined ? {} : { digest: digest.value }),
      },
      fields:
        this.#embedded === undefined
          ? {
              ...(image === undefined ? {} : { image }),
              ...(version === undefined ? {} : { version }),
              ...(digest === undefined ? {} : { digest }),
            }
          : {},
      place,
      ...(owner === undefined ? {} : { owner }),
      ...(override === undefined || 'problem' in override ? {} : { override }),
      ...(obstacle === undefined ? {} : { obstacle }),
      remarks: problem === undefined ? [] : [{ kind: 'override-unread', message: problem }],
    }
  }

  #obstacle(
    parts: readonly (Found | undefined)[],
    role: ReferenceRole,
    target: ReferencePackage,
  ): Obstacle | undefined {
    if (this.#embedded !== undefined)
      return {
        kind: 'embedded-yaml',
        message: 'It stands in a text that holds YAML itself.',
        repair: 'Write the patch or the values in a file of its own.',
      }
    if (role === 'remote')
      return {
        kind: 'remote',
        message: `It is fetched from ${target.kind === 'remote' ? target.url : 'elsewhere'}, which is not followed.`,
        repair: 'Let another bot update it, or copy it into the repository.',
      }
    return parts
      .flatMap(found => (found === undefined ? [] : (obstacleOf(this.#source, this.#document, found) ?? [])))
      .at(0)
  }

  #ownerOf(root: Found): Resource {
    const { reader } = this.#document
    const written = reader.text(root, 'metadata', 'namespace') ?? ''
    const [only, ...others] = this.#namespaces.of(this.#source.file, written)
    return {
      apiVersion: reader.text(root, 'apiVersion') ?? '',
      kind: reader.text(root, 'kind') ?? '',
      namespace: others.length === 0 ? (only ?? '') : '',
      name: reader.text(root, 'metadata', 'name') ?? '',
    }
  }

  #namespacesOf({ namespace }: Resource): readonly string[] {
    if (namespace !== '') return [namespace]
    return this.#namespaces.of(this.#source.file, '')
  }
}

interface Embedded {
  /** of the text, in the file */
  line: number
  level: number
  pointer: Pointer
}

function roleOfPath(path: string): ReferenceRole {
  if (path.endsWith('/imageName')) return 'postgres'
  return path.endsWith('/reference') ? 'extension' : 'workload'
}

function chartPackage(repository: string, chart: string): ReferencePackage {
  return repository.startsWith('oci://')
    ? { kind: 'oci', url: `${repository}/${chart}` }
    : { kind: 'helm', repository, chart }
}

/** What is no whole version is a range, which Flux resolves itself. */
function withRange<T extends Pick<VersionReference, 'current' | 'fields'>>(reference: T): T {
  const { version } = reference.current
  if (version !== undefined && /^v?\d+\.\d+\.\d+(?:[-+].*)?$/.test(version)) return reference
  if (version !== undefined && /\$\{|\{\{/.test(version)) return reference
  const { version: _field, ...fields } = reference.fields
  return { ...reference, current: { range: version ?? '*' }, fields }
}

function isKustomizationFile(file: string): boolean {
  return /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/.test(file)
}

function isValuesFile(file: string): boolean {
  return /values[^/]*\.ya?ml$/i.test(file)
}
