import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Cluster, startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import {
  APPLY,
  createKubeClient,
  type KubeCall,
  MERGE_PATCH,
  METADATA_ONLY,
  METADATA_ONLY_LIST,
  type Query,
  STRATEGIC_PATCH,
} from '../../src/kube/client.ts'
import type { AnyObject } from '../simulation/fields.ts'
import { createRandom, type Random } from '../simulation/random.ts'
import { createServer, type SimulatedServer, type WatchEvent } from '../simulation/server.ts'
import { controlPlane, minorOfRun } from '../support/cluster/control-plane.ts'
import { eventually } from '../support/eventually.ts'

// The simulation is only as good as its API server, so a real API server gets the same requests.

const SEQUENCES = 25
const REQUESTS = 60
const SEED = Number(process.env.ACR_NOPASS_SEED ?? 20_261_127)

let cluster: Cluster
before(async () => {
  const signal = AbortSignal.timeout(10 * 60_000)
  cluster = await startCluster({ name: 'conformance', tools: await controlPlane(minorOfRun(), signal), signal })
})
after(() => cluster?.stop())

interface Answer {
  readonly status: number
  readonly body: unknown
}

type Send = (call: KubeCall) => Promise<Answer>

const sendReal: Send = async (call) => {
  try {
    return { status: 200, body: await cluster.admin.request(call) }
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error
    return { status: error.status, body: { reason: error.reason } }
  }
}

function sendSimulated(server: SimulatedServer): Send {
  return async ({ method, path, query = {}, body, contentType, accept }) => {
    const text = withQuery(path, query)
    const given = body === undefined ? undefined : JSON.parse(JSON.stringify(body))
    const { status, body: response } = server.request({ method, path: text, body: given, contentType, accept })
    return status < 300
      ? { status: 200, body: response }
      : { status, body: { reason: (response as { reason: string }).reason } }
  }
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length === 0
    ? path
    : `${path}?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`
}

/** Creates one side of the comparison: its calls, and its names for UIDs and versions. */
function createSide(send: Send) {
  const written = new Map<string, { uid: string; version: string }[]>()
  const uids: string[] = []
  const versions: string[] = []
  const indexOf = (list: string[], value: string): number => {
    if (!list.includes(value)) list.push(value)
    return list.indexOf(value)
  }
  const normal = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const { metadata, kind, items, status: _status, ...rest } = value as AnyObject & { items?: unknown[] | null }
    if (metadata === undefined) return value
    if (kind === 'Status') return { kind }
    if (items !== undefined) {
      const { continue: more, remainingItemCount } = metadata as unknown as Record<string, unknown>
      return { kind, more: more !== undefined, remainingItemCount, items: items?.map(normal) ?? null }
    }
    const { uid, resourceVersion, name, namespace, labels, annotations, managedFields = [] } = metadata
    const owners = managedFields
      .map(({ manager, operation, fieldsV1 }) => ({ manager, operation, fieldsV1 }))
      .sort((a, b) => (`${a.manager}${a.operation}` < `${b.manager}${b.operation}` ? -1 : 1))
    const meta = { name, namespace, labels, annotations, ending: metadata.deletionTimestamp !== undefined, owners }
    return { kind, ...rest, ...meta, uid: indexOf(uids, uid), version: indexOf(versions, `${uid} ${resourceVersion}`) }
  }
  return {
    written,
    normal,
    async send(call: KubeCall, key: string): Promise<{ status: number; body: unknown; raw: unknown }> {
      const { status, body } = await send(call)
      const metadata = (body as Partial<AnyObject> | undefined)?.metadata
      if (status < 300 && metadata?.uid !== undefined) {
        written.set(key, [...(written.get(key) ?? []), { uid: metadata.uid, version: metadata.resourceVersion }])
      }
      return { status, body: normal(body), raw: body }
    },
  }
}

type Side = ReturnType<typeof createSide>
type Known = 'none' | 'current' | 'stale' | 'other'

/**
 * A request in which versions and UIDs are placeholders that each side fills with its own values.
 */
interface Step {
  readonly title: string
  readonly key: string
  readonly call: (side: Side) => KubeCall
}

const PREFIX = {
  secrets: '/api/v1',
  serviceaccounts: '/api/v1',
  configmaps: '/api/v1',
  leases: '/apis/coordination.k8s.io/v1',
}
const KIND = { secrets: 'Secret', serviceaccounts: 'ServiceAccount', configmaps: 'ConfigMap', leases: 'Lease' }
type Resource = keyof typeof KIND

