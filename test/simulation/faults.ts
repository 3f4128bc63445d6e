import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { ANNOTATION_REFRESH_REQUESTED, SKIP } from '../../src/kube/names.ts'
import { CLOUD_FAULTS, type CloudFault, type SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import type { Delivery, Network, Sent } from './network.ts'
import { createStreams, type Random } from './random.ts'
import type { ServerResponse, SimulatedServer } from './server.ts'
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
  'requestRotation',
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
  'retire',
  'mutateWrites',
  'refuseWrites',
  'suspend',
  'createPods',
] as const
/** Faults for `scope: namespaces` only. They are drawn separately from the other kinds. */
const KINDS_BY_NAMESPACE = ['reinstallNamespace'] as const
/**
 * Faults of the helper's own copy, which is its log. They are drawn separately from the other
 * kinds.
 */
const KINDS_OF_LOG = ['refuseLog', 'hangLog', 'tamperLog', 'deleteLog', 'touchLog'] as const
/**
 * Faults that only plans written by hand use, because drawing them would change the plans of all
 * seeds.
 */
const KINDS_BY_HAND = ['otherIdentity'] as const

export type FaultKind =
  | (typeof KINDS)[number]
  | (typeof KINDS_BY_NAMESPACE)[number]
  | (typeof KINDS_OF_LOG)[number]
  | (typeof KINDS_BY_HAND)[number]

/**
 * A failure, or an action of another client. A fault is plain data, so that a run can be repeated
 * and shortened.
 */
export interface Fault {
  /** Milliseconds since the start. */
  readonly at: number
  readonly kind: FaultKind
  /** Selects the replica, namespace or registry. */
  readonly index: number
  /** The duration in milliseconds. */
  readonly for: number
  /** A number from 0 to 1 for other choices of the kind. */
  readonly choice: number
}

/** The simulated system on which faults act. */
export interface Fixture {
  readonly settings: Settings
  readonly scheduler: Scheduler
  readonly server: SimulatedServer
  readonly cloud: SimulatedCloud
  readonly network: Network
  readonly requestRules: RequestRules
  readonly replicas: readonly Replica[]
  /** Sends a request as an administrator. */
  adminRequest(method: string, path: string, body?: object, contentType?: string): ServerResponse
  configure(variant: ConfigVariant): void
  /** Calls `react` for each change during `ms`, like another client with a watch. */
  onChange(ms: number, react: (object: AnyObject, resource: string, byHelper: boolean) => void): void
  /** Denies all requests in a namespace during `ms`. */
  forbid(namespace: string, ms: number): void
  /** Restores the chart's Role in a namespace. */
  grant(namespace: string): void
  /** Restarts the API server with the backup that was made for this fault. */
  restore(fault: Fault): void
  /**
   * Creates a Pod that was admitted without the reference and waits for its image. Without an
   * owner, nothing creates the Pod again.
   */
  createPod(namespace: string, owner: string | undefined): void
  /** The delay of watch events in milliseconds. */
  lag: number
}

export interface Replica {
  readonly name: string
  readonly running: boolean
  crash(): void
  /**
   * Crashes the replica at the `count`-th write from now. `arrives`: whether the server receives
   * that write.
   */
  crashAtWrite(count: number, arrives: boolean): void
  terminate(): void
  pause(ms: number): void
  jump(ms: number): void
  /**
   * Makes the machine sleep. Its monotonic clock stops meanwhile, and its wall clock is correct
   * afterwards.
   */
  suspend(ms: number): void
}

type Rule = (sent: Sent, delivery: Delivery, random: Random) => Delivery | undefined

/** Rules that change the delivery of requests, each for a limited time. */
export interface RequestRules {
  add(ms: number, rule: Rule): void
  delivery(sent: Sent): Delivery
  clear(): void
}

export function createRequestRules(scheduler: Scheduler, random: Random): RequestRules {
  const streams = createStreams(random)
  let rules: { until: number; rule: Rule }[] = []
  return {
    add(ms, rule) {
      rules = [...rules.filter(({ until }) => until > scheduler.time), { until: scheduler.time + ms, rule }]
    },
    delivery(sent) {
      const { process, method, watch, path } = sent
      const own = streams(`${process} ${watch ? 'WATCH' : method} ${path.split('?')[0]}`)
      let delivery: Delivery = { outMs: 1 + own() * 8, backMs: 1 + own() * 8 }
      for (const { until, rule } of rules) if (until > scheduler.time) delivery = rule(sent, delivery, own) ?? delivery
      return delivery
    },
    clear() {
      rules = []
    },
  }
}

