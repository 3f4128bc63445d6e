import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'

export interface FakeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly managedFields?: readonly unknown[]
    readonly finalizers?: readonly string[]
    readonly deletionTimestamp?: string
    readonly [key: string]: unknown
  }
  readonly [key: string]: unknown
}

export interface FakeApiServer extends AsyncDisposable {
  /** A kubeconfig of the server, as JSON. */
  readonly kubeconfig: string
  objects: FakeObject[]
  /** All requests as `METHOD path`, without queries. */
  readonly calls: string[]
  /** Called before each request; a returned status is the response. */
  refuse: (method: string, path: string, query: URLSearchParams) => number | undefined
  /** Called before each request; a returned text is the body of a response with the status 200. */
  answer: (path: string) => string | Promise<string> | undefined
  /** Returns what the API server makes of a Pod that is created as a dry run. */
  admit: (namespace: string, pod: object) => object
  /** If true, lists have no managedFields, as behind some proxies. */
  trimsLists: boolean
  /** How many milliseconds the server's clock is ahead. */
  aheadMs: number
}

/** Plurals other than `<kind>s`. */
const PLURALS: Readonly<Record<string, string>> = {
  mutatingadmissionpolicy: 'mutatingadmissionpolicies',
  networkpolicy: 'networkpolicies',
  validatingadmissionpolicy: 'validatingadmissionpolicies',
}
const pluralOf = (kind: string): string => PLURALS[kind.toLowerCase()] ?? `${kind.toLowerCase()}s`

/**
 * An API server in memory with what removals need: lists with selectors, discovery, merge patches
 * and deletions.
 */
