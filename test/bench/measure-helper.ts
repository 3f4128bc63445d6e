import { readdirSync, readFileSync } from 'node:fs'
import { APPLY, type KubeClient } from '../../src/kube/client.ts'
import { ANNOTATION_CONTENT_HASH } from '../../src/kube/names.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { openHelperCluster, SECRET, type ServiceAccount } from '../cluster/helper-kit.ts'

/**
 * Figures of the helper on a real API server, each as a ratio to one write's round trip (a sequential server-side apply of a
 * new Secret) in the same run: `node test/bench/measure-helper.ts [namespaces] [one at a time]`.
 */
const COUNT = Number(process.argv[2] ?? 1000)
const SINGLE = Number(process.argv[3] ?? 200)

interface Seen {
  accountAt?: number
  attachedAt?: number
  secretAt?: number
  hash?: string
}

const kit = await openHelperCluster('bench-helper')
const end = new AbortController()
try {
  const { admin } = kit
  const seen = new Map<string, Seen>()
  const of = (namespace = ''): Seen => {
    const known = seen.get(namespace) ?? {}
    seen.set(namespace, known)
    return known
  }
  void watch<KubeObject>(admin, 'secrets', { fieldSelector: `metadata.name=${SECRET}` }, ({ metadata }) => {
    const one = of(metadata.namespace)
    const hash = metadata.annotations?.[ANNOTATION_CONTENT_HASH]
    if (hash === undefined || hash === one.hash) return
    one.hash = hash
    one.secretAt = performance.now()
  })
  void watch<ServiceAccount>(admin, 'serviceaccounts', { fieldSelector: 'metadata.name=default' }, (account) => {
    const one = of(account.metadata.namespace)
    one.accountAt ??= performance.now()
    if (account.imagePullSecrets?.some(({ name }) => name === SECRET)) one.attachedAt ??= performance.now()
  })

  await createNamespaces(admin, 'cold', COUNT, 8)
  await until(() => count(seen, (one) => one.accountAt !== undefined) >= COUNT)
  const rtt = await roundTrip(admin)
  await kit.install({ replicas: 1, refreshRate: 1000, logLevel: 'info' })
  await until(() => kit.helpers().length > 0)
  const started = performance.now()
  await until(() => cold(seen).length === COUNT)
  const usable = cold(seen)
  const coldStart = Math.max(...usable) - started
  report('round trip of one write, p50 / p99, ms', [rtt.p50, rtt.p99])
  report(`cold start over ${COUNT}: seconds, per namespace x RTT`, [coldStart / 1000, coldStart / COUNT / rtt.p50])
  report('first namespace usable: share of the whole', [(Math.min(...usable) - started) / coldStart])
  const span = Math.max(...usable) - Math.min(...usable)
  report('from the first usable to the last, per namespace x RTT', [span / COUNT / rtt.p50])
  report('RSS steady / peak, MiB', memory())
  await kit.settled()

  const before = kit.auditLength()
  const again = await roundTrip(admin)
  const afterAccount: number[] = []
  const afterNamespace: number[] = []
  for (let index = 0; index < SINGLE; index += 1) {
    const name = `one-${index}`
    const begin = performance.now()
    await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
    await until(() => isUsable(seen.get(name)))
    const { accountAt = 0, attachedAt = 0, secretAt = 0 } = seen.get(name) ?? {}
    const ready = Math.max(attachedAt, secretAt)
    afterAccount.push(ready - accountAt)
    afterNamespace.push(ready - begin)
  }
  report('round trip now, p50 / p99, ms', [again.p50, again.p99])
  const requests = kit.requests(before)
  report('requests per new namespace', [requests.length / SINGLE])
  summarize('usable after the ServiceAccount exists', afterAccount, again.p50)
  summarize('usable after the namespace was asked for', afterNamespace, again.p50)

  const rotation = kit.auditLength()
  const hashes = new Map([...seen].map(([name, { hash }]) => [name, hash]))
  const uids = await uidsOf(admin)
  const asked = performance.now()
  await kit.askForRotation()
  await until(() => [...seen].every(([name, one]) => hashes.get(name) === undefined || one.hash !== hashes.get(name)))
  const times = [...seen.values()].flatMap(({ secretAt }) =>
    secretAt !== undefined && secretAt > asked ? [secretAt] : [],
  )
  const took = Math.max(...times) - Math.min(...times)
  report(`rotation of ${times.length}: seconds, per namespace x RTT`, [took / 1000, took / times.length / again.p50])
  report('requests per namespace of the rotation', [kit.requests(rotation).length / times.length])
  const after = await uidsOf(admin)
  report('Secrets with another UID', [[...uids].filter(([name, uid]) => after.get(name) !== uid).length])
  report('RSS steady / peak, MiB', memory())
  report('CPU of the helper in all, s', [cpu()])
} finally {
  end.abort()
  await kit[Symbol.asyncDispose]()
}

