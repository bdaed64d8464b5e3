import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import path from 'node:path'
import type { Chart } from '../../src/render/tools.ts'
import { chartOf } from '../charts.ts'

const LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'
const CONFIG = 'application/vnd.cncf.helm.config.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** A chart of a Helm repository that a tree names: the server cannot guess what its index must hold. */
export interface NamedChart {
  /** path of the repository on this server */
  repository: string
  name: string
  version: string
}

export interface StandInCharts extends Disposable {
  /** how many were answered so far */
  requests: number
  /** PEM file of the certificate that the server shows, which signs itself */
  certificate: string
}

/**
 * Starts a server on loopback that is every OCI registry and every Helm repository at once: each chart that is asked for
 * is there, in the version asked for, as a stand-in of seven objects which show the values they were given. It speaks TLS,
 * as flate takes `insecure` of an OCIRepository for a certificate that is not checked (v0.6.5, pkg/source/oci/client.go).
 * @param directory where key and certificate are made, by openssl
 */
export async function serveStandInCharts(
  charts: readonly NamedChart[],
  port: number,
  directory: string,
): Promise<StandInCharts> {
  mkdirSync(directory, { recursive: true })
  const [key, certificate] = [path.join(directory, 'key.pem'), path.join(directory, 'certificate.pem')]
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ]
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', [...made, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  const served = { requests: 0, certificate }
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (request, response) => {
      served.requests++
      answer(request, response, charts)
    },
  )
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return Object.assign(served, {
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    },
  })
}

/** digest → bytes of what was named in a manifest */
const blobs = new Map<string, Uint8Array>()

function answer(request: IncomingMessage, response: ServerResponse, charts: readonly NamedChart[]): void {
  const url = new URL(request.url ?? '/', 'http://loopback')
  const send = (type: string, body: string | Uint8Array, headers: Record<string, string> = {}) => {
    response.writeHead(200, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      ...headers,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
  const [, name = '', kind, reference = ''] =
    /^\/v2\/(.*)\/(manifests|blobs|tags)\/([^/]+)$/.exec(decodeURIComponent(url.pathname)) ?? []
  if (url.pathname === '/v2/') return send('application/json', '{}')
  if (kind === 'manifests') {
    const manifest = blobs.get(reference) ?? ociManifest(standIn(lastPart(name), reference))
    return send(MANIFEST, manifest, { 'docker-content-digest': digestOf(manifest) })
  }
  const blob = blobs.get(reference)
  if (kind === 'blobs' && blob !== undefined) return send('application/octet-stream', blob)
  if (kind === 'tags') return send('application/json', JSON.stringify({ name, tags: ['1.0.0'] }))
  const [, repository = '', file = ''] = /^\/(.*)\/([^/]+)$/.exec(url.pathname) ?? []
  if (file === 'index.yaml') return send('application/yaml', helmIndex(repository, charts))
  const chart = charts.find(one => one.repository === repository && `${one.name}-${one.version}.tgz` === file)
  if (chart !== undefined) return send('application/gzip', standIn(chart.name, chart.version).archive)
  response.writeHead(404)
  response.end()
}

function helmIndex(repository: string, charts: readonly NamedChart[]): string {
  const entries: Record<string, object[]> = {}
  for (const { name, version, ...chart } of charts) {
    if (chart.repository !== repository) continue
    const { digest } = standIn(name, version)
    entries[name] = [
      ...(entries[name] ?? []),
      { apiVersion: 'v2', name, version, digest: digest.slice(7), urls: [`${name}-${version}.tgz`] },
    ]
  }
  return JSON.stringify({ apiVersion: 'v1', entries })
}

function ociManifest({ name, version, archive, digest }: Chart): Uint8Array {
  const config = Buffer.from(JSON.stringify({ name, version, apiVersion: 'v2' }))
  blobs.set(digest, archive)
  blobs.set(digestOf(config), config)
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, digest: digestOf(config), size: config.byteLength },
      layers: [{ mediaType: LAYER, digest, size: archive.byteLength }],
    }),
  )
  blobs.set(digestOf(manifest), manifest)
  return manifest
}

const made = new Map<string, Chart>()

function standIn(name: string, version: string): Chart {
  const key = `${name}:${version}`
  const chart =
    made.get(key) ?? chartOf(TEMPLATES, name, /^v?\d+\.\d+\.\d+/.test(version) ? version : '1.0.0')
  made.set(key, chart)
  return chart
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

const NAME = '{{ .Release.Name }}'
const LABELS = `app.kubernetes.io/name: ${NAME}`
const head = (apiVersion: string, kind: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${NAME}\n  labels:\n    ${LABELS}\n`

// what a chart of an application has, and one map with every value, so that each change of a value changes an object
const TEMPLATES: Record<string, string> = {
  'values.yaml': '{}\n',
  'templates/service-account.yaml': `${head('v1', 'ServiceAccount')}automountServiceAccountToken: false\n`,
  'templates/values.yaml': `${head('v1', 'ConfigMap')}data:\n  values.yaml: |\n{{ toYaml .Values | indent 4 }}\n`,
  'templates/deployment.yaml': `${head('apps/v1', 'Deployment')}spec:
  replicas: 1
  selector:
    matchLabels:
      ${LABELS}
  template:
    metadata:
      labels:
        ${LABELS}
      annotations:
        checksum/values: {{ toYaml .Values | sha256sum }}
    spec:
      serviceAccountName: ${NAME}
      containers:
        - name: app
          image: registry.example.org/{{ .Chart.Name }}:{{ .Chart.Version }}
          ports:
            - name: http
              containerPort: 8080
`,
  'templates/service.yaml': `${head('v1', 'Service')}spec:
  selector:
    ${LABELS}
  ports:
    - name: http
      port: 80
      targetPort: http
`,
  'templates/claim.yaml': `${head('v1', 'PersistentVolumeClaim')}spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 1Gi
`,
  'templates/role.yaml': `${head('rbac.authorization.k8s.io/v1', 'Role')}rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, watch]
`,
  'templates/binding.yaml': `${head('rbac.authorization.k8s.io/v1', 'RoleBinding')}roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: ${NAME}
subjects:
  - kind: ServiceAccount
    name: ${NAME}
    namespace: {{ .Release.Namespace }}
`,
}
