import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { FIELD_MANAGER, LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY, SKIP } from '../../src/kube/names.ts'
import type { Issued, SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import type { Sent } from './network.ts'
import type { Change, SimulatedServer } from './server.ts'
import { HOME, type Known, LEASE, SECRET } from './settings.ts'
import { type Scheduler, START } from './time.ts'

/** What must never happen, whatever goes wrong; `rule` names it. */
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
  /** The configurations that a process may go by: its last ones. */
  readonly configsOf: (process: string) => readonly Known[]
}

/** Looks at every request, change and call. */
export interface Invariants {
  readonly violations: readonly Violation[]
  broke(rule: string, detail: string): void
  sent(sent: Sent, waitedMs: number): void
  /** What the server changes now was sent at this time. */
  arrives(sentAt: number): void
  changed(change: Change): void
  called(process: string, what: string): void
  /** The objects are those of a backup. */
  restored(): void
}

/** A holder stops this long after its last renewal (src/kube/lease.ts), on a clock that may be 2 % slow. */
const RENEW_DEADLINE_MS = 10_000 * 1.03
/** The one that lost it stops at its deadline, and what it sent until then may be under way for 40 s (the fault `lateWrites`). */
const TWO_LEAD_MS = RENEW_DEADLINE_MS + 40_000
/** A request for the Lease never waits so long for others. */
const LEASE_WAIT_MS = 1_000
/** Equal requests of one process in a window: above what back-offs that start over allow, far below a loop without a pause. */
const WINDOW_MS = 10_000
const MOST_EQUAL = 60
/** Somebody opted out, or changed the targets, so recently that the helper need not know. */
const NEWS_MS = 60_000
/** The cloud's clock is known to within this time (src/alibaba/transport/cloud-clock.ts). */
const CLOCK_MS = 1_500

