import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { PullVerdict } from '../../src/acr/query-manifest.ts'
import { toNopassError } from '../../src/errors.ts'
import type { RegistryEntry, Verification, Width } from '../../src/helper/credentials/registry-state.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import { runHelper } from '../../src/helper/run-helper.ts'
import { type HelperStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { CONTENT_MANAGER } from '../../src/kube/names.ts'
import { sleep } from '../../src/lib/clock.ts'
import type { HelperConfig } from '../../src/values/generated/helper-config.ts'
import { createFakeClock, type FakeClock } from '../kube/fake-clock.ts'

export interface StoredObject {
  metadata: {
    name: string
    namespace?: string
    uid: string
    resourceVersion: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    managedFields?: unknown[]
  }
  data?: Record<string, string>
  imagePullSecrets?: { name: string }[]
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
}

/** Makes the next matching calls fail with this status (0: no response) or never get a response. */
export interface Fault {
  readonly matches: (call: KubeCall) => boolean
  readonly status: number | 'hang'
}

/**
 * An API server in memory. It supports what the helper needs with `attach: admission`, but not
 * WatchList.
 */
export interface ApiServer {
  readonly client: KubeClient
  readonly calls: string[]
  readonly faults: Set<Fault>
  /** The objects, by keys such as `namespaces/shop` and `secrets/shop/acr-nopass`. */
  get(key: string): StoredObject | undefined
  createNamespace(name: string): void
  /** Changes the Secret's content, or deletes it, as another client. */
  tamper(key: string): void
  remove(key: string): void
  create(key: string, more?: Partial<StoredObject>): void
  /** Sets the labels. */
  label(key: string, labels: Record<string, string>): void
  /**
   * Changes objects. The events of these changes arrive only after all code that is running now.
   */
  delayEvents(change: () => void): void
  /** Gives the object an older version without a watch event, as after a restore of etcd. */
  rewind(key: string): void
  /** Called after each write by the helper. */
  onWrite: (key: string) => void
  /** A mutating policy or webhook, which changes each write of the helper before it is stored. */
  admission: (key: string, object: StoredObject) => StoredObject
}

const OWNED = { 'f:data': { 'f:.dockerconfigjson': {} }, 'f:type': {} }
const OWN_ENTRY = {
  manager: CONTENT_MANAGER,
  operation: 'Update',
  fieldsV1: { ...OWNED, 'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } } },
}

export function createApiServer(): ApiServer {
  const objects = new Map<string, StoredObject>()
  const watchers = new Set<{ matches: (key: string) => boolean; send: (type: string, object: StoredObject) => void }>()
  const calls: string[] = []
  const faults = new Set<Fault>()
  let version = 100
  let isDelayed = false
  const store = (key: string, object: StoredObject): StoredObject => {
    const type = objects.has(key) ? 'MODIFIED' : 'ADDED'
    version += 1
    const { uid = `uid-${version}` } = objects.get(key)?.metadata ?? {}
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(version) } }
    objects.set(key, stored)
    const tell = (): void => {
      for (const { matches, send } of [...watchers]) if (matches(key)) send(type, stored)
    }
    if (isDelayed) setImmediate(tell)
    else tell()
    return stored
  }
  const selects = (path: string, query: KubeCall['query']) => {
    const [, namespace, resource = ''] =
      /\/namespaces\/([^/]+)\/([^/]+)/.exec(path) ?? /()\/(?:v1)\/([^/]+)$/.exec(path) ?? []
    const [field, value] = String(query?.fieldSelector ?? '').split('=')
    const name = field === 'metadata.name' ? value : undefined
    return (key: string): boolean => {
      const parts = key.split('/')
      const isIn = namespace === '' || namespace === undefined || parts[1] === namespace
      return parts[0] === resource && isIn && (name === undefined || parts.at(-1) === name)
    }
  }
  function handle(call: KubeCall): unknown {
    const [path = ''] = call.path.split('?')
    const one = /\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path)
    const key = one ? `${one[2]}/${one[1]}/${one[3]}` : path.replace(/^.*\/namespaces\/([^/]+)$/, 'namespaces/$1')
    const known = objects.get(key)
    if (call.method === 'GET' && (one || key.startsWith('namespaces/'))) {
      if (known === undefined) throw new KubeApiError(404, `${key} not found`)
      return known
    }
    if (call.method === 'GET') {
      const matches = selects(path, call.query)
      const items = [...objects].filter(([candidate]) => matches(candidate)).map(([, object]) => object)
      return { metadata: { resourceVersion: String(version) }, items }
    }
    if (call.method === 'POST') return {}
    const body = (Buffer.isBuffer(call.body) ? JSON.parse(call.body.toString()) : call.body) as StoredObject
    const { resourceVersion, uid } = body.metadata ?? {}
    // An apply with a resourceVersion but without a UID creates the object if it does not exist.
    const isOther = known === undefined ? uid !== undefined : known.metadata.resourceVersion !== resourceVersion
    if (resourceVersion !== undefined && isOther) {
      throw new KubeApiError(409, `${key} has changed`)
    }
    const namespace = one?.[1] ?? ''
    const annotations = { ...known?.metadata.annotations, ...body.metadata?.annotations }
    const metadata = { ...known?.metadata, ...body.metadata, annotations, name: one?.[3] ?? '', namespace }
    const managedFields = key.startsWith('secrets/') ? [OWN_ENTRY] : []
    const admitted = server.admission(key, {
      ...known,
      ...body,
      metadata: { ...metadata, managedFields } as StoredObject['metadata'],
    })
    // A write that changes nothing creates no version and no event.
    const stored = known !== undefined && isDeepStrictEqual(known, admitted) ? known : store(key, admitted)
    server.onWrite(key)
    return stored
  }
  const client: KubeClient = {
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      calls.push(`${call.method} ${call.path.split('?')[0]}`)
      signal?.throwIfAborted()
      const fault = [...faults].find(({ matches }) => matches(call))
      if (fault?.status === 'hang') {
        return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
      }
      if (fault !== undefined) {
        throw new KubeApiError(fault.status, 'a fault', fault.status === 0 ? { code: 'KUBE_UNREACHABLE' } : {})
      }
      return structuredClone(handle(call)) as T
    },
    watch<T>(call: { path: string; query?: KubeCall['query'] }, onEvent: (event: T) => void, signal?: AbortSignal) {
      calls.push(`WATCH ${call.path}`)
      return new Promise<void>((_resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        if (call.query?.sendInitialEvents) return reject(new KubeApiError(422, 'no WatchList'))
        const fault = [...faults].find(({ matches }) => matches({ method: 'GET', path: call.path }))
        if (typeof fault?.status === 'number') return reject(new KubeApiError(fault.status, 'a fault'))
        const watcher = {
          matches: selects(call.path, call.query),
          send: (type: string, object: StoredObject) => onEvent({ type, object: structuredClone(object) } as T),
        }
        watchers.add(watcher)
        signal?.addEventListener('abort', () => {
          watchers.delete(watcher)
          reject(signal.reason)
        })
      })
    },
    close: () => undefined,
  } as KubeClient
  const put = (key: string, more: Partial<StoredObject> = {}): void => {
    const [resource, first = '', name] = key.split('/')
    const metadata = resource === 'namespaces' ? { name: first } : { name: name ?? '', namespace: first }
    store(key, { metadata: metadata as StoredObject['metadata'], ...more })
  }
  const server: ApiServer = {
    client,
    calls,
    faults,
    get: (key) => objects.get(key),
    createNamespace: (name) => put(`namespaces/${name}`),
    tamper(key) {
      const object = objects.get(key)
      if (object) store(key, { ...object, metadata: { ...object.metadata, managedFields: [] } })
    },
    remove(key) {
      const object = objects.get(key)
      objects.delete(key)
      version += 1
      const deleted = object && { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
      if (deleted) for (const { matches, send } of [...watchers]) if (matches(key)) send('DELETED', deleted)
    },
    create: put,
    label(key, labels) {
      const object = objects.get(key)
      if (object) store(key, { ...object, metadata: { ...object.metadata, labels } })
    },
    delayEvents(change) {
      isDelayed = true
      change()
      isDelayed = false
    },
    rewind(key) {
      const object = objects.get(key)
      if (object) objects.set(key, { ...object, metadata: { ...object.metadata, resourceVersion: '2' } })
    },
    onWrite: () => undefined,
    admission: (_key, object) => object,
  }
  for (const name of ['home', 'shop']) server.createNamespace(name)
  put('leases/home/r')
  put('configmaps/home/r-status')
  return server
}

