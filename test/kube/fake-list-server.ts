import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import type { KubeConnection } from '../../src/kube/kube-connection.ts'

interface Item {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string }
}

/**
 * One list of an API server over TLS, with the faults of real servers and of the network in front
 * of them.
 */
export interface FakeListServer extends AsyncDisposable {
  readonly connection: KubeConnection
  /** Query strings of all requests, in order. */
  readonly requests: URLSearchParams[]
  readonly watching: number
  /** If false, `sendInitialEvents` is rejected, as by Kubernetes 1.30. */
  watchList: boolean
  /** Wrong responses to the next requests of a kind. */
  readonly faults: { kind: 'list' | 'watch'; status: number; retryAfter?: number }[]
  put(name: string, uid?: string): void
  remove(name: string): void
  bookmark(): void
  /** Lowers all versions by this much, as after a restore of etcd from a backup. */
  restore(by: number): void
  /** Lowers this object's version by 10 without an event. */
  age(name: string): void
  /**
   * The next stream begins with this object, 2 versions older. Its change or deletion follows
   * before the bookmark.
   */
  lag(name: string): void
  /** Sends a line unchanged to all watchers. */
  send(line: string): void
  /** Ends all watches: cleanly, by a reset, or with a 410 in the stream. */
  end(how: 'clean' | 'reset' | 'gone'): void
  /** Resolves once the n-th request (from 1) is answered or its watch is open. */
  request(n: number): Promise<void>
}

export async function startFakeListServer(): Promise<FakeListServer> {
  const authority = createAuthority('test-ca')
  const pair = authority.issue({ commonName: 'localhost', names: ['127.0.0.1'], minutes: 60 })
  const items = new Map<string, Item>()
  /** Each watcher with the version from which it watches, because it receives only newer events. */
  const watchers = new Map<ServerResponse, number>()
  const requests: URLSearchParams[] = []
  const waiting: { n: number; resolve: () => void }[] = []
  const faults: FakeListServer['faults'] = []
  const lagging: Item[] = []
  let version = 100
  let watchList = true

  const broadcast = (type: string, object: unknown): void => {
    for (const [watcher, since] of watchers) {
      if (type === 'ERROR' || version > since || (type === 'BOOKMARK' && version === since))
        watcher.write(`${JSON.stringify({ type, object })}\n`)
    }
  }
  const served = (): void => {
    for (const one of [...waiting]) if (requests.length >= one.n) one.resolve()
  }
  const status = (response: ServerResponse, code: number, retryAfter?: number): void => {
    response.writeHead(code, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) })
    response.end(JSON.stringify({ kind: 'Status', code }))
  }
  const watch = (response: ServerResponse, query: URLSearchParams): void => {
    const initial = query.get('sendInitialEvents') === 'true'
    if (initial && !watchList) {
      status(response, 422)
      return
    }
    response.writeHead(200).flushHeaders()
    watchers.set(response, Number(query.get('resourceVersion') ?? 0))
    response.on('close', () => watchers.delete(response))
    if (!initial) return
    const past = lagging.splice(0)
    const line = (type: string, object: unknown): boolean => response.write(`${JSON.stringify({ type, object })}\n`)
    for (const object of past) line('ADDED', object)
    for (const object of items.values()) {
      line(past.some(({ metadata }) => metadata.name === object.metadata.name) ? 'MODIFIED' : 'ADDED', object)
    }
    for (const { metadata } of past) {
      if (!items.has(metadata.name)) line('DELETED', { metadata: { ...metadata, resourceVersion: String(version) } })
    }
    const metadata = { resourceVersion: String(version), annotations: { 'k8s.io/initial-events-end': 'true' } }
    response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`)
  }
  const list = (response: ServerResponse, query: URLSearchParams): void => {
    const from = Number(query.get('continue') ?? 0)
    const limit = Number(query.get('limit') ?? items.size)
    const page = [...items.values()].slice(from, from + limit)
    const more = from + limit < items.size ? { continue: String(from + limit) } : {}
    // An API server responds with null to a list of metadata that is empty.
    const found = page.length === 0 ? null : page
    response.end(JSON.stringify({ metadata: { resourceVersion: String(version), ...more }, items: found }))
  }
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const query = new URL(request.url ?? '', 'https://x').searchParams
    requests.push(query)
    const kind = query.has('watch') ? 'watch' : 'list'
    const fault = faults.findIndex((one) => one.kind === kind)
    const [found] = fault < 0 ? [] : faults.splice(fault, 1)
    if (found) status(response, found.status, found.retryAfter)
    else if (kind === 'watch') watch(response, query)
    else list(response, query)
    served()
  }
  const server = createServer({ cert: pair.certificatePem, key: pair.keyPem }, handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    connection: {
      server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ca: authority.certificatePem,
    },
    requests,
    faults,
    get watching() {
      return watchers.size
    },
    get watchList() {
      return watchList
    },
    set watchList(value) {
      watchList = value
    },
    put(name, uid = `uid-${name}`) {
      version += 1
      const type = items.has(name) ? 'MODIFIED' : 'ADDED'
      const item = { metadata: { name, uid, resourceVersion: String(version) } }
      items.set(name, item)
      broadcast(type, item)
    },
    remove(name) {
      const item = items.get(name)
      if (item === undefined) return
      version += 1
      items.delete(name)
      broadcast('DELETED', { metadata: { ...item.metadata, resourceVersion: String(version) } })
    },
    restore(by) {
      version -= by
      for (const [name, { metadata }] of items) {
        const resourceVersion = String(Number(metadata.resourceVersion) - by)
        items.set(name, { metadata: { ...metadata, resourceVersion } })
      }
    },
    age(name) {
      const metadata = items.get(name)?.metadata
      if (metadata === undefined) return
      items.set(name, { metadata: { ...metadata, resourceVersion: String(Number(metadata.resourceVersion) - 10) } })
    },
    lag(name) {
      const metadata = items.get(name)?.metadata
      if (metadata === undefined) return
      lagging.push({ metadata: { ...metadata, resourceVersion: String(Number(metadata.resourceVersion) - 2) } })
    },
    bookmark: () => broadcast('BOOKMARK', { metadata: { resourceVersion: String(version) } }),
    send: (line) => {
      for (const watcher of watchers.keys()) watcher.write(line)
    },
    end(how) {
      if (how === 'gone') broadcast('ERROR', { kind: 'Status', code: 410, reason: 'Expired' })
      for (const watcher of watchers.keys()) {
        if (how === 'clean') watcher.end()
        if (how === 'reset') watcher.socket?.destroy()
      }
    },
    request: (n) =>
      new Promise((resolve) => {
        waiting.push({ n, resolve })
        served()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