const statusResponse = (status: number, reason: string): ServerResponse => ({
  status,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code: status, message: 'injected' },
  ...(status === 429 && { retryAfter: '1' }),
})
const isLease = ({ path }: Sent): boolean => path.includes('/leases')
const isLogWrite = ({ method, path }: Sent): boolean =>
  method === 'PATCH' && path.includes(`/namespaces/${HOME}/secrets/`)
const isSecretWrite = ({ method, path }: Sent): boolean => method === 'PATCH' && path.includes('/secrets/')
const pathOf = (resource: string, namespace: string, name: string): string =>
  `/api/v1/namespaces/${namespace}/${resource}/${name}`
const LEASE_PATH = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${LEASE}`

type Action = (fixture: Fixture, fault: Fault) => void

const namespaceOf = ({ settings }: Fixture, { index }: Fault): string =>
  namesOf(settings)[index % settings.namespaces] ?? ''
const replicaOf = ({ replicas }: Fixture, { index }: Fault): Replica => replicas[index % replicas.length] as Replica
const registryOf = ({ settings }: Fixture, { index }: Fault): string =>
  ['', ...settings.registries][index % (settings.registries.length + 1)] ?? ''

function changeList(fixture: Fixture, namespace: string, account: string, change: (list: string[]) => string[]): void {
  const object = fixture.server.get('serviceaccounts', `${namespace}/${account}`)
  if (object === undefined) return
  const list = ((object.imagePullSecrets ?? []) as { name: string }[]).map(({ name }) => name)
  const next = change(list)
  if (next.join() === list.join()) return
  const body = {
    metadata: { resourceVersion: object.metadata.resourceVersion },
    imagePullSecrets: next.map((name) => ({ name })),
  }
  fixture.adminRequest(
    'PATCH',
    `${pathOf('serviceaccounts', namespace, account)}?fieldManager=other`,
    body,
    MERGE_PATCH,
  )
}

function tamper(fixture: Fixture, namespace: string): void {
  const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
  fixture.adminRequest(
    'PATCH',
    `${pathOf('secrets', namespace, SECRET)}?fieldManager=kubectl-edit`,
    { data },
    MERGE_PATCH,
  )
}

function changeLease(fixture: Fixture, change: (spec: Record<string, unknown>) => object): void {
  const lease = fixture.server.get('leases', `${HOME}/${LEASE}`)
  if (lease === undefined) return
  fixture.adminRequest('PUT', LEASE_PATH, { ...lease, spec: change((lease.spec ?? {}) as Record<string, unknown>) })
}

export function createLease(fixture: Pick<Fixture, 'adminRequest'>): void {
  fixture.adminRequest('POST', LEASE_PATH.slice(0, LEASE_PATH.lastIndexOf('/')), {
    metadata: { name: LEASE, namespace: HOME },
  })
}

/** The implementations of the faults. Faults with a duration end automatically. */
const ACTIONS: Readonly<Record<FaultKind, Action>> = {
  // Users and other controllers.
  createNamespace: (fixture, fault) =>
    fixture.adminRequest('POST', '/api/v1/namespaces', { metadata: { name: namespaceOf(fixture, fault) } }),
  deleteNamespace: (fixture, fault) =>
    fixture.adminRequest('DELETE', `/api/v1/namespaces/${namespaceOf(fixture, fault)}`),
  recreateNamespace(fixture, fault) {
    const name = namespaceOf(fixture, fault)
    fixture.adminRequest('DELETE', `/api/v1/namespaces/${name}`)
    const create = (): void => {
      const { status } = fixture.adminRequest('POST', '/api/v1/namespaces', { metadata: { name } })
      if (status === 409) fixture.scheduler.after(50, create)
    }
    fixture.scheduler.after(20, create)
  },
  /**
   * Recreates a namespace without its Role. A new installation of the chart restores the Role
   * later.
   */
  reinstallNamespace(fixture, fault) {
    ACTIONS.recreateNamespace(fixture, fault)
    fixture.scheduler.after(fault.for, () => fixture.grant(namespaceOf(fixture, fault)))
  },
  optOut(fixture, fault) {
    const body = { metadata: { labels: { [SKIP]: fault.choice < 0.5 ? 'true' : null } } }
    fixture.adminRequest('PATCH', `/api/v1/namespaces/${namespaceOf(fixture, fault)}`, body, MERGE_PATCH)
  },
  createAccount: (fixture, fault) =>
    fixture.adminRequest('POST', pathOf('serviceaccounts', namespaceOf(fixture, fault), '').slice(0, -1), {
      metadata: { name: fault.choice < 0.2 ? 'ci-1' : 'app', namespace: namespaceOf(fixture, fault) },
      imagePullSecrets: [{ name: 'theirs' }],
    }),
  deleteAccount: (fixture, fault) =>
    fixture.adminRequest(
      'DELETE',
      pathOf('serviceaccounts', namespaceOf(fixture, fault), fault.choice < 0.5 ? 'default' : 'app'),
    ),
  editList(fixture, fault) {
    const name = `other-${Math.floor(fault.choice * 3)}`
    changeList(fixture, namespaceOf(fixture, fault), 'default', (list) =>
      list.includes(name) ? list.filter((one) => one !== name) : [name, ...list],
    )
  },
  stripList: (fixture, fault) =>
    changeList(fixture, namespaceOf(fixture, fault), 'default', (list) => list.filter((one) => one !== SECRET)),
  applyList(fixture, fault) {
    const namespace = namespaceOf(fixture, fault)
    const list = fault.choice < 0.5 ? [{ name: 'theirs' }] : [{ name: 'theirs' }, { name: SECRET }]
    const metadata = { name: 'default', namespace }
    const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata, imagePullSecrets: list }
    fixture.adminRequest(
      'PATCH',
      `${pathOf('serviceaccounts', namespace, 'default')}?fieldManager=gitops&force=true`,
      body,
      APPLY,
    )
  },
  fightList(fixture, fault) {
    const namespace = namespaceOf(fixture, fault)
    fixture.onChange(fault.for, ({ metadata }, resource, byHelper) => {
      if (!byHelper || resource !== 'serviceaccounts' || metadata.namespace !== namespace) return
      fixture.scheduler.after(5, () =>
        changeList(fixture, namespace, metadata.name, (list) => list.filter((one) => one !== SECRET)),
      )
    })
    changeList(fixture, namespace, 'default', (list) => list.filter((one) => one !== SECRET))
  },
  tamperSecret: (fixture, fault) => tamper(fixture, namespaceOf(fixture, fault)),
  deleteSecret: (fixture, fault) =>
    fixture.adminRequest('DELETE', pathOf('secrets', fault.choice < 0.2 ? HOME : namespaceOf(fixture, fault), SECRET)),
  foreignSecret(fixture, fault) {
    const namespace = namespaceOf(fixture, fault)
    fixture.adminRequest('DELETE', pathOf('secrets', namespace, SECRET))
    const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
    const metadata = { name: SECRET, namespace }
    fixture.adminRequest('POST', pathOf('secrets', namespace, '').slice(0, -1), {
      metadata,
      type: 'kubernetes.io/dockerconfigjson',
      data,
    })
  },
  fightSecret(fixture, fault) {
    const namespace = namespaceOf(fixture, fault)
    const act =
      fault.choice < 0.5
        ? tamper
        : (_: Fixture, of: string) => void fixture.adminRequest('DELETE', pathOf('secrets', of, SECRET))
    fixture.onChange(fault.for, ({ metadata }, resource, byHelper) => {
      if (!byHelper || resource !== 'secrets' || metadata.namespace !== namespace) return
      fixture.scheduler.after(3, () => act(fixture, namespace))
    })
    act(fixture, namespace)
  },
  requestRotation(fixture) {
    // The value is that of `acr-nopass refresh`: the API server's time and one second, because its
    // `Date` has whole seconds.
    const value = new Date(Date.parse(fixture.server.date()) + 1000).toISOString()
    const body = { metadata: { annotations: { [ANNOTATION_REFRESH_REQUESTED]: value } } }
    fixture.adminRequest('PATCH', pathOf('configmaps', HOME, STATUS), body, MERGE_PATCH)
  },

  // The replicas.
  crash: (fixture, fault) => replicaOf(fixture, fault).crash(),
  crashBoth: (fixture) => fixture.replicas.forEach((one) => void one.crash()),
  crashAtWrite: (fixture, fault) => {
    for (const one of fixture.replicas) one.crashAtWrite(1 + (fault.index % 12), fault.choice < 0.5)
  },
  terminate: (fixture, fault) => replicaOf(fixture, fault).terminate(),
  pause: (fixture, fault) => replicaOf(fixture, fault).pause(Math.min(fault.for, 60_000)),
  suspend(fixture, fault) {
    const sleeping = fault.choice < 0.5 ? fixture.replicas : [replicaOf(fixture, fault)]
    for (const one of sleeping) one.suspend(fault.for)
  },
  jump: (fixture, fault) => replicaOf(fixture, fault).jump((fault.choice - 0.5) * 4 * 3_600_000),

  // Admission.
  /**
   * A mutating policy removes our entry from lists, or stamps each write so that the write changes
   * the object, or does both.
   */
  mutateWrites(fixture, fault) {
    const until = fixture.scheduler.time + fault.for
    const [strips, stamps] = [fault.choice < 0.7, fault.choice > 0.4]
    fixture.server.admission.push((object, resource) => {
      if (fixture.scheduler.time > until || (resource !== 'secrets' && resource !== 'serviceaccounts')) return object
      const stamp = { ...object.metadata.annotations, 'example.com/seen': String(fixture.scheduler.time) }
      const stamped = stamps ? { ...object, metadata: { ...object.metadata, annotations: stamp } } : object
      if (!strips || resource !== 'serviceaccounts') return stamped
      const list = ((object.imagePullSecrets ?? []) as { name: string }[]).filter(({ name }) => name !== SECRET)
      return { ...stamped, imagePullSecrets: list }
    })
    // Remove the entry once, so that the helper has something to write.
    if (strips) ACTIONS.stripList(fixture, fault)
  },
  /** A quota or a policy refuses what the helper writes in a namespace. */
  refuseWrites(fixture, fault) {
    const inside = `/namespaces/${namespaceOf(fixture, fault)}/`
    const refusal =
      fault.choice < 0.5 ? statusResponse(403, 'Forbidden') : { ...statusResponse(422, 'Invalid'), status: 422 }
    fixture.requestRules.add(fault.for, ({ method, path }, delivery) =>
      method === 'PATCH' && path.includes(inside) ? { ...delivery, rejection: refusal } : undefined,
    )
  },
  /** A quota or a policy refuses the writes of the helper's own copy. */
  refuseLog: (fixture, fault) =>
    fixture.requestRules.add(fault.for, (sent, delivery) =>
      isLogWrite(sent) ? { ...delivery, rejection: statusResponse(403, 'Forbidden') } : undefined,
    ),
  /**
   * A webhook does not respond to the writes of the helper's own copy. Some of these writes are
   * still performed, but late.
   */
  hangLog: (fixture, fault) =>
    fixture.requestRules.add(fault.for, (sent, delivery, random) => {
      if (!isLogWrite(sent)) return undefined
      const isLost = random.chance(fault.choice)
      const failed = isLost ? { rejection: statusResponse(500, 'InternalError') } : {}
      return { ...delivery, outMs: delivery.outMs + 3_000 + random() * 20_000, ...failed }
    }),
  tamperLog: (fixture) => tamper(fixture, HOME),
  deleteLog: (fixture) => fixture.adminRequest('DELETE', pathOf('secrets', HOME, SECRET)),
  /** Another client changes only the version of the helper's own copy. */
  touchLog: (fixture) =>
    fixture.adminRequest(
      'PATCH',
      pathOf('secrets', HOME, SECRET),
      { metadata: { annotations: { touched: String(fixture.scheduler.time) } } },
      MERGE_PATCH,
    ),
  createPods(fixture, fault) {
    const owner = fault.choice < 0.7 ? `web-${fault.at}` : undefined
    for (let count = 0; count <= fault.index % 3; count += 1) fixture.createPod(namespaceOf(fixture, fault), owner)
  },

  // The network and the API server.
  down: (fixture, fault) =>
    fixture.requestRules.add(Math.min(fault.for, 40_000), (_, delivery) => ({
      ...delivery,
      lost: 'before',
      reset: fault.choice < 0.7,
    })),
  partition(fixture, fault) {
    const { name } = replicaOf(fixture, fault)
    fixture.requestRules.add(Math.min(fault.for, 40_000), ({ process }, delivery) =>
      process.startsWith(name) ? { ...delivery, lost: 'before' } : undefined,
    )
    fixture.network.cut('reset', (process) => process.startsWith(name))
  },
  slow: (fixture, fault) =>
    fixture.requestRules.add(fault.for, (_, { outMs, backMs }, random) => ({
      outMs: outMs + random() * 4_000 * fault.choice,
      backMs: backMs + random() * 8_000 * fault.choice,
    })),
  lossy: (fixture, fault) =>
    fixture.requestRules.add(fault.for, (_, delivery, random) => {
      if (!random.chance(0.3)) return undefined
      return { ...delivery, lost: random.pick(['before', 'after'] as const), reset: random.chance(0.6) }
    }),
  errors(fixture, fault) {
    const response =
      fault.choice < 0.4
        ? statusResponse(429, 'TooManyRequests')
        : fault.choice < 0.7
          ? statusResponse(500, 'InternalError')
          : statusResponse(503, 'ServiceUnavailable')
    fixture.requestRules.add(fault.for, (_, delivery, random) =>
      random.chance(0.5) ? { ...delivery, rejection: response } : undefined,
    )
  },
  /** A webhook does not respond. */
  hangWrites: (fixture, fault) =>
    fixture.requestRules.add(Math.min(fault.for, 30_000), (sent, delivery) =>
      isSecretWrite(sent) || sent.path.includes('/serviceaccounts/')
        ? { ...delivery, outMs: delivery.outMs + 10_000, rejection: statusResponse(500, 'InternalError') }
        : undefined,
    ),
  lateWrites: (fixture, fault) =>
    fixture.requestRules.add(fault.for, (sent, delivery, random) =>
      sent.method === 'PATCH' && random.chance(0.5) ? { ...delivery, outMs: random() * 40_000 } : undefined,
    ),
  /** One renewal of the Lease gets no response, and the next renewal gets a late response. */
  flicker(fixture, fault) {
    let renewals = 0
    fixture.requestRules.add(12_000, (sent, delivery) => {
      if (!isLease(sent) || sent.method !== 'PUT') return undefined
      renewals += 1
      if (renewals === 1) return { ...delivery, lost: fault.choice < 0.5 ? 'before' : 'after' }
      return renewals === 2 ? { ...delivery, outMs: 3_500 + fault.choice * 1_200 } : undefined
    })
  },
  slowLease: (fixture, fault) =>
    fixture.requestRules.add(fault.for, (sent, delivery, random) =>
      isLease(sent) ? { ...delivery, outMs: random() * 6_000 } : undefined,
    ),

  failReads: (fixture, fault) =>
    fixture.requestRules.add(fault.for, ({ method, path, watch }, delivery) =>
      method === 'GET' && !watch && path.includes('/secrets')
        ? { ...delivery, rejection: statusResponse(503, 'ServiceUnavailable') }
        : undefined,
    ),
  forbid: (fixture, fault) => fixture.forbid(fault.choice < 0.2 ? HOME : namespaceOf(fixture, fault), fault.for),
  cutWatches: (fixture, fault) => fixture.network.cut(fault.choice < 0.5 ? 'end' : 'reset', () => true),
  compact(fixture, fault) {
    fixture.server.compact()
    if (fault.choice < 0.7) fixture.network.cut('reset', () => true)
  },
  /** Every watch expires, because the history is compacted after every write. */
  expiredWatches(fixture, fault) {
    const until = fixture.scheduler.time + Math.min(fault.for, 20_000)
    const compact = (): void => {
      fixture.server.compact()
      if (fixture.scheduler.time < until) fixture.scheduler.after(10, compact)
    }
    const write = (): void => {
      fixture.adminRequest(
        'PATCH',
        pathOf('configmaps', HOME, STATUS),
        { metadata: { annotations: { tick: String(fixture.scheduler.time) } } },
        MERGE_PATCH,
      )
      if (fixture.scheduler.time < until) fixture.scheduler.after(15, write)
    }
    write()
    compact()
    fixture.network.cut('reset', () => true)
  },
  lag(fixture, fault) {
    fixture.lag = 500 + fault.choice * 20_000
    fixture.scheduler.after(fault.for, () => {
      fixture.lag = 0
    })
  },

  // The Lease.
  stealLease: (fixture) =>
    changeLease(fixture, (spec) => ({
      ...spec,
      holderIdentity: 'thief',
      leaseDurationSeconds: 15,
      leaseTransitions: 99,
    })),
  clearLease: (fixture) => changeLease(fixture, (spec) => ({ ...spec, holderIdentity: '' })),
  labelLease: (fixture) =>
    fixture.adminRequest(
      'PATCH',
      LEASE_PATH,
      { metadata: { labels: { seen: String(fixture.scheduler.time) } } },
      MERGE_PATCH,
    ),
  deleteLease(fixture, fault) {
    fixture.adminRequest('DELETE', LEASE_PATH)
    if (fault.choice < 0.7) fixture.scheduler.after(fault.for, () => createLease(fixture))
  },

  // The cloud and the configuration.
  cloud(fixture, fault) {
    const registry = registryOf(fixture, fault)
    const kind = CLOUD_FAULTS[Math.floor(fault.choice * CLOUD_FAULTS.length)] as CloudFault
    fixture.cloud.setFault(registry, kind)
    fixture.scheduler.after(fault.for, () => fixture.cloud.setFault(registry, undefined))
  },
  cloudDown(fixture, fault) {
    fixture.cloud.setFault('', 'down')
    fixture.scheduler.after(fault.for, () => fixture.cloud.setFault('', undefined))
  },
  revoke: (fixture, fault) => fixture.cloud.revoke(registryOf(fixture, fault)),
  changeLogin: (fixture) => fixture.cloud.changeStaticLogin('s'),
  reload: (fixture, fault) => fixture.configure(VARIANTS[Math.floor(fault.choice * VARIANTS.length)] as ConfigVariant),
  otherIdentity: (fixture) => fixture.configure('other-identity'),
  /** The release retires, and is used again some time later. */
  retire(fixture, fault) {
    fixture.configure('retire')
    fixture.scheduler.after(2_000 + fault.for, () => fixture.configure('first'))
  },
  /** A typo in one registry, which is repaired later. */
  mistake(fixture, fault) {
    fixture.configure('typo')
    fixture.scheduler.after(10_000 + fault.for, () => fixture.configure('first'))
  },

  /** The API server is down and restarts with an older state of etcd. */
  restoreEtcd(fixture, fault) {
    const ms = Math.min(fault.for, 40_000)
    fixture.requestRules.add(ms, (_, delivery) => ({ ...delivery, lost: 'before', reset: true }))
    fixture.network.cut('reset', () => true)
    fixture.scheduler.after(ms, () => fixture.restore(fault))
  },
}

/** Actions of other clients that must not delay credentials in other targets. */
const NOT_DISTURBING: ReadonlySet<FaultKind> = new Set([
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
  'requestRotation',
  'tamperLog',
  'deleteLog',
  'touchLog',
  'revoke',
  'changeLogin',
  'reload',
  'otherIdentity',
  'mistake',
  'retire',
  'createPods',
])

/**
 * Returns how many milliseconds the fault disturbs requests, processes or the cloud; -Infinity if
 * it does not.
 */
export function disturbanceOf(fault: Fault): number {
  return NOT_DISTURBING.has(fault.kind) ? Number.NEGATIVE_INFINITY : fault.for
}

/**
 * Returns how long before the fault the backup was made: up to eight minutes, but longer than a
 * helper takes to reconnect. With a more recent backup, other writes would reuse the lost versions
 * before a helper notices.
 */
export function ageOfBackup({ index }: Fault): number {
  return 15_000 * 2 ** (index / 12)
}

/**
 * Draws the faults of a run, in order of time. A run has only some kinds of faults, so that faults
 * of these kinds often overlap.
 */
export function drawFaults(random: Random, settings: Settings): Fault[] {
  const part = random.pick([0.15, 0.3, 0.6])
  const chosen = KINDS.filter(() => random.chance(part))
  const kinds = chosen.length === 0 ? KINDS : chosen
  const count = random.int(2, random.pick([6, 14, 30]))
  const draw = (source: Random, candidates: readonly FaultKind[]): Fault => {
    const at = Math.round(source() ** 1.2 * settings.span)
    const duration = Math.round(1000 * 2 ** (source() * 8))
    return {
      at,
      kind: source.pick(candidates),
      index: source.int(0, 59),
      for: duration,
      choice: Math.round(source() * 1000) / 1000,
    }
  }
  const separate = random.fork('by namespace')
  const more = settings.scope === 'namespaces' ? separate.int(0, 3) : 0
  const own = random.fork('own copy')
  const ofLog = own.chance(0.4) ? own.int(1, 4) : 0
  return [
    ...Array.from({ length: count }, () => draw(random, kinds)),
    ...Array.from({ length: more }, () => draw(separate, KINDS_BY_NAMESPACE)),
    ...Array.from({ length: ofLog }, () => draw(own, KINDS_OF_LOG)),
  ].sort((a, b) => a.at - b.at)
}

export function act(fixture: Fixture, fault: Fault): void {
  ACTIONS[fault.kind](fixture, fault)
}

export function describeFault(fault: Fault): string {
  const { at, kind, index, choice } = fault
  return `${(at / 1000).toFixed(3)} s ${kind} (index ${index}, for ${fault.for} ms, choice ${choice})`
}
