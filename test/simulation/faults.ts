import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { ANNOTATION_REFRESH_REQUESTED, SKIP } from '../../src/kube/names.ts'
import { CLOUD_FAULTS, type CloudFault, type SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import type { Network, Passage, Sent } from './network.ts'
import type { Random } from './random.ts'
import type { ServerAnswer, SimulatedServer } from './server.ts'
import { type ConfigVariant, HOME, LEASE, namesOf, SECRET, type Settings, STATUS, VARIANTS } from './settings.ts'
import type { Scheduler } from './time.ts'

const KINDS = [
  'createNamespace',
  'deleteNamespace',
  'recreateNamespace',
  'optOut',
  'createAccount',
  'deleteAccount',
  'editList',
  'stripList',
  'applyList',
  'fightList',
  'tamperSecret',
  'deleteSecret',
  'foreignSecret',
  'fightSecret',
  'askRotation',
  'crash',
  'crashBoth',
  'crashAtWrite',
  'terminate',
  'pause',
  'jump',
  'down',
  'partition',
  'slow',
  'lossy',
  'errors',
  'hangWrites',
  'lateWrites',
  'flicker',
  'slowLease',
  'failReads',
  'forbid',
  'cutWatches',
  'compact',
  'expiredWatches',
  'lag',
  'stealLease',
  'clearLease',
  'labelLease',
  'deleteLease',
  'cloud',
  'cloudDown',
  'revoke',
  'changeLogin',
  'reload',
  'restoreEtcd',
  'mistake',
] as const
/** With `scope: namespaces` only, and drawn apart from the others. */
const KINDS_BY_NAMESPACE = ['reinstallNamespace'] as const
/** In written plans only: drawn, they would change what all seeds mean. */
const KINDS_BY_HAND = ['otherIdentity'] as const

export type FaultKind = (typeof KINDS)[number] | (typeof KINDS_BY_NAMESPACE)[number] | (typeof KINDS_BY_HAND)[number]

/** One thing that goes wrong, or that somebody does, at its time. All of it is data, so that a run can be repeated and shortened. */
export interface Fault {
  /** Milliseconds since the start. */
  readonly at: number
  readonly kind: FaultKind
  /** Which replica, namespace … */
  readonly index: number
  /** Milliseconds that it lasts. */
  readonly for: number
  /** 0 to 1: whatever else the kind has to choose. */
  readonly choice: number
}

/** What the faults act on. */
export interface Bed {
  readonly settings: Settings
  readonly scheduler: Scheduler
  readonly server: SimulatedServer
  readonly cloud: SimulatedCloud
  readonly network: Network
  readonly weather: Weather
  readonly replicas: readonly Replica[]
  readonly random: Random
  /** As an administrator. */
  ask(method: string, path: string, body?: object, contentType?: string): ServerAnswer
  configure(variant: ConfigVariant): void
  /** Kubernetes users that are no helper react to each change until the end of the fault. */
  onChange(ms: number, react: (object: AnyObject, resource: string, byHelper: boolean) => void): void
  forbid(namespace: string, ms: number): void
  /** The chart makes its Role in that namespace again. */
  grant(namespace: string): void
  /** The API server starts with the backup that was taken for this fault. */
  restore(fault: Fault): void
  lag: number
}

export interface Replica {
  readonly name: string
  readonly running: boolean
  crash(): void
  /** After so many more writes: the last of them arrives or not. */
  crashAtWrite(count: number, arrives: boolean): void
  terminate(): void
  pause(ms: number): void
  jump(ms: number): void
}

/** Rules for what happens to requests, each for its time. */
export interface Weather {
  add(ms: number, rule: (sent: Sent, passage: Passage) => Passage | undefined): void
  passage(sent: Sent): Passage
  clear(): void
}

export function createWeather(scheduler: Scheduler, random: Random): Weather {
  let rules: { until: number; rule: (sent: Sent, passage: Passage) => Passage | undefined }[] = []
  return {
    add(ms, rule) {
      rules = [...rules.filter(({ until }) => until > scheduler.time), { until: scheduler.time + ms, rule }]
    },
    passage(sent) {
      let passage: Passage = { there: 1 + random() * 8, back: 1 + random() * 8 }
      for (const { until, rule } of rules) if (until > scheduler.time) passage = rule(sent, passage) ?? passage
      return passage
    },
    clear() {
      rules = []
    },
  }
}

const refused = (status: number, reason: string): ServerAnswer => ({
  status,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code: status, message: 'injected' },
  ...(status === 429 && { retryAfter: '1' }),
})
const isLease = ({ path }: Sent): boolean => path.includes('/leases')
const isSecretWrite = ({ method, path }: Sent): boolean => method === 'PATCH' && path.includes('/secrets/')
const pathOf = (resource: string, namespace: string, name: string): string =>
  `/api/v1/namespaces/${namespace}/${resource}/${name}`