export function createInvariants(options: InvariantOptions): Invariants {
  const { scheduler, cloud, server } = options
  const violations: Violation[] = []
  const renewedAt = new Map<string, number>()
  const recent = new Map<string, number[]>()
  const leaseChanges: number[] = []
  const relabelledAt = new Map<string, number>()
  let restoredAt = Number.NEGATIVE_INFINITY
  let sentAt = 0
  const broke = (rule: string, detail: string): void => {
    if (violations.length < 50) violations.push({ rule, at: scheduler.time, detail })
  }

  function count(key: string): void {
    const times = recent.get(key) ?? []
    const first = times.findIndex((at) => at > scheduler.time - WINDOW_MS)
    times.splice(0, first < 0 ? times.length : first)
    times.push(scheduler.time)
    recent.set(key, times)
    if (times.length > MOST_EQUAL) {
      broke('hot-loop', `${times.length} in ${WINDOW_MS / 1000} s: ${key}`)
      times.length = 0
    }
  }

  function checkList({ object, before, user, key }: Change): void {
    if (before === undefined) {
      broke('foreign-object', `${user} created ServiceAccount ${key}`)
      return
    }
    const [old, next] = [listOf(before), listOf(object)]
    const foreign = (list: readonly string[]): string => list.filter((name) => name !== SECRET).join()
    if (foreign(old) !== foreign(next)) broke('foreign-entry', `${key}: [${old}] became [${next}] by ${user}`)
    if (next.filter((name) => name === SECRET).length > 1) broke('foreign-entry', `${key}: [${next}] by ${user}`)
    const applied = before.metadata.managedFields?.some(
      ({ manager, operation, fieldsV1 }) =>
        operation === 'Apply' && manager !== FIELD_MANAGER && 'f:imagePullSecrets' in (fieldsV1 as object),
    )
    if (applied) broke('foreign-list', `${key} is another's by apply, and ${user} wrote it`)
  }

  function checkSecret({ object, before, user = '', key }: Change): void {
    if (object.type !== 'kubernetes.io/dockerconfigjson') broke('secret-type', `${key}: ${String(object.type)}`)
    if (before === undefined) return
    if (!isOurs(before)) {
      broke('foreign-secret', `${user} wrote ${key}, which is another's`)
      return
    }
    const namespace = key.slice(0, key.indexOf('/'))
    const now = START + scheduler.time
    const next = issuedIn(object)
    for (const [domain, old] of issuedIn(before)) {
      if (old === undefined) continue
      const fresh = next.get(domain)
      if (fresh === undefined) {
        if (next.has(domain)) broke('unknown-credential', `${key}: ${domain} got a credential that nobody issued`)
        else if (isWanted(user, namespace, old.registry, domain)) {
          broke('shrunk', `${key}: ${domain} (${name(old)}) is gone, by ${user}`)
        }
        continue
      }
      // A write that is late on its way may be overtaken by the end of a short credential.
      const isOver = fresh.expiresAt !== null && fresh.expiresAt <= START + sentAt - CLOCK_MS
      const wasOver = old.revoked || (old.expiresAt !== null && old.expiresAt <= now)
      const isOlder = fresh.registry === old.registry && fresh.serial < old.serial && !areEquallyNew(fresh, old)
      if (isOlder && !wasOver && !twoMayLead(scheduler.time)) {
        broke('older', `${key}: ${name(old)} became ${name(fresh)}, by ${user}`)
      }
      if (isOver && !wasOver) broke('expired', `${key}: ${name(old)} became ${name(fresh)}, which is over, by ${user}`)
    }
  }

  /** Two that led by right got them so shortly after each other that their clocks do not tell which is newer. */
  function areEquallyNew(one: Issued, other: Issued): boolean {
    const isShort = Math.abs(one.issuedAt - other.issuedAt) <= 2 * CLOCK_MS
    return one.to !== other.to && isShort && twoMayLead(other.issuedAt - START)
  }

  /** Somebody else changed the Lease, or it is that of a backup: for a moment two lead by right, each with its credentials. */
  function twoMayLead(at: number): boolean {
    return leaseChanges.some((change) => at >= change && at - change < TWO_LEAD_MS)
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

  /** Under all configurations that the process may go by; not where the answer is news. */
  function isWanted(process: string, namespace: string, registry: string, domain: string): boolean {
    const object = server.get('namespaces', namespace)
    const newsAt = Math.max(restoredAt, relabelledAt.get(namespace) ?? -NEWS_MS)
    if (object === undefined || scheduler.time - newsAt < NEWS_MS) return false
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
      const same = entry?.instanceId === undefined || entry.instanceId === `cri-${registry}`
      const moved = domain === 'images.example.com' && !entry?.domains.includes(domain)
      return same && !moved && targets.registriesOf(view).includes(registry)
    })
  }

  return {
    violations,
    broke,
    arrives(time) {
      sentAt = time
    },
    sent({ process, method, path, watch }, waitedMs) {
      const [place = ''] = path.split('?')
      // Two that lead by right and have different credentials overwrite each other's until one of them renews.
      if (method !== 'PATCH' || !twoMayLead(scheduler.time)) count(`${process} ${watch ? 'WATCH' : method} ${place}`)
      if (place.includes('/leases')) {
        if (waitedMs > LEASE_WAIT_MS)
          broke('lease-starved', `${process} ${method} of the Lease waited ${waitedMs} ms for a connection`)
        return
      }
      if (method === 'GET') return
      if (method === 'DELETE' || method === 'PUT') broke('verb', `${process} ${method} ${place}`)
      const renewed = renewedAt.get(process) ?? Number.NEGATIVE_INFINITY
      if (scheduler.time - renewed > RENEW_DEADLINE_MS) {
        const holder = (server.get('leases', `${HOME}/${LEASE}`)?.spec as { holderIdentity?: string } | undefined)
          ?.holderIdentity
        broke(
          'not-leading',
          `${process} ${method} ${place}, renewed ${scheduler.time - renewed} ms ago; the holder is ${holder}`,
        )
      }
    },
    changed(change) {
      const { resource, type, object, before, user, key } = change
      if (resource === 'namespaces' && before?.metadata.labels?.[SKIP] !== object.metadata.labels?.[SKIP]) {
        relabelledAt.set(key, scheduler.time)
      }
      if (resource === 'leases' && user !== undefined && type !== 'DELETED') {
        const { holderIdentity = '' } = (object.spec ?? {}) as { holderIdentity?: string }
        if (holderIdentity === user) renewedAt.set(user, scheduler.time)
        else renewedAt.delete(user)
      }
      if (user === undefined) {
        // The one that is there from the start was changed by nobody.
        if (resource === 'leases' && scheduler.time > 0) leaseChanges.push(scheduler.time)
        return
      }
      if (resource === 'serviceaccounts') checkList(change)
      if (resource === 'secrets') checkSecret(change)
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

export function isOurs({ metadata }: AnyObject): boolean {
  const { labels = {} } = metadata
  return labels[LABEL_MANAGED_BY] === MANAGED_BY && labels[LABEL_INSTANCE] === `${HOME}.helper`
}

function name({ registry, serial }: Issued): string {
  return `${registry}-${serial}`
}