const subset = (random: Random, of: readonly string[]): Record<string, string> =>
  Object.fromEntries(of.filter(() => random.chance(0.5)).map((key) => [key, String(random.int(1, 2))]))

/** Draws the part of an object that matters to a writer. */
function drawContent(random: Random, resource: Resource): Record<string, unknown> {
  switch (resource) {
    case 'secrets': {
      const content = `{"auths":{"${random.pick(['a', 'b'])}":{"auth":"dTpw"}}}`
      return {
        type: 'kubernetes.io/dockerconfigjson',
        data: {
          '.dockerconfigjson': Buffer.from(content).toString('base64'),
          ...(random.chance(0.3) && { more: 'eA==' }),
        },
      }
    }
    case 'serviceaccounts':
      return random.chance(0.8)
        ? { imagePullSecrets: random.pick([['x'], ['x', 'y'], ['y'], []]).map((name) => ({ name })) }
        : {}
    case 'configmaps':
      return random.chance(0.8) ? { data: { k: random.pick(['1', '2']), ...(random.chance(0.4) && { l: '1' }) } } : {}
    case 'leases':
      return { spec: { holderIdentity: random.pick(['one', 'two']), leaseDurationSeconds: random.pick([15, 30]) } }
  }
}

function drawStep(random: Random, namespace: string): Step {
  const resource = random.pick([
    'secrets',
    'secrets',
    'serviceaccounts',
    'serviceaccounts',
    'configmaps',
    'leases',
  ] as const)
  const name = random.pick(['one', 'two'])
  const key = `${resource}/${name}`
  const list = `${PREFIX[resource]}/namespaces/${namespace}/${resource}`
  const path = `${list}/${name}`
  const about = { apiVersion: resource === 'leases' ? 'coordination.k8s.io/v1' : 'v1', kind: KIND[resource] }
  const manager = random.pick(['acr-nopass', 'acr-nopass', 'acr-nopass-content', 'gitops', 'kubectl'])
  const query = { fieldManager: manager }
  const content = drawContent(random, resource)
  const labels = subset(random, ['a', 'b'])
  const annotations = subset(random, ['c'])
  const marks = {
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  }
  const known = random.pick<Known>(['none', 'none', 'current', 'current', 'stale', 'other'])
  const withUid = random.chance(0.7)
  const preconditions = ({ written }: Side): object => {
    const all = written.get(key) ?? []
    const one = known === 'none' ? undefined : known === 'stale' ? all.at(-2) : all.at(-1)
    if (one === undefined) return {}
    const uid = known === 'other' ? '00000000-0000-0000-0000-000000000000' : one.uid
    return { ...(withUid && { uid }), resourceVersion: one.version }
  }
  const accept = random.chance(0.3) ? METADATA_ONLY : undefined
  const given = { ...(accept && { accept }) }
  const meta = (side: Side) => ({ name, namespace, ...marks, ...preconditions(side) })
  const force = random.chance(0.5)
  switch (
    random.pick(['create', 'put', 'merge', 'merge', 'strategic', 'apply', 'apply', 'apply', 'delete', 'get', 'list'])
  ) {
    case 'create':
      return {
        key,
        title: `create ${key}`,
        call: () => ({
          method: 'POST',
          path: list,
          query,
          body: { ...about, ...content, metadata: { name, namespace, ...marks } },
          ...given,
        }),
      }
    case 'put':
      return {
        key,
        title: `put ${key} ${known}`,
        call: (side) => ({
          method: 'PUT',
          path,
          query,
          // The minor versions disagree about a UID for a deleted object, and the helper updates
          // only the Lease with PUT.
          body: { ...about, ...content, metadata: { ...meta(side), ...(resource !== 'leases' && { uid: undefined }) } },
          ...given,
        }),
      }
    case 'merge':
      return {
        key,
        title: `merge ${key} ${known}`,
        call: (side) => ({
          method: 'PATCH',
          path,
          query,
          contentType: MERGE_PATCH,
          body: { ...content, metadata: { ...preconditions(side), ...marks } },
          ...given,
        }),
      }
    case 'strategic': {
      // The helper sends only maps (src/helper/writes/writer.ts).
      const { data } = content
      const body = (side: Side) => ({
        metadata: { ...preconditions(side), ...(annotations.c && { annotations }) },
        ...(data !== undefined && { data }),
      })
      return {
        key,
        title: `strategic ${key} ${known}`,
        call: (side) => ({ method: 'PATCH', path, query, contentType: STRATEGIC_PATCH, body: body(side), ...given }),
      }
    }
    case 'apply': {
      // The helper applies only Secrets. The ownership of an empty list that is not stored is not
      // compared.
      const { imagePullSecrets, ...rest } = content
      const applied = (imagePullSecrets as unknown[] | undefined)?.length ? content : rest
      // The helper creates objects with a version that no object has (src/helper/writes/writer.ts).
      const absent = known === 'none' && random.chance(0.5)
      return {
        key,
        title: `apply ${key} ${absent ? 'absent' : known} force=${force}`,
        call: (side) => ({
          method: 'PATCH',
          path,
          query: { ...query, force },
          contentType: APPLY,
          body: { ...about, ...applied, metadata: { ...meta(side), ...(absent && { resourceVersion: '1' }) } },
          ...given,
        }),
      }
    }
    case 'delete':
      return { key, title: `delete ${key}`, call: () => ({ method: 'DELETE', path }) }
    case 'list':
      return {
        key: '',
        title: `list ${resource}`,
        call: () => ({
          method: 'GET',
          path: list,
          query: { fieldSelector: `metadata.name=${name}` },
          ...(accept && { accept: METADATA_ONLY_LIST }),
        }),
      }
    default:
      return { key, title: `get ${key}`, call: () => ({ method: 'GET', path, ...given }) }
  }
}