/**
 * The responses to token calls and login checks, by registry. Responses to token calls may also be
 * by instance.
 */
export interface Cloud {
  /**
   * The lifetime of a token in minutes, or the error of the call. A promise delays the response.
   */
  readonly responses: Map<string, number | Error | Promise<number | Error>>
  readonly verdicts: Map<string, Verification>
  /** Whether the registry lets a union's new credential pull the union's list. Default: it does. */
  readonly pulls: Map<string, PullVerdict['grant']>
  /** Whether a union's credential is too wide. Default: it is limited. */
  readonly widths: Map<string, Width | Promise<Width>>
  /** The questions about widths, with their turns. */
  readonly measured: string[]
  readonly calls: string[]
}

export function createCloud(): Cloud {
  return { responses: new Map(), verdicts: new Map(), pulls: new Map(), widths: new Map(), measured: [], calls: [] }
}

export interface Helper {
  readonly stop: AbortController
  /** `stopped`, or the code of the error with which the helper failed. */
  readonly done: Promise<string>
  /** Lines of `level message` and, for errors, the code. */
  readonly log: string[]
  /** The lines of the log with all their fields. */
  readonly lines: object[]
  readonly metrics: ReturnType<typeof createMetrics>
  /** Resolves when the server is listening. Only with `http`. */
  readonly port: Promise<number | undefined>
  /** Replaces the configuration. */
  configure(more: Partial<Record<keyof HelperConfig, unknown>>): void
  /** Makes the creation of registry entries fail. */
  breakEntries(error: Error): void
}

