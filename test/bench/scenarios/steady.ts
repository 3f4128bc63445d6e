import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningPod } from '../../../sandbox/nodes/process/process-node.ts'
import { countWrites, describeRequests } from '../fixture/audit-window.ts'
import { type Fixture, HOME, RELEASE } from '../fixture/fixture.ts'
import { createNamespace, createNamespaces, namesOf } from '../fixture/namespaces.ts'
import { usableAt } from '../fixture/observer.ts'
import { readProcess } from '../fixture/process-figures.ts'
import { untilHelperWorks } from '../fixture/until-works.ts'
import { type BenchContext, type Measured, openScenarioFixture, type Scenario } from '../scenario.ts'

const NAMESPACES = 200
/** After this time, the work of a start is done. */
const START_MS = 15_000
/** After this time, status and Events of earlier phases have been written. */
const SETTLE_MS = 32_000

/**
 * Steady state: the cost of an idle helper, of a restart with valid tokens, and of the leader's
 * crash.
 */
export const steady: Scenario = {
  name: 'steady',
  title: { en: 'Steady state, restart and crash', zh: '稳态、重启与崩溃' },
  minutes: 2.5,
  measure: measureSteady,
}

async function measureSteady(context: BenchContext): Promise<Measured> {
  const { settings, report, signal } = context
  report('a cluster')
  await using fixture = await openScenarioFixture(context, 'steady')
  const names = namesOf('steady', NAMESPACES)
  await createNamespaces(fixture.admin, names, () => undefined, signal)
  const node = await fixture.startNode()
  await fixture.install({ attach: 'serviceAccounts' })
  const done = (): boolean => names.every((name) => usableAt(fixture.observer.of(name)) !== undefined)
  await fixture.observer.until('all were usable', done, 120_000, signal)
  await untilHelperWorks(fixture, signal)
  await sleep(SETTLE_MS, undefined, { signal })

  report(`idle for ${settings.steadySeconds} s`)
  const idle = await watchFor(fixture, settings.steadySeconds * 1000, signal)

  report('restart')
  const restart = watchFor(fixture, START_MS, signal)
  await restartAll(fixture, signal)
  const restarted = await restart

  report('crash of the leader, which its kubelet starts again')
  const leader = await leaderOf(fixture, signal)
  node.signal(`${leader.namespace}/${leader.name}`, 'SIGKILL')
  const againMs = await untilNewIsUsable(fixture, 'after-crash', signal)
  await sleep(START_MS, undefined, { signal })

  report('loss of the leader, which nobody starts again')
  const second = await leaderOf(fixture, signal)
  // The second crash of a container keeps it down (see openFixture); a helper that has not crashed
  // yet crashes here.
  if (second.uid !== leader.uid) {
    node.signal(`${second.namespace}/${second.name}`, 'SIGKILL')
    await sleep(START_MS, undefined, { signal })
  }
  const last = await leaderOf(fixture, signal)
  node.signal(`${last.namespace}/${last.name}`, 'SIGKILL')
  const blindMs = await untilNewIsUsable(fixture, 'after-loss', signal)
  return {
    figures: {
      'steady-writes': [idle.writes, idle.cloudCalls],
      'steady-logins': [(idle.logins * 60) / settings.steadySeconds],
      'steady-requests': [(idle.requests * 60) / settings.steadySeconds],
      'steady-cpu': [(idle.cpuSeconds / settings.steadySeconds) * 100],
      restart: [restarted.objectWrites, restarted.cloudCalls],
      'crash-restarted': [againMs / 1000],
      'crash-lost': [blindMs / 1000],
    },
    notes: [
      `idle over ${NAMESPACES} namespaces, measured for ${settings.steadySeconds} s (two helpers): ${idle.described}, ${idle.watches} watches reopened`,
      `restart of both helpers, requests in ${START_MS / 1000} s: ${restarted.described}`,
    ],
  }
}

interface Idle {
  readonly requests: number
  readonly writes: number
  /** Writes to Secrets, ServiceAccounts and Events. */
  readonly objectWrites: number
  readonly cloudCalls: number
  /** Logins at the registry, which is not part of the cloud's API. */
  readonly logins: number
  readonly watches: number
  readonly cpuSeconds: number
  readonly described: string
}

async function watchFor(fixture: Fixture, ms: number, signal: AbortSignal): Promise<Idle> {
  const window = fixture.audit()
  const begin = fixture.cloud.calls.length
  const cpu = (): number => fixture.helpers().reduce((sum, pod) => sum + cpuOf(fixture, pod), 0)
  const before = cpu()
  await sleep(ms, undefined, { signal })
  const counts = window.requests()
  const calls = fixture.cloud.calls.slice(begin)
  const logins = calls.filter(({ product }) => product === 'registry').length
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return {
    requests: all,
    writes: countWrites(counts),
    objectWrites: countWrites(counts, 'secrets', 'serviceaccounts', 'events'),
    cloudCalls: calls.length - logins,
    logins,
    watches: window.watches(),
    cpuSeconds: cpu() - before,
    described: describeRequests(counts, 1),
  }
}

/** A Pod that is terminating has none. */
function cpuOf(fixture: Fixture, pod: RunningPod): number {
  try {
    return readProcess(fixture.processOf(pod)).cpuSeconds
  } catch {
    return 0
  }
}

/**
 * Like `kubectl rollout restart`, but without a running Pod in between: all Pods are deleted
 * together.
 */
async function restartAll(fixture: Fixture, signal: AbortSignal): Promise<void> {
  const path = `/api/v1/namespaces/${HOME}/pods`
  await fixture.admin.request({ method: 'DELETE', path }, signal)
}

async function leaderOf(fixture: Fixture, signal: AbortSignal): Promise<RunningPod> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`
  const lease = await fixture.admin.request<{ spec?: { holderIdentity?: string } }>({ method: 'GET', path }, signal)
  const holder = lease.spec?.holderIdentity?.split('_')[0]
  const pod = fixture.helpers().find(({ name }) => name === holder)
  if (pod === undefined) throw new Error(`no helper holds the lease (${holder ?? 'nobody'})`)
  return pod
}

/** The time until a namespace that is created now is usable. */
async function untilNewIsUsable(fixture: Fixture, name: string, signal: AbortSignal): Promise<number> {
  const begin = performance.now()
  await createNamespace(fixture.admin, name, signal)
  const observed = fixture.observer.of(name)
  await fixture.observer.until('a helper worked again', () => usableAt(observed) !== undefined, 60_000, signal)
  return (usableAt(observed) ?? Number.NaN) - begin
}