const newServer = (): SimulatedServer => createServer({ time: () => 0, watchList: minorOfRun() === 'newest' })

async function createNamespaces(server: SimulatedServer, name: string): Promise<void> {
  const call: KubeCall = { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } }
  for (const send of [sendReal, sendSimulated(server)]) assert.equal((await send(call)).status, 200)
}

test(`${SEQUENCES} random sequences of requests get the real API server's responses and watch events (seed ${SEED})`, async () => {
  for (let sequence = 0; sequence < SEQUENCES; sequence += 1) {
    const random = createRandom(SEED + sequence)
    const namespace = `s-${sequence}`
    const server = newServer()
    await createNamespaces(server, namespace)
    const [real, simulated] = [createSide(sendReal), createSide(sendSimulated(server))]
    const watched = `/api/v1/namespaces/${namespace}/secrets`
    const watchQuery = { fieldSelector: 'metadata.name=one' }
    const stop = new AbortController()
    const realEvents: WatchEvent[] = []
    const simulatedEvents: WatchEvent[] = []
    const from = await cluster.admin.request<AnyObject>({ method: 'GET', path: watched, query: watchQuery })
    const watching = cluster.admin
      .watch(
        {
          path: watched,
          query: { ...watchQuery, resourceVersion: from.metadata.resourceVersion },
          accept: METADATA_ONLY,
        },
        (event) => void realEvents.push(event as WatchEvent),
        stop.signal,
      )
      .catch(() => undefined)
    const path = `${watched}?fieldSelector=metadata.name%3Done&resourceVersion=${server.version}`
    server.watch(
      { method: 'GET', path, accept: METADATA_ONLY },
      (event) => void simulatedEvents.push(event),
      () => undefined,
    )
    const titles: string[] = []
    for (let index = 0; index < REQUESTS; index += 1) {
      const step = drawStep(random, namespace)
      titles.push(step.title)
      const [one, two] = [
        await real.send(step.call(real), step.key),
        await simulated.send(step.call(simulated), step.key),
      ]
      const where = `sequence ${sequence}, request ${index}: ${titles.slice(-8).join(' | ')}\n${JSON.stringify(step.call(simulated))}`
      assert.deepEqual({ status: two.status, body: two.body }, { status: one.status, body: one.body }, where)
    }
    await eventually(() => assert.equal(realEvents.length, simulatedEvents.length))
    const view = (side: Side, events: readonly WatchEvent[]) =>
      events.map(({ type, object }) => ({ type, object: side.normal(object) }))
    assert.deepEqual(view(simulated, simulatedEvents), view(real, realEvents), `sequence ${sequence}`)
    stop.abort()
    await watching
  }
})