export const registry = (name: string, instanceId = `cri-${name}`): object => ({
  name,
  edition: 'enterprise',
  instanceId: `${instanceId}0123456789abcdef`.slice(0, 20),
  region: 'cn-hangzhou',
})

export const instanceOf = (values: object): string => (values as { readonly instanceId: string }).instanceId

export function startHelper(
  server: ApiServer,
  clock: FakeClock,
  cloud: Cloud,
  more: Partial<Record<keyof HelperConfig, unknown>> = {},
  options: { readonly name?: string; readonly client?: KubeClient; readonly http?: boolean } = {},
): Helper {
  const base = {
    registries: [registry('a')],
    identity: { type: 'worker-role' },
    attach: 'admission',
    release: { name: 'r', namespace: 'home', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'r-status' },
  }
  let config: object = { ...base, ...more }
  let broken: Error | undefined
  const log: string[] = []
  const lines: object[] = []
  const stop = new AbortController()
  const name = options.name ?? 'one'
  let serial = 0
  const write = (level: string) => (fields: object, message: string) => {
    const { code = '' } = fields as { code?: string }
    log.push([level, message, code].filter(Boolean).join(' '))
    lines.push({ level, message, ...fields })
  }
  const entryOf = (
    values: HelperConfig['registries'][number],
    { accessKey }: HelperConfig['identity'],
    key = values.instanceId ?? values.name,
  ): RegistryEntry => ({
    name: values.name,
    values,
    source: {
      key: `${key} ${accessKey?.existingSecret}`,
      sharedSession: false,
      async get() {
        cloud.calls.push(values.name)
        const issuedAt = clock.now()
        const response = await (cloud.responses.get(key) ?? cloud.responses.get(values.name) ?? 60)
        if (response instanceof Error) throw response
        serial += 1
        const expiresAt = issuedAt + response * 60_000
        const password = `${name}-${values.name}-${serial}`
        const domains = values.domains.length > 0 ? values.domains : [`${values.name}.example.com`]
        return { username: 'u', password, issuedAt, expiresAt, domains }
      },
    },
    verify: async () => cloud.verdicts.get(values.name) ?? 'accepted',
  })
  const metrics = createMetrics()
  const listening = Promise.withResolvers<number | undefined>()
  const done = runHelper(
    {
      readConfig: async () => JSON.stringify(config),
      createEntries(loaded) {
        if (broken) throw broken
        const unlimited = loaded.registries.filter(({ limit }) => limit !== 'repositories')
        return {
          unlimited: unlimited.map((values) => entryOf(values, loaded.identity)),
          of: (union) => ({
            ...entryOf(union.values, loaded.identity, `${union.values.instanceId} ${union.repositories}`),
            union,
            async measure(_token, turn) {
              cloud.measured.push(`${union.name} ${turn}`)
              return (await cloud.widths.get(union.name)) ?? { width: 'limited', reason: 'HTTP 401' }
            },
            mayPull: async () => ({ grant: cloud.pulls.get(union.name) ?? 'granted', detail: 'HTTP 404' }),
          }),
        }
      },
      client: options.client ?? server.client,
      clock,
      cloud: { now: clock.now, atLeast: clock.now, skew: () => 0 },
      random: () => 0.5,
      identity: name,
      podName: name,
      version: '0.0.0',
      unverified: () => [],
      log: {
        isLevelEnabled: () => false,
        debug: write('debug'),
        info: write('info'),
        warn: write('warn'),
        error: write('error'),
      },
      metrics,
      ...(options.http && { httpAddress: '127.0.0.1:0' }),
      onListen: listening.resolve,
    },
    stop.signal,
  ).then(
    () => 'stopped',
    (error: unknown) => toNopassError(error).code,
  )
  return {
    stop,
    done,
    log,
    lines,
    metrics,
    port: listening.promise,
    configure(next) {
      config = { ...config, ...next }
    },
    breakEntries(error) {
      broken = error
    },
  }
}