export async function startFakeApiServer(objects: readonly FakeObject[]): Promise<FakeApiServer> {
  const authority = createAuthority('fake-ca')
  const pair = authority.issue({ commonName: 'localhost', names: ['127.0.0.1'], minutes: 60 })
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (request, response) => {
    void readBody(request).then(async (body) => {
      const isMetadataOnly = request.headers.accept?.includes('as=PartialObjectMetadata') ?? false
      const { status, json } = handle(request.method ?? '', request.url ?? '', body, isMetadataOnly)
      const text = await fake.answer(new URL(request.url ?? '', cluster.server).pathname)
      response.setHeader('date', new Date(Date.now() + fake.aheadMs).toUTCString())
      response.writeHead(text === undefined ? status : 200, { 'content-type': 'application/json' })
      response.end(text ?? JSON.stringify(json))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ca = Buffer.from(authority.certificatePem).toString('base64')
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca }
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    clusters: [{ name: 'fake', cluster }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    users: [{ name: 'fake', user: { token: 'fake' } }],
  })

  function handle(
    method: string,
    url: string,
    body: unknown,
    isMetadataOnly: boolean,
  ): { readonly status: number; readonly json: unknown } {
    const shown = (object: FakeObject): FakeObject => (isMetadataOnly ? metadataOf(object) : object)
    const { pathname: path, searchParams } = new URL(url, cluster.server)
    fake.calls.push(`${method} ${path}`)
    const status = fake.refuse(method, path, searchParams)
    if (status !== undefined) return failure(status)
    const [, tried] = /^\/api\/v1\/namespaces\/([^/]+)\/pods$/.exec(path) ?? []
    if (method === 'POST' && tried !== undefined && searchParams.get('dryRun') === 'All') {
      return { status: 201, json: fake.admit(tried, body as object) }
    }
    if (path === '/version') return { status: 200, json: { major: '1', minor: '35', gitVersion: 'v1.35.0' } }
    if (path === '/apis') return { status: 200, json: groups(fake.objects) }
    const found = /^(?:\/api\/(v1)|\/apis\/([^/]+\/[^/]+))(?:\/namespaces\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(
      path,
    )
    const [, core, other, namespace, plural, name] = found ?? []
    const apiVersion = core ?? other ?? ''
    if (plural === undefined && namespace === undefined) return discovery(apiVersion)
    if (plural === undefined) {
      return { status: 200, json: { metadata: { name: namespace, uid: `uid-${namespace}-${port}` } } }
    }
    const those = fake.objects.filter(({ apiVersion: version, kind, metadata }) => {
      return (
        version === apiVersion && pluralOf(kind) === plural && (namespace ?? metadata.namespace) === metadata.namespace
      )
    })
    if (name === undefined) {
      const items = those
        .filter((object) => isSelected(object, searchParams))
        .map(trimmed)
        .map(shown)
      return { status: 200, json: { metadata: { resourceVersion: '1' }, items } }
    }
    const object = those.find(({ metadata }) => metadata.name === name)
    if (object === undefined) return failure(404)
    return method === 'GET' ? { status: 200, json: shown(object) } : change(method, object, body)
  }

  function trimmed(object: FakeObject): FakeObject {
    if (!fake.trimsLists) return object
    const { managedFields: _, ...metadata } = object.metadata
    return { ...object, metadata }
  }

  function change(method: string, object: FakeObject, body: unknown): ReturnType<typeof handle> {
    const { preconditions, metadata, ...rest } = (body ?? {}) as Record<string, Record<string, string> | undefined>
    for (const required of [preconditions ?? {}, metadata ?? {}])
      for (const key of ['uid', 'resourceVersion'])
        if (required[key] !== undefined && required[key] !== object.metadata[key]) return failure(409)
    const isHeld = (object.metadata.finalizers ?? []).length > 0
    const deleted = { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    const next = method !== 'DELETE' ? { ...object, ...rest } : isHeld ? deleted : undefined
    fake.objects = fake.objects.flatMap((one) => (one !== object ? [one] : next === undefined ? [] : [next]))
    return { status: 200, json: next ?? { kind: 'Status', status: 'Success' } }
  }

  function discovery(apiVersion: string): ReturnType<typeof handle> {
    const kinds = new Set(fake.objects.filter((object) => object.apiVersion === apiVersion).map(({ kind }) => kind))
    if (kinds.size === 0) return failure(404)
    const resources = [...kinds].map((kind) => ({ name: pluralOf(kind), kind, namespaced: true, verbs: ['list'] }))
    return { status: 200, json: { resources } }
  }

  const fake: FakeApiServer = {
    kubeconfig,
    objects: objects.map(stored),
    calls: [],
    refuse: () => undefined,
    answer: () => undefined,
    admit: (_, pod) => pod,
    trimsLists: false,
    aheadMs: 0,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return fake
}

/** The object as the server stores it: with a UID and a version. */
export function stored(object: FakeObject): FakeObject {
  const { uid = `uid-${object.metadata.name}`, resourceVersion = '1' } = object.metadata
  return { ...object, metadata: { ...object.metadata, uid, resourceVersion } }
}

/** The API server's format for requests of metadata only. */
function metadataOf({ metadata }: FakeObject): FakeObject {
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata }
}

function groups(objects: readonly FakeObject[]): object {
  const versions = [...new Set(objects.map(({ apiVersion }) => apiVersion).filter((version) => version.includes('/')))]
  const names = [...new Set(versions.map((version) => version.split('/')[0] ?? ''))]
  return {
    groups: names.map((name) => {
      const own = versions.filter((version) => version.startsWith(`${name}/`)).map((groupVersion) => ({ groupVersion }))
      return { name, preferredVersion: own[0], versions: own }
    }),
  }
}

function isSelected({ metadata, type }: FakeObject, query: URLSearchParams): boolean {
  const fields = { 'metadata.name': metadata.name, 'metadata.namespace': metadata.namespace, type: type ?? 'Opaque' }
  const matches = (selector: string | null, values: Readonly<Record<string, unknown>>): boolean =>
    (selector ?? '')
      .split(',')
      .filter(Boolean)
      .every((term) => {
        const [, key = '', operator, value] = /^([^!=]+)(!?=)(.*)$/.exec(term) ?? []
        return (values[key] === value) === (operator === '=')
      })
  return matches(query.get('fieldSelector'), fields) && matches(query.get('labelSelector'), metadata.labels ?? {})
}

function failure(code: number): { readonly status: number; readonly json: unknown } {
  return { status: code, json: { kind: 'Status', status: 'Failure', code, message: `refused with ${code}` } }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}
