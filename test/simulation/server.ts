import { APPLY, MERGE_PATCH, STRATEGIC_PATCH } from '../../src/kube/client.ts'
import { type AnyObject, mergeJson, ownApply, ownUpdate } from './fields.ts'
import { START } from './time.ts'

export interface ServerRequest {
  /** Undefined for an administrator. */
  readonly user?: string | undefined
  readonly method: string
  /** Including the query. */
  readonly path: string
  readonly contentType?: string | undefined
  readonly accept?: string | undefined
  readonly body?: unknown
}

export interface ServerResponse {
  readonly status: number
  readonly body: unknown
  readonly retryAfter?: string
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: unknown
}

/** One change of the store. */
export interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: string
  readonly key: string
  readonly object: AnyObject
  readonly before: AnyObject | undefined
  readonly user: string | undefined
}

export interface OpenWatch {
  /** Ends the watch without an error, as at its time limit. */
  end(): void
  readonly seconds: number | undefined
}

/**
 * Decides whether a user may perform a request. Namespace and name are empty if the request has
 * none.
 */
export type Authorizer = (
  user: string,
  verb: string,
  target: { readonly resource: string; readonly namespace: string; readonly name: string },
) => boolean

export interface ServerOptions {
  /** Milliseconds since the start. */
  readonly time: () => number
  /** How many milliseconds the server's clock is ahead. */
  readonly ahead?: number
  readonly authorize?: Authorizer
  /** True if the server supports `sendInitialEvents`. Servers before 1.32 reject it. */
  readonly watchList?: boolean
}

/**
 * A simulated API server. It responds immediately, and keeps its history until the history is
 * compacted.
 */
export interface SimulatedServer {
  request(request: ServerRequest): ServerResponse
  /** Returns an error response or the open watch. */
  watch(request: ServerRequest, onEvent: (event: WatchEvent) => void, onEnd: () => void): ServerResponse | OpenWatch
  /** The `Date` header of a response, which Go's net/http sets when it writes the headers. */
  date(): string
  /**
   * Mutating policies, in order. Each policy changes the objects that users write before they are
   * stored. Writes of administrators are not changed.
   */
  readonly admission: ((object: AnyObject, resource: string) => AnyObject)[]
  /** Called before a Pod is evicted. */
  onEvict: (pod: AnyObject, user: string) => void
  /** Called after each change, before the watchers get the event. */
  onChange: (change: Change) => void
  get(resource: string, key: string): AnyObject | undefined
  all(resource: string): readonly AnyObject[]
  /** Deletes the history, so that watches and continued lists of earlier versions get 410. */
  compact(): void
  /** Sends a bookmark to all watches that requested bookmarks. */
  bookmark(): void
  readonly version: number
  /** Removes an object, as if a controller removed its last finalizer. */
  finish(resource: string, key: string): void
  /**
   * Makes a backup. The returned function restores objects and revision, as a restore of etcd does.
   */
  snapshot(): () => void
}

const KINDS: Readonly<Record<string, { kind: string; apiVersion: string; title: string }>> = {
  namespaces: { kind: 'Namespace', apiVersion: 'v1', title: 'namespaces' },
  secrets: { kind: 'Secret', apiVersion: 'v1', title: 'secrets' },
  serviceaccounts: { kind: 'ServiceAccount', apiVersion: 'v1', title: 'serviceaccounts' },
  configmaps: { kind: 'ConfigMap', apiVersion: 'v1', title: 'configmaps' },
  events: { kind: 'Event', apiVersion: 'v1', title: 'events' },
  pods: { kind: 'Pod', apiVersion: 'v1', title: 'pods' },
  leases: { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', title: 'leases.coordination.k8s.io' },
}
const PATH = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+)(?:\/eviction)?)?$/
const PATCHES: readonly string[] = [APPLY, MERGE_PATCH, STRATEGIC_PATCH]