const LEASE_PATH = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${LEASE}`

type Act = (bed: Bed, fault: Fault) => void

/** A namespace among the targets. */
const namespaceOf = ({ settings }: Bed, { index }: Fault): string =>
  namesOf(settings)[index % settings.namespaces] ?? ''
const replicaOf = ({ replicas }: Bed, { index }: Fault): Replica => replicas[index % replicas.length] as Replica
const registryOf = ({ settings }: Bed, { index }: Fault): string =>
  ['', ...settings.registries][index % (settings.registries.length + 1)] ?? ''

function changeList(bed: Bed, namespace: string, account: string, change: (list: string[]) => string[]): void {
  const object = bed.server.get('serviceaccounts', `${namespace}/${account}`)
  if (object === undefined) return
  const list = ((object.imagePullSecrets ?? []) as { name: string }[]).map(({ name }) => name)
  const next = change(list)
  if (next.join() === list.join()) return
  const body = {
    metadata: { resourceVersion: object.metadata.resourceVersion },
    imagePullSecrets: next.map((name) => ({ name })),
  }
  bed.ask('PATCH', `${pathOf('serviceaccounts', namespace, account)}?fieldManager=other`, body, MERGE_PATCH)
}

function tamper(bed: Bed, namespace: string): void {
  const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
  bed.ask('PATCH', `${pathOf('secrets', namespace, SECRET)}?fieldManager=kubectl-edit`, { data }, MERGE_PATCH)
}

function changeLease(bed: Bed, change: (spec: Record<string, unknown>) => object): void {
  const lease = bed.server.get('leases', `${HOME}/${LEASE}`)
  if (lease === undefined) return
  bed.ask('PUT', LEASE_PATH, { ...lease, spec: change((lease.spec ?? {}) as Record<string, unknown>) })
}

export function createLease(bed: Pick<Bed, 'ask'>): void {
  bed.ask('POST', LEASE_PATH.slice(0, LEASE_PATH.lastIndexOf('/')), { metadata: { name: LEASE, namespace: HOME } })
}

/** What may happen, by name; `bed` is changed, and what lasts ends by itself. */
const ACTS: Readonly<Record<FaultKind, Act>> = {
  // Users and other controllers.
  createNamespace: (bed, fault) =>
    bed.ask('POST', '/api/v1/namespaces', { metadata: { name: namespaceOf(bed, fault) } }),
  deleteNamespace: (bed, fault) => bed.ask('DELETE', `/api/v1/namespaces/${namespaceOf(bed, fault)}`),
  recreateNamespace(bed, fault) {
    const name = namespaceOf(bed, fault)
    bed.ask('DELETE', `/api/v1/namespaces/${name}`)
    const again = (): void => {
      const { status } = bed.ask('POST', '/api/v1/namespaces', { metadata: { name } })
      if (status === 409) bed.scheduler.after(50, again)
    }
    bed.scheduler.after(20, again)
  },
  /** Deleted, its Role with it; made again, and the chart installed again after a while, without which the helper has no rights there. */
  reinstallNamespace(bed, fault) {
    ACTS.recreateNamespace(bed, fault)
    bed.scheduler.after(fault.for, () => bed.grant(namespaceOf(bed, fault)))
  },
  optOut(bed, fault) {
    const body = { metadata: { labels: { [SKIP]: fault.choice < 0.5 ? 'true' : null } } }
    bed.ask('PATCH', `/api/v1/namespaces/${namespaceOf(bed, fault)}`, body, MERGE_PATCH)
  },
  createAccount: (bed, fault) =>
    bed.ask('POST', pathOf('serviceaccounts', namespaceOf(bed, fault), '').slice(0, -1), {
      metadata: { name: fault.choice < 0.2 ? 'ci-1' : 'app', namespace: namespaceOf(bed, fault) },
      imagePullSecrets: [{ name: 'theirs' }],
    }),
  deleteAccount: (bed, fault) =>
    bed.ask('DELETE', pathOf('serviceaccounts', namespaceOf(bed, fault), fault.choice < 0.5 ? 'default' : 'app')),
  editList(bed, fault) {
    const name = `other-${Math.floor(fault.choice * 3)}`
    changeList(bed, namespaceOf(bed, fault), 'default', (list) =>
      list.includes(name) ? list.filter((one) => one !== name) : [name, ...list],
    )
  },
  stripList: (bed, fault) =>
    changeList(bed, namespaceOf(bed, fault), 'default', (list) => list.filter((one) => one !== SECRET)),
  applyList(bed, fault) {
    const namespace = namespaceOf(bed, fault)
    const list = fault.choice < 0.5 ? [{ name: 'theirs' }] : [{ name: 'theirs' }, { name: SECRET }]
    const metadata = { name: 'default', namespace }
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata, imagePullSecrets: list }
    bed.ask('PATCH', `${pathOf('serviceaccounts', namespace, 'default')}?fieldManager=gitops&force=true`, body, APPLY)
  },
  fightList(bed, fault) {
    const namespace = namespaceOf(bed, fault)
    bed.onChange(fault.for, ({ metadata }, resource, byHelper) => {
      if (!byHelper || resource !== 'serviceaccounts' || metadata.namespace !== namespace) return
      bed.scheduler.after(5, () =>
        changeList(bed, namespace, metadata.name, (list) => list.filter((one) => one !== SECRET)),
      )
    })
    changeList(bed, namespace, 'default', (list) => list.filter((one) => one !== SECRET))
  },
  tamperSecret: (bed, fault) => tamper(bed, namespaceOf(bed, fault)),
  deleteSecret: (bed, fault) =>
    bed.ask('DELETE', pathOf('secrets', fault.choice < 0.2 ? HOME : namespaceOf(bed, fault), SECRET)),
  foreignSecret(bed, fault) {
    const namespace = namespaceOf(bed, fault)
    bed.ask('DELETE', pathOf('secrets', namespace, SECRET))
    const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
    const metadata = { name: SECRET, namespace }
    bed.ask('POST', pathOf('secrets', namespace, '').slice(0, -1), {
      metadata,
      type: 'kubernetes.io/dockerconfigjson',
      data,
    })
  },
  fightSecret(bed, fault) {
    const namespace = namespaceOf(bed, fault)
    const act =
      fault.choice < 0.5 ? tamper : (_: Bed, of: string) => void bed.ask('DELETE', pathOf('secrets', of, SECRET))
    bed.onChange(fault.for, ({ metadata }, resource, byHelper) => {
      if (!byHelper || resource !== 'secrets' || metadata.namespace !== namespace) return
      bed.scheduler.after(3, () => act(bed, namespace))
    })
    act(bed, namespace)
  },
  askRotation(bed) {
    // By the API server's clock (`acr-nopass refresh`).
    const value = new Date(bed.server.date()).toISOString()
    const body = { metadata: { annotations: { [ANNOTATION_REFRESH_REQUESTED]: value } } }
    bed.ask('PATCH', pathOf('configmaps', HOME, STATUS), body, MERGE_PATCH)
  },

  // The replicas.
  crash: (bed, fault) => replicaOf(bed, fault).crash(),
  crashBoth: (bed) => bed.replicas.forEach((one) => void one.crash()),
  crashAtWrite: (bed, fault) => {
    for (const one of bed.replicas) one.crashAtWrite(1 + (fault.index % 12), fault.choice < 0.5)
  },
  terminate: (bed, fault) => replicaOf(bed, fault).terminate(),
  pause: (bed, fault) => replicaOf(bed, fault).pause(Math.min(fault.for, 60_000)),
  jump: (bed, fault) => replicaOf(bed, fault).jump((fault.choice - 0.5) * 4 * 3_600_000),

  // The way to the API server, and the server.
  down: (bed, fault) =>
    bed.weather.add(Math.min(fault.for, 40_000), (_, passage) => ({
      ...passage,
      lost: 'before',
      reset: fault.choice < 0.7,
    })),
  partition(bed, fault) {
    const { name } = replicaOf(bed, fault)
    bed.weather.add(Math.min(fault.for, 40_000), ({ process }, passage) =>
      process.startsWith(name) ? { ...passage, lost: 'before' } : undefined,
    )
    bed.network.cut('reset', (process) => process.startsWith(name))
  },
  slow: (bed, fault) =>
    bed.weather.add(fault.for, (_, { there, back }) => ({
      there: there + bed.random() * 4_000 * fault.choice,
      back: back + bed.random() * 8_000 * fault.choice,
    })),
  lossy: (bed, fault) =>
    bed.weather.add(fault.for, (_, passage) => {
      if (!bed.random.chance(0.3)) return undefined
      return { ...passage, lost: bed.random.pick(['before', 'after'] as const), reset: bed.random.chance(0.6) }
    }),
  errors(bed, fault) {
    const answer =
      fault.choice < 0.4
        ? refused(429, 'TooManyRequests')
        : fault.choice < 0.7
          ? refused(500, 'InternalError')
          : refused(503, 'ServiceUnavailable')
    bed.weather.add(fault.for, (_, passage) => (bed.random.chance(0.5) ? { ...passage, refused: answer } : undefined))
  },
  /** A webhook that does not answer. */
  hangWrites: (bed, fault) =>
    bed.weather.add(Math.min(fault.for, 30_000), (sent, passage) =>
      isSecretWrite(sent) || sent.path.includes('/serviceaccounts/')
        ? { ...passage, there: passage.there + 10_000, refused: refused(500, 'InternalError') }
        : undefined,
    ),
  lateWrites: (bed, fault) =>
    bed.weather.add(fault.for, (sent, passage) =>
      sent.method === 'PATCH' && bed.random.chance(0.5) ? { ...passage, there: bed.random() * 40_000 } : undefined,
    ),
  /** One renewal gets no answer, and the next a late one. */
  flicker(bed, fault) {
    let renewals = 0
    bed.weather.add(12_000, (sent, passage) => {
      if (!isLease(sent) || sent.method !== 'PUT') return undefined
      renewals += 1
      if (renewals === 1) return { ...passage, lost: fault.choice < 0.5 ? 'before' : 'after' }
      return renewals === 2 ? { ...passage, there: 3_500 + fault.choice * 1_200 } : undefined
    })
  },
  slowLease: (bed, fault) =>
    bed.weather.add(fault.for, (sent, passage) =>
      isLease(sent) ? { ...passage, there: bed.random() * 6_000 } : undefined,
    ),
  /** Reads of Secrets fail. */
  failReads: (bed, fault) =>
    bed.weather.add(fault.for, ({ method, path, watch }, passage) =>
      method === 'GET' && !watch && path.includes('/secrets')
        ? { ...passage, refused: refused(503, 'ServiceUnavailable') }
        : undefined,
    ),
  forbid: (bed, fault) => bed.forbid(fault.choice < 0.2 ? HOME : namespaceOf(bed, fault), fault.for),
  cutWatches: (bed, fault) => bed.network.cut(fault.choice < 0.5 ? 'end' : 'reset', () => true),
  compact(bed, fault) {
    bed.server.compact()
    if (fault.choice < 0.7) bed.network.cut('reset', () => true)
  },
  /** An API server from whose watch cache nothing can be had for a while. */
  expiredWatches(bed, fault) {
    const until = bed.scheduler.time + Math.min(fault.for, 20_000)
    const again = (): void => {
      bed.server.compact()
      if (bed.scheduler.time < until) bed.scheduler.after(10, again)
    }
    // A write by somebody else each moment, and a cache that forgets at once.
    const write = (): void => {
      bed.ask(
        'PATCH',
        pathOf('configmaps', HOME, STATUS),
        { metadata: { annotations: { tick: String(bed.scheduler.time) } } },
        MERGE_PATCH,
      )
      if (bed.scheduler.time < until) bed.scheduler.after(15, write)
    }
    write()
    again()
    bed.network.cut('reset', () => true)
  },
  lag(bed, fault) {
    bed.lag = 500 + fault.choice * 20_000
    bed.scheduler.after(fault.for, () => {
      bed.lag = 0
    })
  },

  // The Lease.
  stealLease: (bed) =>
    changeLease(bed, (spec) => ({ ...spec, holderIdentity: 'thief', leaseDurationSeconds: 15, leaseTransitions: 99 })),
  clearLease: (bed) => changeLease(bed, (spec) => ({ ...spec, holderIdentity: '' })),
  labelLease: (bed) =>
    bed.ask('PATCH', LEASE_PATH, { metadata: { labels: { seen: String(bed.scheduler.time) } } }, MERGE_PATCH),
  deleteLease(bed, fault) {
    bed.ask('DELETE', LEASE_PATH)
    if (fault.choice < 0.7) bed.scheduler.after(fault.for, () => createLease(bed))
  },

  // The cloud and the configuration.
  cloud(bed, fault) {
    const registry = registryOf(bed, fault)
    const kind = CLOUD_FAULTS[Math.floor(fault.choice * CLOUD_FAULTS.length)] as CloudFault
    bed.cloud.setFault(registry, kind)
    bed.scheduler.after(fault.for, () => bed.cloud.setFault(registry, undefined))
  },
  cloudDown(bed, fault) {
    bed.cloud.setFault('', 'down')
    bed.scheduler.after(fault.for, () => bed.cloud.setFault('', undefined))
  },
  revoke: (bed, fault) => bed.cloud.revoke(registryOf(bed, fault)),
  changeLogin: (bed) => bed.cloud.changeStaticLogin('s'),
  reload: (bed, fault) => bed.configure(VARIANTS[Math.floor(fault.choice * VARIANTS.length)] as ConfigVariant),
  otherIdentity: (bed) => bed.configure('other-identity'),
  /** A typo in one registry, repaired after a while. */
  mistake(bed, fault) {
    bed.configure('typo')
    bed.scheduler.after(10_000 + fault.for, () => bed.configure('first'))
  },

  /** The API server is down, and comes back with an older state of etcd. */
  restoreEtcd(bed, fault) {
    const ms = Math.min(fault.for, 40_000)
    bed.weather.add(ms, (_, passage) => ({ ...passage, lost: 'before', reset: true }))
    bed.network.cut('reset', () => true)
    bed.scheduler.after(ms, () => bed.restore(fault))
  },
}

/** What users, other controllers and the configuration do, which must not keep a credential from the targets that they leave alone. */
const CALM: ReadonlySet<FaultKind> = new Set([
  'createNamespace',
  'deleteNamespace',
  'recreateNamespace',
  'reinstallNamespace',
  'optOut',
  'createAccount',
  'deleteAccount',
  'editList',
  'stripList',
  'applyList',
  'fightList',
  'tamperSecret',
  'deleteSecret',
  'foreignSecret',
  'fightSecret',
  'askRotation',
  'revoke',
  'changeLogin',
  'reload',
  'otherIdentity',
  'mistake',
])

/** For how long the fault disturbs requests, processes or the cloud; -Infinity: not at all. */
export function disturbanceOf(fault: Fault): number {
  return CALM.has(fault.kind) ? Number.NEGATIVE_INFINITY : fault.for
}

/**
 * How long before the fault the backup was taken: up to eight minutes, and longer than a helper takes to connect again. What a younger
 * one lost is made up for by other writes before anyone looks.
 */
export function ageOfBackup({ index }: Fault): number {
  return 15_000 * 2 ** (index / 12)
}

/** Which faults there are in a run, in order of time: some kinds only, so that they meet each other often. */
export function drawFaults(random: Random, settings: Settings): Fault[] {
  const part = random.pick([0.15, 0.3, 0.6])
  const chosen = KINDS.filter(() => random.chance(part))
  const kinds = chosen.length === 0 ? KINDS : chosen
  const count = random.int(2, random.pick([6, 14, 30]))
  const draw = (from: Random, among: readonly FaultKind[]): Fault => {
    const at = Math.round(from() ** 1.2 * settings.span)
    const lasts = Math.round(1000 * 2 ** (from() * 8))
    return {
      at,
      kind: from.pick(among),
      index: from.int(0, 59),
      for: lasts,
      choice: Math.round(from() * 1000) / 1000,
    }
  }
  const apart = random.fork('by namespace')
  const more = settings.scope === 'namespaces' ? apart.int(0, 3) : 0
  return [
    ...Array.from({ length: count }, () => draw(random, kinds)),
    ...Array.from({ length: more }, () => draw(apart, KINDS_BY_NAMESPACE)),
  ].sort((a, b) => a.at - b.at)
}

export function act(bed: Bed, fault: Fault): void {
  ACTS[fault.kind](bed, fault)
}

export function describeFault(fault: Fault): string {
  const { at, kind, index, choice } = fault
  return `${(at / 1000).toFixed(3)} s ${kind} (index ${index}, for ${fault.for} ms, choice ${choice})`
}
