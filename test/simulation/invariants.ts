import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { refreshRequestedAt } from '../../src/installation/helper-status.ts'
import { parseStatus } from '../../src/installation/read-report.ts'
import {
  ANNOTATION_EXPIRES_AT,
  FIELD_MANAGER,
  LABEL_INSTANCE,
  LABEL_MANAGED_BY,
  MANAGED_BY,
  SKIP,
} from '../../src/kube/names.ts'
import { type Issued, instanceOf, type SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import type { Sent } from './network.ts'
import type { Change, SimulatedServer } from './server.ts'
import { HOME, LEASE, type LoadedConfig, SECRET } from './settings.ts'
import { type Scheduler, START } from './time.ts'

/** A broken rule: something that must never happen, regardless of the faults. */
export interface Violation {
  readonly rule: string
  /** Milliseconds since the start. */
  readonly at: number
  readonly detail: string
}

export interface InvariantOptions {
  readonly scheduler: Scheduler
  readonly cloud: SimulatedCloud
  readonly server: SimulatedServer
  /** The configurations that a process may be using: the last configurations that it has read. */
  readonly configsOf: (process: string) => readonly LoadedConfig[]
  /** How long the machine of a process has slept so far, in milliseconds. */
  readonly suspendedOf: (process: string) => number
}

/** Checks every request, change and cloud call. */
export interface Invariants {
  readonly violations: readonly Violation[]
  /** Records a violation. */
  violated(rule: string, detail: string): void
  sent(sent: Sent, waitedMs: number): void
  /** Call before the server handles a request that was sent at this time. */
  arrives(sentAt: number): void
  changed(change: Change): void
  called(process: string, what: string): void
  /** Call after the server was restored from a backup. */
  restored(): void
}

/**
 * A holder stops writing this long after its last renewal (src/kube/lease.ts). The factor covers a
 * clock that is 2 % slow.
 */
const RENEW_DEADLINE_MS = 10_000 * 1.03
/**
 * How long two replicas may write: the former holder writes until its deadline, and its writes may
 * take 40 s to arrive (the fault `lateWrites`).
 */
const TWO_LEADERS_MS = RENEW_DEADLINE_MS + 40_000
/** A request for the Lease must not wait this long for other requests. */
const LEASE_WAIT_MS = 1_000
/**
 * How many equal requests a process may send in a window: more than with back-off, far fewer than
 * in a hot loop.
 */
const WINDOW_MS = 10_000
const MAX_EQUAL = 60
/**
 * After a change of a namespace's labels, or a restore, the helper may take this long to notice.
 */
const PROPAGATION_MS = 60_000
/**
 * The accuracy with which the helper knows the cloud's time (src/alibaba/transport/cloud-clock.ts).
 */
const CLOCK_MS = 1_500

export function createInvariants(options: InvariantOptions): Invariants {
  const { scheduler, cloud, server } = options
  const violations: Violation[] = []
  /**
   * The last renewal, by holder. Measured in the time that the machine was awake, because a process
   * cannot measure anything else.
   */
  const renewedAt = new Map<string, number>()
  const awake = (process: string): number => scheduler.time - options.suspendedOf(process)
  const recent = new Map<string, number[]>()
  const leaseChanges: number[] = []
  const relabelledAt = new Map<string, number>()
  /** When each request for new credentials was made, by the request's value. */
  const requests = new Map<number, number>()
  /** The requests that were reported as handled. */
  const handled = new Set<number>()
  let restoredAt = Number.NEGATIVE_INFINITY
  let sentAt = 0
  const violated = (rule: string, detail: string): void => {
    if (violations.length < 50) violations.push({ rule, at: scheduler.time, detail })
  }

  const holder = (): string | undefined =>
    (server.get('leases', `${HOME}/${LEASE}`)?.spec as { holderIdentity?: string } | undefined)?.holderIdentity

  function count(key: string): void {
    const times = recent.get(key) ?? []
    const first = times.findIndex((at) => at > scheduler.time - WINDOW_MS)
    times.splice(0, first < 0 ? times.length : first)
    times.push(scheduler.time)
    recent.set(key, times)
    if (times.length > MAX_EQUAL) {
      violated('hot-loop', `${times.length} in ${WINDOW_MS / 1000} s: ${key}`)
      times.length = 0
    }
  }

  function checkList({ object, before, user, key }: Change): void {
    if (before === undefined) {
      violated('foreign-object', `${user} created ServiceAccount ${key}`)
      return
    }
    const [old, next] = [listOf(before), listOf(object)]
    const foreign = (list: readonly string[]): string => list.filter((name) => name !== SECRET).join()
    if (foreign(old) !== foreign(next)) violated('foreign-entry', `${key}: [${old}] became [${next}] by ${user}`)
    if (next.filter((name) => name === SECRET).length > 1) violated('foreign-entry', `${key}: [${next}] by ${user}`)
    const applied = before.metadata.managedFields?.some(
      ({ manager, operation, fieldsV1 }) =>
        operation === 'Apply' && manager !== FIELD_MANAGER && 'f:imagePullSecrets' in (fieldsV1 as object),
    )
    if (applied) violated('foreign-list', `${user} wrote ${key}, which another client applies`)
  }

  function checkSecret({ object, before, user = '', key }: Change): void {
    if (before === undefined) checkLimits(user, key.slice(0, key.indexOf('/')), issuedIn(object))
    if (object.type !== 'kubernetes.io/dockerconfigjson') violated('secret-type', `${key}: ${String(object.type)}`)
    if (before === undefined) return
    if (!isManaged(before)) {
      if (options.configsOf(user).some(({ config }) => config.adopt)) return
      violated('foreign-secret', `${user} wrote ${key}, which belongs to another client`)
      return
    }
    const namespace = key.slice(0, key.indexOf('/'))
    const now = START + scheduler.time
    const next = issuedIn(object)
    checkLimits(user, namespace, next)
    for (const [domain, old] of issuedIn(before)) {
      if (old === undefined) continue
      const current = next.get(domain)
      if (current === undefined) {
        if (next.has(domain)) violated('unknown-credential', `${key}: ${domain} got a credential that was never issued`)
        else if (isExpected(user, namespace, old.registry, domain) && !isGivenUp(before, domain)) {
          violated('shrunk', `${key}: ${domain} (${name(old)}) was removed by ${user}`)
        }
        continue
      }
      // A short-lived credential may expire while its write is in flight.
      const isExpired = current.expiresAt !== null && current.expiresAt <= START + sentAt - CLOCK_MS
      const wasInvalid = old.revoked || (old.expiresAt !== null && old.expiresAt <= now + CLOCK_MS)
      const isOlder = current.registry === old.registry && current.serial < old.serial && !areEquallyNew(current, old)
      const isGone = isFirstOver(before) && isTypo(user, old.registry)
      if (isOlder && !wasInvalid && !isGone && !mayHaveTwoLeaders(scheduler.time)) {
        violated('older', `${key}: ${name(old)} became ${name(current)}, by ${user}`)
      }
      if (isExpired && !wasInvalid)
        violated('expired', `${key}: ${name(old)} became ${name(current)}, which has expired, by ${user}`)
    }
  }

  /**
   * Checks that no namespace gets a credential for repositories that no entry gives it, by the
   * configurations that the process may use. The helper's own copy has all credentials.
   */
  function checkLimits(user: string, namespace: string, next: ReadonlyMap<string, Issued | undefined>): void {
    if (namespace === HOME) return
    const view = { name: namespace, uid: '', resourceVersion: '', labels: {}, optedOut: false, terminating: false }
    const given = options.configsOf(user).map(({ config, targets }) => {
      const names = targets.registriesOf(view)
      return config.registries.flatMap(({ name, repositories = [] }) => (names.includes(name) ? repositories : []))
    })
    for (const issued of next.values()) {
      const list = issued?.repositories ?? []
      if (issued !== undefined && !given.some((globs) => list.every((glob) => globs.includes(glob))))
        violated('too-wide', `${namespace} got ${name(issued)} from ${user}`)
    }
  }

  /**
   * True if the log does not have the entry either, and the first credential of the Secret has
   * expired. This happens if the log is lost or unwritable and the leader is lost too, while the
   * registry fails (docs/en/decisions.md#which-credential).
   */
  function isGivenUp({ metadata }: AnyObject, domain: string): boolean {
    const log = server.get('secrets', `${HOME}/${SECRET}`)
    return isFirstOver({ metadata }) && !(log && isManaged(log) && issuedIn(log).has(domain))
  }

  /** True if the cloud has no such instance in any configuration of the process. */
  function isTypo(user: string, registry: string): boolean {
    return !options
      .configsOf(user)
      .some(({ config }) => config.registries.some(({ instanceId }) => instanceId === instanceOf(registry)))
  }

  /** True if the first credential of the Secret has expired: then the log's are written. */
  function isFirstOver({ metadata }: Pick<AnyObject, 'metadata'>): boolean {
    const end = Date.parse(metadata.annotations?.[ANNOTATION_EXPIRES_AT] ?? '')
    return end <= START + scheduler.time + CLOCK_MS
  }

  /**
   * Checks that a request is reported as handled only after the cloud issued a later credential, or
   * after a failure.
   */
  function checkHandled({ object, user = '' }: Change): void {
    const { lastHandledRefresh = '', registries = [] } = parseStatus(object) ?? {}
    const value = Date.parse(lastHandledRefresh)
    const requestedAt = requests.get(value)
    // Check only the first report: later reports may come from a replica that does not know of a
    // failure.
    if (requestedAt === undefined || handled.has(value)) return
    handled.add(value)
    for (const { name: registry, expiresAt, error } of registries) {
      const issued = cloud.issuedUntil(registry, Date.parse(expiresAt ?? ''))
      if (error === undefined && issued !== undefined && issued.issuedAt - START < requestedAt)
        violated('not-refreshed', `${name(issued)} is older than the request that ${user} reports as handled`)
    }
  }

  /**
   * True if two leaders obtained the credentials almost at the same time, so that they cannot know
   * which credential is newer.
   */
  function areEquallyNew(one: Issued, other: Issued): boolean {
    const isShort = Math.abs(one.issuedAt - other.issuedAt) <= 2 * CLOCK_MS
    return one.to !== other.to && isShort && mayHaveTwoLeaders(other.issuedAt - START)
  }

  /**
   * True if there may be two legitimate leaders, because another client changed the Lease or the
   * Lease was restored.
   */
  function mayHaveTwoLeaders(at: number): boolean {
    return leaseChanges.some((change) => at >= change && at - change < TWO_LEADERS_MS)
  }

  function issuedIn(object: AnyObject): Map<string, Issued | undefined> {
    const text = (object.data as Record<string, string> | undefined)?.['.dockerconfigjson'] ?? ''
    try {
      const logins = readDockerConfig(Buffer.from(text, 'base64').toString())
      return new Map(logins.map(({ domains, password }) => [domains[0] ?? '', cloud.issued(password)]))
    } catch {
      return new Map()
    }
  }

  /**
   * True if the entry belongs in the Secret by every configuration that the process may use, and
   * has for some time.
   */
  function isExpected(process: string, namespace: string, registry: string, domain: string): boolean {
    const object = server.get('namespaces', namespace)
    const changedAt = Math.max(restoredAt, relabelledAt.get(namespace) ?? -PROPAGATION_MS)
    if (object === undefined || scheduler.time - changedAt < PROPAGATION_MS) return false
    const labels = object.metadata.labels ?? {}
    const view = {
      name: namespace,
      uid: '',
      resourceVersion: '',
      labels,
      optedOut: labels[SKIP] === 'true',
      terminating: false,
    }
    return options.configsOf(process).every(({ targets, config }) => {
      const entry = config.registries.find((one) => one.name === registry)
      const isSame = entry?.instanceId === undefined || entry.instanceId === `cri-${registry}`
      const isMoved = domain === 'images.example.com' && !entry?.domains.includes(domain)
      return isSame && !isMoved && targets.registriesOf(view).includes(registry)
    })
  }

  return {
    violations,
    violated,
    arrives(time) {
      sentAt = time
    },
    sent({ process, method, path, watch }, waitedMs) {
      const [location = ''] = path.split('?')
      // Two legitimate leaders overwrite each other's credentials until one of them renews.
      if (method !== 'PATCH' || !mayHaveTwoLeaders(scheduler.time))
        count(`${process} ${watch ? 'WATCH' : method} ${location}`)
      const mayLook = options.configsOf(process).some(({ config }) => config.attach !== 'admission')
      if (location.includes('/serviceaccounts') && !mayLook) violated('blind', `${process} ${method} ${location}`)
      if (location.includes('/leases')) {
        if (waitedMs > LEASE_WAIT_MS)
          violated('lease-starved', `${process} ${method} of the Lease waited ${waitedMs} ms for a connection`)
        return
      }
      if (method === 'GET') return
      if (method === 'DELETE' || method === 'PUT') violated('verb', `${process} ${method} ${location}`)
      const passed = awake(process) - (renewedAt.get(process) ?? Number.NEGATIVE_INFINITY)
      if (passed > RENEW_DEADLINE_MS) {
        violated('not-leading', `${process} ${method} ${location}, renewed ${passed} ms ago; the holder is ${holder()}`)
      }
    },
    changed(change) {
      const { resource, type, object, before, user, key } = change
      if (resource === 'namespaces' && before?.metadata.labels?.[SKIP] !== object.metadata.labels?.[SKIP]) {
        relabelledAt.set(key, scheduler.time)
      }
      if (resource === 'leases' && user !== undefined && type !== 'DELETED') {
        const { holderIdentity = '' } = (object.spec ?? {}) as { holderIdentity?: string }
        if (holderIdentity === user) renewedAt.set(user, awake(user))
        else renewedAt.delete(user)
      }
      const requestedAt = resource === 'configmaps' ? refreshRequestedAt(object) : undefined
      if (requestedAt !== undefined && !requests.has(requestedAt)) requests.set(requestedAt, scheduler.time)
      if (user === undefined) {
        // The Lease's creation at the start is not a change.
        if (resource === 'leases' && scheduler.time > 0) leaseChanges.push(scheduler.time)
        return
      }
      if (resource === 'serviceaccounts') checkList(change)
      if (resource === 'secrets') checkSecret(change)
      if (resource === 'configmaps') checkHandled(change)
    },
    called: (process, what) => count(`${process} ${what}`),
    restored() {
      restoredAt = scheduler.time
      leaseChanges.push(scheduler.time)
    },
  }
}

export function listOf(object: AnyObject): string[] {
  return ((object.imagePullSecrets ?? []) as { name?: string }[]).map(({ name = '' }) => name)
}

export function isManaged({ metadata }: AnyObject): boolean {
  const { labels = {} } = metadata
  return labels[LABEL_MANAGED_BY] === MANAGED_BY && labels[LABEL_INSTANCE] === `${HOME}.helper`
}

function name({ registry, serial }: Issued): string {
  return `${registry}-${serial}`
}