function report(title: string, figures: readonly number[]): void {
  console.log(`${title}: ${figures.map((figure) => figure.toFixed(figure < 10 ? 2 : 1)).join(' / ')}`)
}

function summarize(title: string, values: readonly number[], rtt: number): void {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const figures = [at(0.5), at(0.99), at(1)]
  report(`${title}, p50 / p99 / max, ms`, figures)
  report(
    '  the same x RTT',
    figures.map((figure) => figure / rtt),
  )
}

function cold(all: ReadonlyMap<string, Seen>): number[] {
  return [...all].flatMap(([name, { attachedAt = 0, secretAt = 0 }]) =>
    name.startsWith('cold-') && attachedAt && secretAt ? [Math.max(attachedAt, secretAt)] : [],
  )
}

function isUsable(one: Seen | undefined): boolean {
  return one?.attachedAt !== undefined && one.secretAt !== undefined
}

function count(all: ReadonlyMap<string, Seen>, question: (one: Seen) => boolean): number {
  return [...all.values()].filter(question).length
}

async function until(question: () => boolean): Promise<void> {
  const limit = performance.now() + 180_000
  while (!question()) {
    if (performance.now() > limit) throw new Error('took too long')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function roundTrip(admin: KubeClient): Promise<{ p50: number; p99: number }> {
  const times: number[] = []
  const name = `rtt-${Math.random().toString(36).slice(2, 8)}`
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
  for (let index = 0; index < 300; index += 1) {
    const begin = performance.now()
    await admin.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/${name}/secrets/s-${index}`,
      query: { fieldManager: 'bench' },
      contentType: APPLY,
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: `s-${index}` }, data: { a: 'x'.repeat(2000) } },
    })
    times.push(performance.now() - begin)
  }
  times.sort((a, b) => a - b)
  return { p50: times[150] ?? 0, p99: times[296] ?? 0 }
}

async function createNamespaces(admin: KubeClient, prefix: string, total: number, width: number): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < total) {
        const name = `${prefix}-${next++}`
        await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
      }
    }),
  )
}

async function watch<T extends KubeObject>(
  admin: KubeClient,
  resource: string,
  query: Record<string, string>,
  onObject: (object: T) => void,
): Promise<void> {
  const path = `/api/v1/${resource}`
  while (!end.signal.aborted) {
    await admin
      .watch<T>({ path, query: { ...query, timeoutSeconds: 3000 } }, ({ object }) => onObject(object), end.signal)
      .catch(() => undefined)
  }
}

async function uidsOf(admin: KubeClient): Promise<Map<string, string>> {
  const query = { fieldSelector: `metadata.name=${SECRET}` }
  const list = await admin.request<{ items: KubeObject[] }>({ method: 'GET', path: '/api/v1/secrets', query })
  return new Map(list.items.map(({ metadata }) => [metadata.namespace ?? '', metadata.uid]))
}

/** The helper's own process: the one that runs the bundle. */
function helperPid(): string {
  const found = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return words.some((word) => word.endsWith('/helper.mjs')) && words[0]?.endsWith('node')
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error('no helper runs')
  return found
}

function memory(): number[] {
  const status = readFileSync(`/proc/${helperPid()}/status`, 'utf8')
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0)
  return [kilobytes('VmRSS') / 1024, kilobytes('VmHWM') / 1024]
}

function cpu(): number {
  const fields = readFileSync(`/proc/${helperPid()}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
