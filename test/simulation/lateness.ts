import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { SKIP } from '../../src/kube/names.ts'
import { domainOf, instanceOf, isLost, type SimulatedCloud } from './cloud.ts'
import type { AnyObject } from './fields.ts'
import { isManaged } from './invariants.ts'
import type { Change, SimulatedServer } from './server.ts'
import { HOME, LEASE, type LoadedConfig, SECRET, type Settings } from './settings.ts'
import { type Scheduler, START } from './time.ts'

export interface LatenessOptions {
  readonly scheduler: Scheduler
  readonly cloud: SimulatedCloud
  readonly server: SimulatedServer
  readonly settings: Settings
  /** Since when requests, processes and the cloud have been undisturbed. */
  readonly undisturbedSince: () => number
  /** The configuration in effect, and since when it has been in effect. */
  readonly loaded: () => { readonly loaded: LoadedConfig; readonly since: number }
  /**
   * True if a process uses the configuration in effect and has no requests in flight from before a
   * reload. It ignores the responses to such requests.
   */
  readonly usesConfig: (process: string) => boolean
  /** Whether the helper has permissions in a namespace. */
  readonly hasAccess: (namespace: string) => boolean
  readonly violated: (detail: string) => void
}

/**
 * Checks that every target gets each new credential in time, and that no target keeps a credential
 * until it expires.
 */
export interface Lateness {
  /** Call when the cloud has issued a credential to a process. */
  issued(process: string, registry: string, password: string): void
  changed(change: Change): void
  /** Call when a machine wakes up. */
  woke(): void
}

/** The time in which replicas recover from disturbances and restart. */
const SETTLED_MS = 60_000
/**
 * Time for the login check, the waits for other registries (3 s) and for the helper's own copy (2
 * s), and some retries.
 */
const BASE_MS = 8_000
/** The time in which a timer notices a corrected clock. */
const NOTICED_MS = 60_000
/** Before this fraction of its lifetime, no credential is due. */
const NOT_DUE = 1 / 2
/** Credentials with a shorter lifetime are not checked, because only faults cause them. */
const MIN_LIFETIME_MS = 3 * 60_000
/**
 * The time for which the helper may leave objects alone that other clients have changed
 * (src/helper/plan/actions.ts).
 */
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

  /**
   * Returns the namespaces that must have the registry's credential. Excludes namespaces that other
   * clients changed recently, and namespaces with an entry that the log lost.
   */
  function targetsOf({ targets }: LoadedConfig, registry: string): string[] {
    return server.all('namespaces').flatMap(({ metadata }: AnyObject) => {
      const { name, labels = {}, deletionTimestamp } = metadata
      const view = { name, uid: '', resourceVersion: '', labels, optedOut: labels[SKIP] === 'true', terminating: false }
      const isFought = scheduler.time - (touchedAt.get(name) ?? Number.NEGATIVE_INFINITY) < FOUGHT_MS
      const secret = server.get('secrets', `${name}/${SECRET}`)
      const isForeign = secret !== undefined && !isManaged(secret)
      if (isFought || isForeign || deletionTimestamp !== undefined || !options.hasAccess(name)) return []
      const names = targets.registriesOf(view)
      if (names.some((one) => isLost(credentialIn(name, one), credentialIn(HOME, one)))) return []
      // If two registries have the same domain, the first registry's credential is used.
      const owner = names.find((one) => domainOf(one) === domainOf(registry))
      return owner === registry ? [name] : []
    })
  }

  function isTypo({ config }: LoadedConfig, registry: string): boolean {
    return !config.registries.some(({ instanceId }) => instanceId === instanceOf(registry))
  }

  /**
   * Checks that no target keeps the credential until it expires. Skips the check if anything was
   * disturbed shortly before the credential was due, or later.
   */
  function checkEnd(registry: string, password: string): void {
    const { issuedAt = 0, expiresAt } = cloud.issued(password) ?? {}
    // A replica cannot know the time if its clock and the API server's are both behind.
    const isClockBehind = settings.ahead.some((ahead) => Math.max(ahead, settings.serverAhead ?? 0) < -SETTLED_MS)
    if (isClockBehind || expiresAt == null || expiresAt - issuedAt < MIN_LIFETIME_MS) return
    const undisturbedFrom = issuedAt + NOT_DUE * (expiresAt - issuedAt) - SETTLED_MS - START
    scheduler.at(expiresAt - START, () => {
      const { loaded, since } = options.loaded()
      // While the Lease is missing, there is no leader.
      const isLed = holder() !== undefined && leaseChangedAt <= undisturbedFrom
      if (isTypo(loaded, registry) || !isLed || options.undisturbedSince() > undisturbedFrom || since > undisturbedFrom)
        return
      const late = targetsOf(loaded, registry).filter((name) => credentialIn(name, registry) === cloud.issued(password))
      if (late.length > 0) options.violated(`${password} expired in ${late.length} (${late[0]})`)
    })
  }

  return {
    issued(process, registry, password) {
      const since = scheduler.time
      const token = cloud.issued(password)
      const { loaded, since: configuredAt } = options.loaded()
      checkEnd(registry, password)
      const isDisturbed = options.undisturbedSince() > since - SETTLED_MS
      if (token?.expiresAt == null || holder() !== process || isDisturbed || !options.usesConfig(process)) return
      const names = targetsOf(loaded, registry)
      scheduler.after(BASE_MS, () => {
        const isSame =
          holder() === process && options.undisturbedSince() <= since && options.loaded().since === configuredAt
        if (!isSame) return
        const still = new Set(targetsOf(loaded, registry))
        const late = names.filter(
          (name) => still.has(name) && (credentialIn(name, registry)?.serial ?? 0) < token.serial,
        )
        if (late.length > 0)
          options.violated(`${password} is not in ${late.length} of ${names.length} (${late[0]}) after ${BASE_MS} ms`)
      })
    },
    woke() {
      const { loaded, since: configuredAt } = options.loaded()
      const wokeAt = scheduler.time
      const limit = NOTICED_MS + SETTLED_MS + BASE_MS
      scheduler.after(limit, () => {
        const isDisturbed = options.undisturbedSince() > wokeAt || options.loaded().since !== configuredAt
        if (isDisturbed || holder() === undefined || leaseChangedAt > wokeAt - SETTLED_MS) return
        for (const registry of loaded.config.registries.map(({ name }) => name)) {
          if (isTypo(loaded, registry)) continue
          const late = targetsOf(loaded, registry).filter((name) => {
            const { expiresAt = null, issuedAt = 0 } = credentialIn(name, registry) ?? {}
            return expiresAt !== null && expiresAt <= START + wokeAt && expiresAt - issuedAt >= MIN_LIFETIME_MS
          })
          if (late.length > 0)
            options.violated(`${registry} expired in ${late.length} (${late[0]}) during a sleep, ${limit} ms ago`)
        }
      })
    },
    changed({ resource, key, object, user }) {
      // The creation of objects at the start is not a change.
      if (user !== undefined || scheduler.time === 0) return
      if (resource === 'leases') leaseChangedAt = scheduler.time
      if (resource === 'namespaces') touchedAt.set(key, scheduler.time)
      if (resource === 'secrets') touchedAt.set(object.metadata.namespace ?? '', scheduler.time)
    },
  }
}