interface Target {
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly query: URLSearchParams
}

class StatusError extends Error {
  readonly response: ServerResponse

  constructor(status: number, reason: string, message: string) {
    super(message)
    const code = { status: 'Failure', message, reason, code: status }
    this.response = { status, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, ...code } }
  }
}

export function createServer(options: ServerOptions): SimulatedServer {
  let stores = new Map<string, Map<string, AnyObject>>(Object.keys(KINDS).map((resource) => [resource, new Map()]))
  let history: Change[] = []
  let version = 100
  let compacted = version
  /**
   * The base of versions that other clients use. Nodes renew their Leases, so a cluster has at
   * least one write per second.
   */
  let otherWrites = version
  let serial = 0
  const watchers = new Set<{
    readonly matches: (change: Change) => boolean
    send(change: Change): void
    bookmark(): void
  }>()
  const clock = (): Date => new Date(START + options.time() + (options.ahead ?? 0))
  const now = (): string =>
    clock()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
  const store = (resource: string): Map<string, AnyObject> => stores.get(resource) ?? new Map()

  const server: SimulatedServer = {
    request(request) {
      try {
        return handle(request)
      } catch (error) {
        if (error instanceof StatusError) return error.response
        throw error
      }
    },
    watch(request, onEvent, onEnd) {
      try {
        return openWatch(request, onEvent, onEnd)
      } catch (error) {
        if (error instanceof StatusError) return error.response
        throw error
      }
    },
    date: () => clock().toUTCString(),
    admission: [],
    onEvict: () => undefined,
    onChange: () => undefined,
    get: (resource, key) => store(resource).get(key),
    all: (resource) => [...store(resource).values()],
    compact() {
      compacted = version
      history = []
    },
    bookmark() {
      for (const watcher of watchers) watcher.bookmark()
    },
    get version() {
      return version
    },
    finish(resource, key) {
      if (store(resource).has(key)) commit('DELETED', resource, key, store(resource).get(key) as AnyObject, undefined)
    },
    snapshot() {
      const kept = new Map([...stores].map(([resource, objects]) => [resource, new Map(objects)]))
      const at = version
      return () => {
        stores = kept
        version = at
        otherWrites = at - Math.floor(options.time() / 1000)
        compacted = at
        history = []
      }
    },
  }
  return server

  function commit(
    type: Change['type'],
    resource: string,
    key: string,
    object: AnyObject,
    user: string | undefined,
  ): AnyObject {
    version = Math.max(version + 1, otherWrites + Math.floor(options.time() / 1000))
    const before = store(resource).get(key)
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
    if (type === 'DELETED') store(resource).delete(key)
    else store(resource).set(key, stored)
    const change = { version, type, resource, key, object: stored, before, user }
    history.push(change)
    server.onChange(change)
    for (const watcher of [...watchers]) if (watcher.matches(change)) watcher.send(change)
    return stored
  }

  function handle(request: ServerRequest): ServerResponse {
    const target = parse(request.path)
    const { resource, namespace, name } = target
    const key = keyOf(target)
    switch (request.method) {
      case 'GET': {
        authorize(request, name === '' ? 'list' : 'get', target)
        if (name === '') return { status: 200, body: list(request, target) }
        return { status: 200, body: represent(request, found(resource, key, name)) }
      }
      case 'POST': {
        authorize(request, 'create', target)
        if (name !== '') return evict(request, found(resource, key, name), key)
        const given = request.body as AnyObject
        const created = create(target, { ...given, metadata: { ...given.metadata } }, request)
        return { status: 201, body: represent(request, created) }
      }
      case 'PUT': {
        authorize(request, 'update', target)
        const before = store(resource).get(key)
        const given = request.body as AnyObject
        if (before === undefined) {
          if (resource !== 'leases') throw notFound(resource, name)
          authorize(request, 'create', target)
          if (given.metadata.uid) throw conflict(resource, name, 'Precondition failed: there is no such object')
          if (given.metadata.resourceVersion) throw notFound(resource, name)
          return { status: 201, body: represent(request, create(target, given, request)) }
        }
        if (resource === 'leases' && !given.metadata.resourceVersion) {
          throw invalid(resource, name, 'metadata.resourceVersion: Invalid value: 0: must be specified for an update')
        }
        return { status: 200, body: represent(request, update(target, before, given, request)) }
      }
      case 'PATCH':
        return patch(request, target)
      case 'DELETE': {
        authorize(request, 'delete', target)
        const before = found(resource, key, name)
        const { uid } = (request.body as { preconditions?: { uid?: string } } | undefined)?.preconditions ?? {}
        if (uid !== undefined && uid !== before.metadata.uid) {
          throw conflict(resource, name, `the UID in the precondition (${uid}) does not match the UID in record`)
        }
        if (resource === 'namespaces') {
          if (before.metadata.deletionTimestamp === undefined) {
            const ending = {
              ...before,
              metadata: { ...before.metadata, deletionTimestamp: now() },
              status: { phase: 'Terminating' },
            }
            commit('MODIFIED', resource, key, ending, request.user)
          }
          return { status: 200, body: represent(request, found(resource, key, name)) }
        }
        const deleted = commit('DELETED', resource, key, before, request.user)
        if (resource === 'serviceaccounts') return { status: 200, body: represent(request, deleted) }
        const details = { name, kind: resource, uid: before.metadata.uid }
        return { status: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } }
      }
      default:
        throw new StatusError(405, 'MethodNotAllowed', `${request.method} ${namespace} is not supported`)
    }
  }

  function evict({ body, user = '' }: ServerRequest, pod: AnyObject, key: string): ServerResponse {
    const { preconditions } = (body as { deleteOptions: { preconditions: { uid: string; resourceVersion: string } } })
      .deleteOptions
    const { uid, resourceVersion } = pod.metadata
    if (preconditions.uid !== uid || preconditions.resourceVersion !== resourceVersion)
      throw conflict('pods', pod.metadata.name, 'the precondition does not match')
    server.onEvict(pod, user)
    commit('DELETED', 'pods', key, pod, user)
    return { status: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } }
  }

  function admitted(object: AnyObject, resource: string, { user }: ServerRequest): AnyObject {
    return user === undefined ? object : server.admission.reduce((one, mutate) => mutate(one, resource), object)
  }

  function patch(request: ServerRequest, target: Target): ServerResponse {
    const { resource, name, query } = target
    const { contentType = '' } = request
    authorize(request, 'patch', target)
    if (!PATCHES.includes(contentType)) throw new StatusError(415, 'UnsupportedMediaType', `no patch: ${contentType}`)
    const before = store(resource).get(keyOf(target))
    if (contentType !== APPLY) {
      if (before === undefined) throw notFound(resource, name)
      const merged = mergeJson(before, request.body) as AnyObject
      return { status: 200, body: represent(request, update(target, before, merged, request)) }
    }
    const given = request.body as AnyObject
    const { object, conflicts } = ownApply(before, normalize(target, given), query.get('fieldManager') ?? '', now())
    if (before === undefined) {
      authorize(request, 'create', target)
      checkNamespace(target)
      if (given.metadata.uid) {
        const text = `uid mismatch: the provided object specified uid ${given.metadata.uid}, and no existing object was found`
        throw conflict(resource, name, text)
      }
      return { status: 201, body: represent(request, create(target, withoutVersion(object ?? given), request, true)) }
    }
    if (conflicts.length > 0 && query.get('force') !== 'true') {
      throw new StatusError(409, 'Conflict', `Apply failed with conflicts: conflicts with ${conflicts.join(', ')}`)
    }
    // Check the uid and resourceVersion of the request even if the request changes nothing.
    const { uid, resourceVersion } = given.metadata
    const next = object ?? {
      ...before,
      metadata: { ...before.metadata, ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
    }
    return { status: 200, body: represent(request, update(target, before, next, request, object !== undefined)) }
  }

  function normalize(target: Target, given: AnyObject): AnyObject {
    const { resource, namespace, name } = target
    const { kind = '', apiVersion = '' } = KINDS[resource] ?? {}
    const metadata = { ...given.metadata, name, ...(namespace !== '' && { namespace }) }
    const { imagePullSecrets, ...rest } = given
    // An empty list is not stored.
    const list = Array.isArray(imagePullSecrets) && imagePullSecrets.length > 0 ? { imagePullSecrets } : {}
    return { apiVersion, kind, ...rest, ...list, metadata }
  }

  function create(target: Target, given: AnyObject, request: ServerRequest, owned = false): AnyObject {
    const { resource } = target
    const name = given.metadata.name
    const at = { ...target, name }
    checkNamespace(at)
    const key = keyOf(at)
    if (store(resource).has(key)) {
      throw new StatusError(409, 'AlreadyExists', `${KINDS[resource]?.title} "${name}" already exists`)
    }
    if (given.metadata.resourceVersion) {
      throw new StatusError(400, 'BadRequest', 'resourceVersion should not be set on objects to be created')
    }
    serial += 1
    const uid = `uid-${serial.toString(36).padStart(6, '0')}`
    const more =
      resource === 'namespaces'
        ? { labels: { ...given.metadata.labels, 'kubernetes.io/metadata.name': name } }
        : { namespace: target.namespace }
    const fresh = normalize(at, {
      ...(resource === 'secrets' && { type: 'Opaque' }),
      ...given,
      metadata: { ...given.metadata, ...more, uid, creationTimestamp: now() },
      ...(resource === 'namespaces' && { status: { phase: 'Active' } }),
    })
    const object = owned ? fresh : (ownUpdate({}, withoutVersion(fresh), managerOf(request, target), now()) ?? fresh)
    return commit('ADDED', resource, key, admitted(object, resource, request), request.user)
  }

  function update(
    target: Target,
    before: AnyObject,
    given: AnyObject,
    request: ServerRequest,
    owned = false,
  ): AnyObject {
    const { resource, name } = target
    const { resourceVersion = '', uid } = given.metadata
    if (resourceVersion !== '' && resourceVersion !== before.metadata.resourceVersion) {
      const text = 'the object has been modified; please apply your changes to the latest version and try again'
      throw conflict(resource, name, text)
    }
    if (uid !== undefined && uid !== before.metadata.uid) {
      if (request.method === 'PUT') {
        throw conflict(
          resource,
          name,
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
        )
      }
      throw invalid(resource, name, `metadata.uid: Invalid value: "${uid}": field is immutable`)
    }
    if (resource === 'secrets' && (given.type ?? 'Opaque') !== before.type) {
      throw invalid(resource, name, 'type: Invalid value: field is immutable')
    }
    const { managedFields } = owned ? given.metadata : before.metadata
    const { creationTimestamp, deletionTimestamp } = before.metadata
    const kept = { uid: before.metadata.uid, resourceVersion: before.metadata.resourceVersion, creationTimestamp }
    const metadata = {
      ...given.metadata,
      ...kept,
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
      ...(resource === 'namespaces' && {
        labels: { ...given.metadata.labels, 'kubernetes.io/metadata.name': name },
      }),
      ...(managedFields && { managedFields }),
    }
    const asked = normalize(target, {
      ...(resource === 'secrets' && { type: before.type }),
      ...given,
      metadata,
    } as AnyObject)
    const next = normalize(target, admitted(asked, resource, request))
    const object = owned ? next : ownUpdate(before, next, managerOf(request, target), now())
    if (object === undefined) return before
    return commit('MODIFIED', resource, keyOf(target), object, request.user)
  }

  function checkNamespace({ resource, namespace, name }: Target): void {
    if (resource === 'namespaces') return
    const parent = store('namespaces').get(namespace)
    if (parent === undefined) throw notFound('namespaces', namespace)
    if (parent.metadata.deletionTimestamp !== undefined) {
      const text = `unable to create new content in namespace ${namespace} because it is being terminated`
      throw new StatusError(403, 'Forbidden', `${KINDS[resource]?.title} "${name}" is forbidden: ${text}`)
    }
  }

  function list(request: ServerRequest, target: Target): unknown {
    const { resource, namespace, query } = target
    const { kind = '', apiVersion = '' } = KINDS[resource] ?? {}
    const token = query.get('continue') ?? ''
    const [atText = '', after = ''] = token === '' ? [] : Buffer.from(token, 'base64url').toString().split('\n')
    const at = token === '' ? version : Number(atText)
    if (at < compacted) {
      throw new StatusError(
        410,
        'Expired',
        'The provided continue parameter is too old to display a consistent list result.',
      )
    }
    const limit = Number(query.get('limit') ?? 0) || Number.POSITIVE_INFINITY
    const matching = stateAt(resource, at)
      .filter(([, object]) => isIn(object, namespace) && isSelected(object, query))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .filter(([key]) => key > after)
    const page = matching.slice(0, limit)
    const more = matching.length > page.length
    const next = more ? Buffer.from(`${at}\n${page.at(-1)?.[0] ?? ''}`).toString('base64url') : undefined
    const metadata = {
      resourceVersion: String(at),
      ...(next && { continue: next }),
      ...(more && !query.has('fieldSelector') && { remainingItemCount: matching.length - page.length }),
    }
    const onlyMetadata = isMetadataOnly(request)
    const items = page.map(([, object]) => {
      if (onlyMetadata) return represent(request, object)
      const { kind: _kind, apiVersion: _version, ...rest } = object
      return rest
    })
    if (!onlyMetadata) return { kind: `${kind}List`, apiVersion, metadata, items }
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: items.length === 0 ? null : items,
    }
  }

  function stateAt(resource: string, at: number): [string, AnyObject][] {
    const state = new Map(store(resource))
    for (const change of history.toReversed()) {
      if (change.version <= at) break
      if (change.resource !== resource) continue
      if (change.before === undefined) state.delete(change.key)
      else state.set(change.key, change.before)
    }
    return [...state]
  }

  function openWatch(request: ServerRequest, onEvent: (event: WatchEvent) => void, onEnd: () => void): OpenWatch {
    const target = parse(request.path)
    const { resource, namespace, query } = target
    authorize(request, 'watch', target)
    const initial = query.get('sendInitialEvents') === 'true'
    if (initial && options.watchList === false) {
      throw invalid(
        '',
        '',
        'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
      )
    }
    const from = query.get('resourceVersion') ?? ''
    const since = initial ? 0 : Number(from)
    const seconds = Number(query.get('timeoutSeconds') ?? 0) || undefined
    const sendsBookmarks = query.get('allowWatchBookmarks') === 'true'
    const send = (type: WatchEvent['type'], object: unknown): void => onEvent({ type, object })
    const bookmark = (annotations?: object): void => {
      const { kind = '', apiVersion = '' } = KINDS[resource] ?? {}
      const about = isMetadataOnly(request)
        ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }
        : { kind, apiVersion }
      const metadata = { resourceVersion: String(version), ...(annotations && { annotations }) }
      send('BOOKMARK', { ...about, metadata })
    }
    // A version that a restored server has not reached yet is not an error: until then the watch
    // gets neither events nor bookmarks (k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go,
    // processInterval and process).
    const matches = (change: Change): boolean =>
      change.version > since &&
      change.resource === resource &&
      isIn(change.object, namespace) &&
      isSelected(change.object, query)
    const watcher = {
      matches,
      send: ({ type, object }: Change) => send(type, represent(request, object)),
      bookmark: () => {
        if (sendsBookmarks && version >= since) bookmark()
      },
    }
    if (initial || from === '' || from === '0') {
      const now = stateAt(resource, version).sort(([a], [b]) => (a < b ? -1 : 1))
      for (const [, object] of now) {
        if (isIn(object, namespace) && isSelected(object, query)) send('ADDED', represent(request, object))
      }
      if (initial && sendsBookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' })
    } else if (Number(from) < compacted) {
      const text = `too old resource version: ${from} (${compacted})`
      send('ERROR', new StatusError(410, 'Expired', text).response.body)
      onEnd()
      return { seconds, end: () => undefined }
    } else {
      for (const change of history) if (matches(change)) watcher.send(change)
    }
    watchers.add(watcher)
    return {
      seconds,
      end() {
        if (!watchers.delete(watcher)) return
        onEnd()
      },
    }
  }

  function authorize(request: ServerRequest, verb: string, { resource, namespace, name, query }: Target): void {
    if (request.user === undefined || options.authorize === undefined) return
    const selected = name === '' ? selectedName(query) : name
    const at = resource === 'namespaces' ? name : namespace
    if (options.authorize(request.user, verb, { resource, namespace: at, name: selected })) return
    const text = `User "${request.user}" cannot ${verb} resource "${resource}"`
    throw new StatusError(403, 'Forbidden', `${KINDS[resource]?.title} ${JSON.stringify(name)} is forbidden: ${text}`)
  }

  function found(resource: string, key: string, name: string): AnyObject {
    const object = store(resource).get(key)
    if (object === undefined) throw notFound(resource, name)
    return object
  }
}