test('pages, WatchList and terminating namespaces get the same responses', async () => {
  const server = newServer()
  const [real, simulated] = [createSide(sendReal), createSide(sendSimulated(server))]
  await createNamespaces(server, 'pages')
  const list = '/api/v1/namespaces/pages/secrets'
  const both = async (call: (side: Side) => KubeCall, title: string) => {
    const [one, two] = [await real.send(call(real), ''), await simulated.send(call(simulated), '')]
    assert.deepEqual({ status: two.status, body: two.body }, { status: one.status, body: one.body }, title)
    return new Map<Side, unknown>([
      [real, one.raw],
      [simulated, two.raw],
    ])
  }
  for (const name of ['c', 'a', 'e', 'b', 'd']) {
    await both(
      () => ({ method: 'POST', path: list, query: { fieldManager: 'm' }, body: { metadata: { name } } }),
      `create ${name}`,
    )
  }
  for (const accept of ['application/json', METADATA_ONLY_LIST]) {
    const next = new Map<Side, string>()
    for (const page of [1, 2, 3]) {
      const call = (side: Side): KubeCall => ({
        method: 'GET',
        path: list,
        query: { limit: 2, continue: next.get(side) },
        accept,
      })
      for (const [side, raw] of await both(call, `page ${page}`)) {
        next.set(side, (raw as { metadata: { continue?: string } }).metadata.continue ?? '')
      }
    }
  }

  /** Returns the first event, or the error response. */
  const firstEvent = async (query: Record<string, string | number | boolean>): Promise<unknown[]> => {
    const stop = new AbortController()
    let fromReal: unknown
    const note = ({ type, object }: { type: string; object: unknown }): void => {
      fromReal ??= { type, code: (object as { code?: number }).code, reason: (object as { reason?: string }).reason }
      stop.abort()
    }
    await cluster.admin.watch({ path: list, query }, note, stop.signal).catch((error: unknown) => {
      if (error instanceof KubeApiError) fromReal ??= { status: error.status, reason: error.reason }
    })
    let fromSimulated: unknown
    const opened = server.watch(
      { method: 'GET', path: withQuery(list, query) },
      ({ type, object }) => {
        const { code, reason } = object as { code?: number; reason?: string }
        fromSimulated ??= { type, code, reason }
      },
      () => undefined,
    )
    if ('status' in opened)
      fromSimulated = { status: opened.status, reason: (opened.body as { reason: string }).reason }
    return [fromSimulated, fromReal]
  }
  const start = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }
  const [fromSimulated, fromReal] = await firstEvent(start)
  assert.deepEqual(fromSimulated, fromReal)

  // A namespace keeps terminating as long as an object in it has a finalizer.
  await createNamespaces(server, 'ending')
  const held = { metadata: { name: 'held', finalizers: ['example.com/held'] } }
  await sendReal({ method: 'POST', path: '/api/v1/namespaces/ending/configmaps', body: held })
  const remove: KubeCall = { method: 'DELETE', path: '/api/v1/namespaces/ending' }
  for (const send of [sendReal, sendSimulated(server)]) await send(remove)
  for (const namespace of ['ending', 'nowhere']) {
    const path = `/api/v1/namespaces/${namespace}/secrets`
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late', namespace } }
    await both(() => ({ method: 'POST', path, body }), `create in ${path}`)
    await both(
      () => ({ method: 'PATCH', path: `${path}/late`, query: { fieldManager: 'm' }, contentType: APPLY, body }),
      `apply in ${path}`,
    )
  }
  const release = { metadata: { finalizers: null } }
  await sendReal({
    method: 'PATCH',
    path: '/api/v1/namespaces/ending/configmaps/held',
    contentType: MERGE_PATCH,
    body: release,
  })
})

test('each response, including errors and the headers of a watch, has a Date header in the same format', async () => {
  const dates = new Map<string, string | undefined>()
  // Go's net/http sets the header on every response that lacks it (net/http/server.go,
  // writeHeader), and the API server does not set it.
  const begin = Date.now()
  const stop = new AbortController()
  const client = createKubeClient(cluster.adminConnection, {
    onCall: ({ verb, status, date }) => {
      dates.set(`${verb} ${status}`, date)
      if (verb === 'WATCH') stop.abort()
    },
  })
  const path = '/api/v1/namespaces/default/secrets'
  await client.request({ method: 'GET', path })
  await assert.rejects(client.request({ method: 'GET', path: `${path}/none` }))
  // No event happens, but the head of the response is sent.
  await assert.rejects(client.watch({ path, query: { resourceVersion: 0 } }, () => undefined, stop.signal))
  client.close()
  assert.deepEqual([...dates.keys()], ['GET 200', 'GET 404', 'WATCH 200'])
  for (const [call, date = ''] of dates) {
    assert.equal(new Date(date).toUTCString(), date, call)
    assert.ok(Date.parse(date) > begin - 1000 && Date.parse(date) <= Date.now(), `${call}: ${date}`)
  }
  const simulated = newServer().date()
  assert.equal(new Date(simulated).toUTCString(), simulated)
})
