import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { SKIP } from '../../src/kube/names.ts'
import { domainOf, instanceOf, type SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import { isOurs } from './invariants.ts'
import type { Change, SimulatedServer } from './server.ts'
import { HOME, type Known, LEASE, SECRET, type Settings } from './settings.ts'
import { type Scheduler, START } from './time.ts'

export interface LatenessOptions {
  readonly scheduler: Scheduler
  readonly cloud: SimulatedCloud
  readonly server: SimulatedServer
  readonly settings: Settings
  /** Since when nothing disturbs requests, processes or the cloud. */
  readonly calmSince: () => number
  /** The configuration, and since when it is the one. */
  readonly known: () => { readonly known: Known; readonly since: number }
  /** Whether a process goes by that configuration, and what it asked for under another is answered: a reload drops it. */
  readonly goesBy: (process: string) => boolean
  /** Whether the helper has rights there. */
  readonly reaches: (namespace: string) => boolean
  readonly broke: (detail: string) => void
}

/** Looks whether a new credential is in every target in time, and none in a target reaches its end. */
export interface Lateness {
  /** The cloud gave a process a credential. */
  issued(process: string, registry: string, password: string): void
  changed(change: Change): void
}

/** What was disturbed is over, and the replicas have started again. */
const SETTLED_MS = 60_000
/** The login check, the wait for other registries' credentials (3 s) and for the own copy (2 s), and some retries. */
const BASE_MS = 8_000
/** Of a credential: by then it has not been due yet. Shorter lives are those of a fault. */
const NOT_DUE = 1 / 2
const SHORTEST_LIFE_MS = 3 * 60_000
/** What others changed may be left alone for a while (src/helper/fight.ts). */
const FOUGHT_MS = 11 * 60_000

export function createLateness(options: LatenessOptions): Lateness {
  const { scheduler, cloud, server, settings } = options
  const touchedAt = new Map<string, number>()
  let leaseChangedAt = Number.NEGATIVE_INFINITY
  const holder = (): string | undefined =>
    (server.get('leases', `${HOME}/${LEASE}`)?.spec as { holderIdentity?: string } | undefined)?.holderIdentity

  function credentialIn(namespace: string, registry: string): ReturnType<SimulatedCloud['issued']> {
    const data = server.get('secrets', `${namespace}/${SECRET}`)?.data as Record<string, string> | undefined
    const text = data?.['.dockerconfigjson']
    if (text === undefined) return undefined
    const logins = readDockerConfig(Buffer.from(text, 'base64').toString())
    return cloud.issued(logins.find(({ domains }) => domains.includes(domainOf(registry)))?.password ?? '')
  }

  /** Namespaces that the registry has to reach, and nobody else meddled with. */
  function targetsOf({ targets }: Known, registry: string): string[] {
    return server.all('namespaces').flatMap(({ metadata }: AnyObject) => {
      const { name, labels = {}, deletionTimestamp } = metadata
      const view = { name, uid: '', resourceVersion: '', labels, optedOut: labels[SKIP] === 'true', terminating: false }
      const isLeft = scheduler.time - (touchedAt.get(name) ?? Number.NEGATIVE_INFINITY) < FOUGHT_MS
      const secret = server.get('secrets', `${name}/${SECRET}`)
      const isForeign = secret !== undefined && !isOurs(secret)
      if (isLeft || isForeign || deletionTimestamp !== undefined || !options.reaches(name)) return []
      return targets.registriesOf(view).includes(registry) ? [name] : []
    })
  }

  function isTypo({ config }: Known, registry: string): boolean {
    return !config.registries.some(({ instanceId }) => instanceId === instanceOf(registry))
  }

  /** With the cloud at hand since before it was due, no target keeps it until its end. */
  function checkEnd(registry: string, password: string): void {
    const { issuedAt = 0, expiresAt } = cloud.issued(password) ?? {}
    // Nothing tells the time to a replica whose clock and API server's are both behind.
    const isLost = settings.ahead.some((ahead) => Math.max(ahead, settings.serverAhead ?? 0) < -SETTLED_MS)
    if (isLost || expiresAt == null || expiresAt - issuedAt < SHORTEST_LIFE_MS) return
    const calmFrom = issuedAt + NOT_DUE * (expiresAt - issuedAt) - SETTLED_MS - START
    scheduler.at(expiresAt - START, () => {
      const { known, since } = options.known()
      // Without the Lease, which only the chart makes, nobody leads.
      const isLed = holder() !== undefined && leaseChangedAt <= calmFrom
      if (isTypo(known, registry) || !isLed || options.calmSince() > calmFrom || since > calmFrom) return
      const late = targetsOf(known, registry).filter((name) => credentialIn(name, registry) === cloud.issued(password))
      if (late.length > 0) options.broke(`${password} is over in ${late.length} (${late[0]})`)
    })
  }

  return {
    issued(process, registry, password) {
      const since = scheduler.time
      const token = cloud.issued(password)
      const { known, since: configuredAt } = options.known()
      checkEnd(registry, password)
      const isDisturbed = options.calmSince() > since - SETTLED_MS
      if (token?.expiresAt == null || holder() !== process || isDisturbed || !options.goesBy(process)) return
      const now = START + since
      const names = targetsOf(known, registry)
      // Of all registries: they share the pace.
      const pacedMs = Math.min((names.length / settings.refreshRate) * 1000, (token.expiresAt - token.issuedAt) / 10)
      const check = (urgent: boolean, namespaces: readonly string[], limit: number): void => {
        scheduler.after(limit, () => {
          const isSame = holder() === process && options.calmSince() <= since && options.known().since === configuredAt
          if (!isSame) return
          const still = new Set(targetsOf(known, registry))
          const late = namespaces.filter(
            (name) => still.has(name) && (credentialIn(name, registry)?.serial ?? 0) < token.serial,
          )
          if (late.length > 0) {
            const kind = urgent ? ', where the one before had expired' : ''
            options.broke(
              `${password} is not in ${late.length} of ${namespaces.length} (${late[0]}) after ${limit} ms${kind}`,
            )
          }
        })
      }
      const isOver = (name: string): boolean => (credentialIn(name, registry)?.expiresAt ?? now + 1) <= now
      check(true, names.filter(isOver), BASE_MS)
      check(false, names, BASE_MS + 1.1 * pacedMs)
    },
    changed({ resource, key, object, user }) {
      // What is there from the start was not changed by anyone.
      if (user !== undefined || scheduler.time === 0) return
      if (resource === 'leases') leaseChangedAt = scheduler.time
      if (resource === 'namespaces') touchedAt.set(key, scheduler.time)
      if (resource === 'secrets') touchedAt.set(object.metadata.namespace ?? '', scheduler.time)
    },
  }
}