/** Returns the passwords in a Secret by domain. */
export function passwordsIn(server: ApiServer, namespace: string): Record<string, string> {
  const text = server.get(`secrets/${namespace}/acr-nopass`)?.data?.['.dockerconfigjson'] ?? ''
  const { auths = {} } = JSON.parse(Buffer.from(text, 'base64').toString() || '{}') as {
    auths?: Record<string, { auth: string }>
  }
  return Object.fromEntries(
    Object.entries(auths).map(([domain, { auth }]) => [domain, Buffer.from(auth, 'base64').toString().slice(2)]),
  )
}

/** The status that the helper wrote last. */
export function statusOf(server: ApiServer): HelperStatus {
  return JSON.parse(server.get('configmaps/home/r-status')?.data?.[STATUS_KEY] ?? '{}')
}

/** Writes and reads of the helper's own copy. */
export const isOwnWrite = ({ method, path }: KubeCall): boolean => method === 'PATCH' && path.includes('/home/secrets/')
export const isOwnRead = ({ method, path }: KubeCall): boolean => method === 'GET' && path.endsWith('/home/secrets')

/** A client whose writes of the helper's own copy arrive late. */
export function delayOwnWrites(server: ApiServer, clock: FakeClock, ms: number): KubeClient {
  return {
    ...server.client,
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      if (isOwnWrite(call)) await sleep(clock, ms, signal)
      return server.client.request<T>(call, signal)
    },
  }
}

export { createFakeClock }

/** Stops the helpers and waits until each has stopped without an error. */
export async function end(clock: ReturnType<typeof createFakeClock>, ...helpers: Helper[]): Promise<void> {
  for (const { stop } of helpers) stop.abort()
  await clock.advance(20_000)
  for (const { done } of helpers) assert.equal(await done, 'stopped')
}