function parse(path: string): Target {
  const url = new URL(path, 'https://server')
  const [, namespace = '', resource = '', name = ''] = PATH.exec(url.pathname) ?? []
  if (!(resource in KINDS)) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
  return { resource, namespace, name: decodeURIComponent(name), query: url.searchParams }
}

function keyOf({ namespace, name }: Target): string {
  return namespace === '' ? name : `${namespace}/${name}`
}

function managerOf({ user }: ServerRequest, { query }: Target): string {
  return query.get('fieldManager') ?? (user === undefined ? 'admin' : 'acr-nopass')
}

function isIn({ metadata }: AnyObject, namespace: string): boolean {
  return namespace === '' || metadata.namespace === namespace
}

function selectedName(query: URLSearchParams): string {
  return /(?:^|,)metadata\.name=([^,]*)/.exec(query.get('fieldSelector') ?? '')?.[1] ?? ''
}

function isSelected({ metadata, status }: AnyObject, query: URLSearchParams): boolean {
  const name = selectedName(query)
  const phase = /(?:^|,)status\.phase=([^,]*)/.exec(query.get('fieldSelector') ?? '')?.[1]
  const isInPhase = phase === undefined || (status as { readonly phase?: string } | undefined)?.phase === phase
  return isInPhase && (name === '' || metadata.name === name)
}

function isMetadataOnly({ accept = '' }: ServerRequest): boolean {
  return accept.includes('as=PartialObjectMetadata')
}

function represent(request: ServerRequest, object: AnyObject): unknown {
  if (!isMetadataOnly(request)) return object
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}

function withoutVersion(object: AnyObject): AnyObject {
  const { resourceVersion: _none, ...metadata } = object.metadata
  return { ...object, metadata: metadata as AnyObject['metadata'] }
}

function notFound(resource: string, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${KINDS[resource]?.title} "${name}" not found`)
}

function conflict(resource: string, name: string, text: string): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${KINDS[resource]?.title} "${name}": ${text}`,
  )
}

function invalid(resource: string, name: string, text: string): StatusError {
  return new StatusError(422, 'Invalid', `${KINDS[resource]?.kind ?? ''} "${name}" is invalid: ${text}`)
}
