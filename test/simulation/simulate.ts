import { createCloudClock } from '../../src/alibaba/transport/cloud-clock.ts'
import { createCloudTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { toNopassError } from '../../src/errors.ts'
import { createEntries } from '../../src/helper/credentials/create-entries.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import { runHelper } from '../../src/helper/run-helper.ts'
import { sleep } from '../../src/lib/clock.ts'
import { createCloud, domainOf } from './cloud.ts'
import {
  act,
  ageOfBackup,
  createLease,
  createRequestRules,
  describeFault,
  disturbanceOf,
  drawFaults,
  type Fault,
  type Fixture,
  type Replica,
} from './faults.ts'
import type { AnyObject } from './fields.ts'
import { findProblems } from './final-state.ts'
import { createInvariants, listOf, type Violation } from './invariants.ts'
import { createLateness } from './lateness.ts'
import { createNetwork } from './network.ts'
import { createRandom, createStreams } from './random.ts'
import { createServer } from './server.ts'
import {
  type ConfigVariant,
  configText,
  drawSettings,
  HOME,
  isUsable,
  LEASE,
  type LoadedConfig,
  loadCached,
  namesOf,
  SECRET,
  type Settings,
  STATUS,
} from './settings.ts'
import { createProcessTime, createScheduler, type ProcessTime } from './time.ts'

/** Everything that determines a run. */
export interface Plan {
  readonly seed: number
  readonly settings: Settings
  readonly faults: readonly Fault[]
}

export interface Report {
  readonly plan: Plan
  readonly violations: readonly Violation[]
  /** The simulated time in milliseconds. */
  readonly time: number
  readonly events: number
  /** The trace, if requested. */
  readonly lines: readonly string[]
}

export interface SimulateOptions {
  /** True to record requests, changes and log lines. */
  readonly trace?: boolean
}

/**
 * Everything must be correct within this time after the last fault. Retries are at most 10 minutes
 * apart.
 */
const RECOVERY_MS = 13 * 60_000
/** After the recovery, the helper must do nothing but rotate credentials for this time. */
const QUIET_MS = 5 * 60_000
/** The time in which a process gets the responses to its requests from before a reload. */
const MAX_RESPONSE_MS = 10_000
/**
 * A kubelet's back-off of a container that ends (k8s.io/kubernetes/pkg/kubelet:
 * initialBackoffPeriod, MaxContainerBackOff).
 */
const RESTART_MS = 2_000
const BACKOFF_MS = 10_000
const BACKOFF_LIMIT_MS = 300_000
/**
 * After a container ran this long (twice the longest back-off), its back-off starts from the
 * beginning (k8s.io/client-go/util/flowcontrol/backoff.go).
 */
const BACKOFF_RESET_MS = 600_000
const COMPACTION_MS = 5 * 60_000
/**
 * A restore that loses fewer versions is left out, because new writes reuse them before a helper
 * reads. A real cluster has more between a backup and its restore: nodes renew their Leases.
 */
const FEWEST_LOST = 10
const BOOKMARK_MS = 60_000
/** The limit of events that shows an endless loop. No correct run has as many. */
const MAX_EVENTS = 400_000

export function planOf(seed: number): Plan {
  const random = createRandom(seed)
  const settings = drawSettings(random.fork('settings'))
  return { seed, settings, faults: drawFaults(random.fork('faults'), settings) }
}

/**
 * Runs two replicas through the faults, and until everything has recovered. The same plan always
 * gives the same report.
 */
export async function simulate(plan: Plan, options: SimulateOptions = {}): Promise<Report> {
  const { settings } = plan
  const random = createRandom(plan.seed).fork('run')
  const lines: string[] = []
  const trace = (text: () => string): void => {
    if (options.trace) lines.push(`${(scheduler.time / 1000).toFixed(3).padStart(9)} ${text()}`)
  }
  const scheduler = createScheduler()
  const forbidden = new Map<string, number>()
  const server = createServer({
    time: () => scheduler.time,
    ahead: settings.serverAhead ?? 0,
    watchList: settings.watchList,
    authorize(_user, verb, { resource, namespace }) {
      if (resource === 'leases') return namespace === HOME
      if (resource === 'configmaps') return namespace === HOME && verb !== 'create'
      if ((forbidden.get(namespace) ?? 0) > scheduler.time) return false
      if (settings.scope === 'cluster') return true
      // A Role is deleted with its namespace, and only the chart creates the Role again.
      return namespace === HOME || (roles.has(namespace) && !(resource === 'namespaces' && verb !== 'get'))
    },
  })
  const roles = new Set(namesOf(settings))
  const cloud = createCloud({
    scheduler,
    random: random.fork('cloud'),
    lifetime: settings.life,
    onCall: (process, what) => invariants.called(process, what),
    onIssued: (process, registry, password) => lateness.issued(process, registry, password),
  })
  const streams = createStreams(random.fork('streams'))
  const requestRules = createRequestRules(scheduler, random.fork('weather'))
  const configs = new Map<string, LoadedConfig[]>()
  const reloadedAt = new Map<string, number>()
  const invariants = createInvariants({
    scheduler,
    cloud,
    server,
    // Include the newest configuration, with which another replica may have written the helper's
    // own copy.
    configsOf: (process) => [...(configs.get(process) ?? []), loadCached(configText(settings, usable))],
    suspendedOf: (process) => slots.find(({ identity }) => identity === process)?.time?.suspended ?? 0,
  })
  const lateness = createLateness({
    scheduler,
    cloud,
    server,
    settings,
    undisturbedSince: () => undisturbedSince,
    loaded: () => ({ loaded: loadCached(configText(settings, usable)), since: configuredAt }),
    usesConfig: (process) =>
      configs.get(process)?.at(-1) === loadCached(configText(settings, usable)) &&
      scheduler.time - (reloadedAt.get(process) ?? Number.NEGATIVE_INFINITY) > MAX_RESPONSE_MS,
    hasAccess: (namespace) => settings.scope === 'cluster' || namespace === HOME || roles.has(namespace),
    violated: (detail) => invariants.violated('late', detail),
  })
  const network = createNetwork({
    scheduler,
    random: random.fork('network'),
    server,
    lag: () => fixture.lag,
    delivery(sent) {
      const slot = slots.find(({ identity }) => identity === sent.process)
      const delivery = requestRules.delivery(sent)
      return slot?.onSend(sent) === 'lost' ? { ...delivery, lost: 'before' } : delivery
    },
    onSend(sent, waitedMs) {
      trace(() => `${sent.process} ${sent.watch ? 'WATCH' : sent.method} ${sent.path}`)
      invariants.sent(sent, waitedMs)
    },
    onArrive: (sentAt) => invariants.arrives(sentAt),
  })
  let variant: ConfigVariant = 'first'
  let usable: ConfigVariant = 'first'
  let faultsEnded = false
  let configuredAt = 0
  let undisturbedSince = 0
  const reactions: { until: number; react: Parameters<Fixture['onChange']>[1] }[] = []
  const writes: { at: number; resource: string; key: string }[] = []

  server.onChange = (change) => {
    const { resource, type, key, object, user } = change
    trace(() => `  ${type} ${resource} ${key} v${change.version} by ${user ?? 'admin'}`)
    invariants.changed(change)
    lateness.changed(change)
    if (user !== undefined && resource !== 'leases') writes.push({ at: scheduler.time, resource, key })
    if (resource === 'namespaces') reconcileNamespace(type, key, object.metadata.deletionTimestamp !== undefined)
    if (resource === 'serviceaccounts' && type === 'DELETED' && object.metadata.name === 'default') {
      scheduler.after(20, () => createDefaultAccount(object.metadata.namespace ?? ''))
    }
    if (type === 'DELETED') return
    for (const { until, react } of reactions) if (until > scheduler.time) react(object, resource, user !== undefined)
  }

  /** Acts as the controllers of namespaces and ServiceAccounts. */
  function reconcileNamespace(type: string, name: string, ending: boolean): void {
    const own = streams(`namespace ${name}`)
    if (type === 'ADDED') scheduler.after(5 + own() * 200, () => createDefaultAccount(name))
    if (type !== 'MODIFIED' || !ending) return
    scheduler.after(10 + own() * 1500, () => {
      roles.delete(name)
      for (const resource of ['serviceaccounts', 'secrets', 'configmaps', 'events', 'leases', 'pods']) {
        for (const { metadata } of server.all(resource)) {
          if (metadata.namespace === name) server.finish(resource, `${name}/${metadata.name}`)
        }
      }
      server.finish('namespaces', name)
    })
  }
  function createDefaultAccount(namespace: string): void {
    adminRequest('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
      metadata: { name: 'default', namespace },
    })
  }
  function adminRequest(method: string, path: string, body?: object, contentType?: string) {
    return server.request({ method, path, body: body && JSON.parse(JSON.stringify(body)), contentType })
  }

  const fixture: Fixture = {
    settings,
    scheduler,
    server,
    cloud,
    network,
    requestRules,
    replicas: [],
    adminRequest,
    lag: 0,
    configure(next) {
      variant = next
      configuredAt = scheduler.time
      if (isUsable(next, settings)) usable = next
    },
    onChange(ms, react) {
      reactions.push({ until: scheduler.time + ms, react })
    },
    forbid(namespace, ms) {
      forbidden.set(namespace, scheduler.time + ms)
    },
    grant(namespace) {
      const object = server.get('namespaces', namespace)
      if (object !== undefined && object.metadata.deletionTimestamp === undefined) roles.add(namespace)
    },
    restore: (fault) => backups.get(fault)?.(),
    createPod: (namespace, owner) => createPod(namespace, owner, false),
  }
  const backups = new Map<Fault, () => void>()

  let pods = 0
  /**
   * Creates a Pod as a controller and admission do. A new Pod gets the references of its
   * ServiceAccount and the reference of the Pod policy.
   */
  function createPod(namespace: string, owner: string | undefined, isNew: boolean): void {
    if (server.get('namespaces', namespace)?.metadata.deletionTimestamp !== undefined) return
    pods += 1
    const account = server.get('serviceaccounts', `${namespace}/default`)
    const list = new Set(isNew && account ? listOf(account) : [])
    if (isNew && settings.attach !== undefined && settings.attach !== 'serviceAccounts') list.add(SECRET)
    const uid = `${namespace}/${owner}`
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid, controller: true }]
    const waiting = { reason: 'ImagePullBackOff' }
    adminRequest('POST', `/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name: `p-${pods}`, namespace, ...(owner !== undefined && { ownerReferences }) },
      spec: {
        containers: [{ name: 'main', image: `${domainOf(settings.registries[0] ?? 'a')}/team/app:1` }],
        imagePullSecrets: [...list].map((name) => ({ name })),
      },
      status: list.has(SECRET)
        ? { phase: 'Running' }
        : { phase: 'Pending', containerStatuses: [{ name: 'main', state: { waiting } }] },
    })
  }
  server.onEvict = (pod, user) => {
    const { name, namespace = '' } = pod.metadata
    const [owner] = (pod.metadata as { ownerReferences?: readonly { readonly name: string }[] }).ownerReferences ?? []
    trace(() => `  ${user} evicts ${namespace}/${name}`)
    if (owner === undefined) invariants.violated('evicted', `${namespace}/${name}, which nothing creates again`)
    else scheduler.after(50, () => createPod(namespace, owner.name, true))
    if (listOf((pod as unknown as { readonly spec: AnyObject }).spec).includes(SECRET))
      invariants.violated('evicted', `${namespace}/${name}, which has the reference`)
    if (settings.heal !== true) invariants.violated('evicted', `${namespace}/${name} without heal`)
  }

  function backUp(): () => void {
    const restoreServer = server.snapshot()
    const versionThen = server.version
    const rolesThen = [...roles]
    return () => {
      if (server.version - versionThen >= FEWEST_LOST) restoreServer()
      network.restart()
      invariants.restored()
      roles.clear()
      for (const name of rolesThen) roles.add(name)
      trace(() => `  the API server starts with a backup, at v${server.version}`)
      for (const { metadata } of server.all('namespaces')) {
        const isEnding = metadata.deletionTimestamp !== undefined
        reconcileNamespace(isEnding ? 'MODIFIED' : 'ADDED', metadata.name, isEnding)
      }
      if (faultsEnded) upgradeChart()
    }
  }

  /**
   * Restores what the recovery needs: the Lease, and a configuration with which a Pod can start.
   */
  function upgradeChart(): void {
    if (!isUsable(variant, settings)) variant = usable
    if (server.get('leases', `${HOME}/${LEASE}`) === undefined) createLease(fixture)
  }

  interface Slot extends Replica {
    readonly identity: string
    onSend(sent: { method: string; path: string }): 'lost' | undefined
    start(): void
    readonly time: ProcessTime | undefined
  }
  const slots: Slot[] = [0, 1].map((index) => createSlot(index))
  ;(fixture as { replicas: readonly Replica[] }).replicas = slots

  function createSlot(index: number): Slot {
    let incarnation = 0
    let time: ProcessTime | undefined
    let stop = new AbortController()
    let identity = ''
    let failures = 0
    let startedAt = 0
    const restarts = random.fork(`restarts of ${index}`)
    let countdown: { left: number; arrives: boolean } | undefined
    /** Waits as a kubelet does before it starts a container again. */
    const restart = (): void => {
      failures = scheduler.time - startedAt > BACKOFF_RESET_MS ? 0 : failures + 1
      const backoff = failures < 2 ? 0 : Math.min(BACKOFF_LIMIT_MS, BACKOFF_MS * 2 ** (failures - 2))
      scheduler.after(RESTART_MS * (1 + restarts()) + backoff, () => {
        if (time !== undefined) return
        // No replica could lead meanwhile.
        if (slots.every(({ running }) => !running)) undisturbedSince = Math.max(undisturbedSince, scheduler.time)
        slot.start()
      })
    }
    const crash = (): void => {
      if (time === undefined) return
      trace(() => `${identity} crashes`)
      undisturbedSince = Math.max(undisturbedSince, scheduler.time)
      time.kill()
      time = undefined
      countdown = undefined
      network.cut('reset', (process) => process === identity)
      restart()
    }
    const slot: Slot = {
      name: `helper-${index}`,
      get identity() {
        return identity
      },
      get time() {
        return time
      },
      get running() {
        return time !== undefined
      },
      crash,
      crashAtWrite(left, arrives) {
        countdown = { left, arrives }
      },
      terminate: () => time?.run(() => stop.abort()),
      pause: (ms) => time?.pause(ms),
      jump: (ms) => time?.jump(ms),
      suspend(ms) {
        if (time === undefined || time.paused) return
        const sleeper = time
        const me = identity
        network.cut('reset', (process) => process === me)
        sleeper.suspend(ms)
        scheduler.after(ms, () => {
          undisturbedSince = Math.max(undisturbedSince, scheduler.time)
          lateness.woke()
        })
      },
      onSend({ method, path }) {
        if (countdown === undefined || method === 'GET' || path.includes('/leases')) return undefined
        countdown.left -= 1
        if (countdown.left > 0) return undefined
        const { arrives } = countdown
        countdown = undefined
        scheduler.after(0, crash)
        return arrives ? undefined : 'lost'
      },
      start() {
        incarnation += 1
        const own = createProcessTime(scheduler, settings.rates[index] ?? 1, settings.ahead[index] ?? 0)
        time = own
        identity = `${slot.name}-${incarnation}`
        stop = new AbortController()
        const me = identity
        startedAt = scheduler.time
        const chance = random.fork(me)
        const clock = createCloudClock(own)
        const transport = createCloudTransport({
          send: cloud.senderFor(me, own),
          clock,
          random: chance,
          nonce: () => String(chance()),
          sleep: (ms, signal) => sleep(own, ms, signal),
          userAgent: 'acr-nopass/sim',
        })
        const log = (level: string) => (fields: object, message: string) =>
          trace(() => `${me} ${level} ${message} ${JSON.stringify(fields)}`)
        const finished = (error?: unknown): void => {
          if (own.dead) return
          own.kill()
          time = undefined
          network.cut('reset', (process) => process === me)
          const code = error === undefined ? '' : toNopassError(error).code
          trace(() => `${me} ended ${code} ${error instanceof Error ? error.message : ''}`)
          const excused =
            ['', 'LEASE_LOST'].includes(code) ||
            (!isUsable(variant, settings) && ['HELPER_CONFIG_INVALID', 'IDENTITY_UNAVAILABLE'].includes(code))
          if (!excused) invariants.violated('ended', `${me} ended with ${String(error)}`)
          // An administrator notices a Pod that cannot restart.
          if (faultsEnded) upgradeChart()
          restart()
        }
        configs.set(me, [])
        const readConfig = async (): Promise<string> => {
          const text = configText(settings, variant)
          // A process may use any of the last usable configurations that it has read.
          const mine = configs.get(me) ?? []
          if (isUsable(variant, settings) && mine.at(-1) !== loadCached(text)) {
            configs.set(me, [...mine.slice(-2), loadCached(text)])
            if (mine.length > 0) reloadedAt.set(me, scheduler.time)
          }
          return text
        }
        scheduler.touch()
        runHelper(
          {
            readConfig,
            createEntries: (config) =>
              createEntries(config, {
                transport,
                readText: async (file) => {
                  const name = file.split('/').at(-2) ?? ''
                  if (file.endsWith('/username')) return cloud.staticLogin(name).username
                  if (file.endsWith('/password')) return cloud.staticLogin(name).password
                  return 'text'
                },
                secretsDir: '/secrets',
                oidcTokenFile: settings.identity === 'rrsa' ? '/token' : undefined,
                sessionName: me,
                random: chance,
              }),
            client: network.clientFor(me, own, me, ({ date, milliseconds }) =>
              clock.observeServer(date, clock.monotonic() - milliseconds),
            ),
            clock: own,
            cloud: clock,
            random: chance,
            identity: me,
            podName: me,
            version: 'sim',
            unverified: () => [],
            log: {
              isLevelEnabled: () => false,
              debug: log('debug'),
              info: log('info'),
              warn: log('warn'),
              error: log('error'),
            },
            metrics: createMetrics(),
          },
          stop.signal,
        ).then(
          () => finished(),
          (error: unknown) => finished(error),
        )
      },
    }
    return slot
  }

  // The cluster after the chart was installed.
  for (const name of [HOME, 'other', ...namesOf(settings)])
    adminRequest('POST', '/api/v1/namespaces', { metadata: { name } })
  adminRequest('POST', `/api/v1/namespaces/${HOME}/configmaps`, { metadata: { name: STATUS, namespace: HOME } })
  createLease(fixture)
  for (const [index, slot] of slots.entries()) scheduler.after(500 + index * random.int(0, 3000), () => slot.start())
  const repeat = (ms: number, work: () => void): void => {
    scheduler.after(ms, () => {
      work()
      repeat(ms, work)
    })
  }
  repeat(COMPACTION_MS, () => server.compact())
  repeat(BOOKMARK_MS, () => server.bookmark())
  for (const fault of plan.faults) {
    const backedUpAt = fault.at - ageOfBackup(fault)
    if (fault.kind === 'restoreEtcd' && backedUpAt > 0)
      scheduler.at(1000 + backedUpAt, () => backups.set(fault, backUp()))
    scheduler.at(1000 + fault.at, () => {
      if (faultsEnded) return
      trace(() => `--- ${describeFault(fault)}`)
      undisturbedSince = Math.max(undisturbedSince, scheduler.time + disturbanceOf(fault))
      act(fixture, fault)
    })
  }

  const objects = (): number =>
    ['namespaces', 'secrets', 'serviceaccounts'].reduce((sum, one) => sum + server.all(one).length, 0)
  const check = (): void => {
    if (scheduler.events > MAX_EVENTS) throw new Error(`more than ${MAX_EVENTS} events`)
    if (scheduler.events % 500 !== 0) return
    for (const { time, identity } of slots) {
      // Only the queue, requests in flight and a few loops have timers.
      if ((time?.timers ?? 0) > 100 + 4 * objects())
        invariants.violated('memory', `${identity} has ${time?.timers} timers`)
    }
  }
  const onRejection = (reason: unknown): void =>
    invariants.violated('unhandled', `an unhandled rejection: ${String(reason)}`)
  process.on('unhandledRejection', onRejection)
  try {
    await scheduler.run(1000 + settings.span + 5_000, check)
    endFaults()
    await scheduler.run(scheduler.time + RECOVERY_MS, check)
    checkFinalState('after the recovery')
    const from = scheduler.time
    await scheduler.run(from + QUIET_MS, check)
    checkFinalState('later')
    checkQuiet(from)
  } catch (error) {
    invariants.violated('wild', String(error))
  } finally {
    for (const { time } of slots) time?.kill()
    process.off('unhandledRejection', onRejection)
  }
  return { plan, violations: invariants.violations, time: scheduler.time, events: scheduler.events, lines }

  /** Ends all faults. Changes that the faults made remain. */
  function endFaults(): void {
    faultsEnded = true
    undisturbedSince = Math.max(undisturbedSince, scheduler.time)
    trace(() => '--- all faults end')
    requestRules.clear()
    forbidden.clear()
    cloud.clearFaults()
    fixture.lag = 0
    server.admission.length = 0
    reactions.length = 0
    for (const slot of slots) slot.crashAtWrite(Number.POSITIVE_INFINITY, true)
    // A replica keeps the last usable configuration only while it runs, so a restarted replica
    // needs a usable configuration.
    const last = loadCached(configText(settings, usable))
    if (slots.some(({ running, identity }) => !running || configs.get(identity)?.at(-1) !== last)) upgradeChart()
    if (server.get('leases', `${HOME}/${LEASE}`) === undefined) createLease(fixture)
  }

  function checkFinalState(when: string): void {
    const loaded = loadCached(configText(settings, usable))
    const unfinished = findProblems({ server, cloud, loaded, time: scheduler.time })
    const reachable = unfinished.filter((line) => settings.scope === 'cluster' || !isOutOfReach(line))
    if (reachable.length > 0)
      invariants.violated('unfinished', `${when}: ${reachable.length}: ${reachable.slice(0, 5).join('; ')}`)
  }

  /**
   * True if a deleted namespace has lost its Role with `scope: namespaces`. Only the chart creates
   * the Role again.
   */
  function isOutOfReach(line: string): boolean {
    const name = line.split(/[:/]/)[0] ?? ''
    return namesOf(settings).includes(name) && !roles.has(name)
  }

  function checkQuiet(from: number): void {
    const after = writes.filter(({ at }) => at > from)
    const lists = after.filter(({ resource }) => resource === 'serviceaccounts')
    if (lists.length > 0)
      invariants.violated('restless', `${lists.length} writes of lists while nothing changed, such as ${lists[0]?.key}`)
    const { registries } = loadCached(configText(settings, usable)).config
    // Each registry's credential is rotated repeatedly, at the earliest after 30 % of its lifetime.
    const rotations = registries.length * Math.ceil((scheduler.time - from) / (0.1 * settings.life) + 1)
    const counts = Map.groupBy(after, ({ resource, key }) => `${resource} ${key}`)
    for (const [key, list] of counts) {
      const most = key.startsWith('configmaps') ? 2 * rotations + 4 : rotations
      if (list.length > most) invariants.violated('restless', `${list.length} writes of ${key} while nothing changed`)
    }
  }
}

export function describePlan({ seed, settings, faults }: Plan): string {
  return [
    `seed ${seed}: ${JSON.stringify(settings)}`,
    ...faults.map((fault, index) => `  ${index}. ${describeFault(fault)}`),
  ].join('\n')
}
