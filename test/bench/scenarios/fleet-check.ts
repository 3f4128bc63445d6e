import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { ClusterCheck } from '../../../src/fleet/cluster-check.ts'
import { runAction } from '../../action/support/run-action.ts'
import {
  countRequests,
  countWrites,
  describeRequests,
  openAuditWindow,
  type RequestCounts,
} from '../fixture/audit-window.ts'
import { createPods } from '../fixture/many-pods.ts'
import { createNamespaces, namesOf } from '../fixture/namespaces.ts'
import { type FleetSite, openRolloutFixture, type RolloutFixture } from '../fixture/rollout-fixture.ts'
import { type SlowProxy, startSlowProxy } from '../fixture/slow-proxy.ts'
import { median } from '../fixture/statistics.ts'
import type { BenchContext, Measured, Scenario } from '../scenario.ts'

const SITES = 20
const SERVERS = 4
const SLOWER_MS = 200
const PODS_EACH = 5
const ROLE = 'bench-deployer'

/** A check of many clusters compared with a check of one, and what it asks of servers and cloud. */
export const fleetCheck: Scenario = {
  name: 'fleet-check',
  title: { en: 'Check of 20 clusters', zh: '检查 20 个集群' },
  minutes: 4,
  measure: measureFleetCheck,
}

async function measureFleetCheck(context: BenchContext): Promise<Measured> {
  const { settings, report, note, signal } = context
  await using undo = new AsyncDisposableStack()
  const proxies: SlowProxy[] = []
  const through = async (server: string): Promise<string> => {
    const proxy = undo.use(await startSlowProxy(new URL(server)))
    proxies.push(proxy)
    return `https://${proxy.address}`
  }
  report(`${SERVERS} API servers`)
  const fixture = undo.use(await openRolloutFixture(context, { sites: SITES, servers: SERVERS, through }))
  const [first] = fixture.sites
  if (first === undefined) throw new Error('a fleet needs a site')
  allowDeployRole(fixture)
  const stoppable = { ...fixture, until: signal }
  const helmCalls = await watchHelm(fixture, join(context.programs.folder, 'counted'))
  report(`a rollout to ${SITES} clusters`)
  await run(stoppable, fixture.sites, { mode: 'apply', 'max-parallel': '4' })
  for (const proxy of proxies) proxy.delayMs = SLOWER_MS
  const times: Record<'one' | 'all', number[]> = { one: [], all: [] }
  const from = fixture.cloud.calls.length
  const checked = { ...stoppable, env: { ...fixture.env, PATH: helmCalls.path } }
  await check(checked, [first])
  signal.throwIfAborted()
  for (let round = 0; round < settings.rounds; round += 1) {
    signal.throwIfAborted()
    report(`round ${round + 1} of ${settings.rounds}`)
    times.one.push((await check(checked, [first])).milliseconds)
    times.all.push((await check(checked, fixture.sites)).milliseconds)
    note(`round ${round + 1}: one ${times.one.at(-1)} ms, all ${times.all.at(-1)} ms`)
  }
  const callsOf = async (sites: readonly FleetSite[]) => {
    const before = fixture.cloud.calls.length
    await check(checked, sites)
    return fixture.cloud.calls.slice(before)
  }
  const callsOfOne = await callsOf([first])
  const calls = await callsOf(fixture.sites)
  const sessions = calls.filter(({ action }) => action.startsWith('AssumeRole')).length
  for (const proxy of proxies) proxy.delayMs = 0

  report(`${settings.namespaces} namespaces with ${settings.namespaces * PODS_EACH} Pods`)
  const names = namesOf('team', settings.namespaces)
  await createNamespaces(first.cluster.admin, names, () => undefined, signal)
  await createPods(first.cluster.admin, names, PODS_EACH, signal)
  const wide = withEveryNamespace(first)
  await run(stoppable, [wide], { mode: 'apply' })
  const window = openAuditWindow(first.cluster.auditLogFile, `deployer-${first.name}`)
  const { cluster } = await check(checked, [wide])
  const requests: RequestCounts = window.requests()
  const writes = countWrites(requests) + fixture.cloud.calls.slice(from).filter(({ write }) => write).length
  return {
    figures: {
      'check-all': [median(times.all) / median(times.one)],
      'check-requests': [countRequests(requests)],
      'check-writes': [writes],
      'check-calls': [(calls.length - callsOfOne.length) / (SITES - 1)],
      'check-sessions': [sessions],
      'check-helm': [await helmCalls.count()],
    },
    notes: [
      `medians of ${settings.rounds} rounds, ${SITES} releases on ${SERVERS} API servers, all at a time`,
      `one: ${times.one.map(seconds).join(', ')} s; all: ${times.all.map(seconds).join(', ')} s`,
      `requests with ${names.length} namespaces: ${describeRequests(requests, 1)}`,
      `that cluster: ${cluster?.state}, ${cluster?.namespaces?.total} namespaces, ${describeState(cluster)}`,
      `calls to the cloud, of one: ${describeCalls(callsOfOne)}; of all: ${describeCalls(calls)}`,
    ],
  }
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1)

function describeCalls(calls: RolloutFixture['cloud']['calls']): string {
  const groups = Map.groupBy(calls, ({ product, action }) => `${product}:${action}`)
  return [...groups].map(([name, { length }]) => `${name} ${length}`).join(', ')
}

function describeState(cluster: ClusterCheck | undefined): string {
  const { findings = [], unread = [] } = cluster ?? {}
  const ids = Map.groupBy(findings, ({ id }) => id)
  const counts = [...ids].map(([id, { length }]) => (length === 1 ? id : `${length} x ${id}`))
  return [...counts, ...unread.map(({ what }) => `not read: ${what}`)].join(', ') || 'no finding'
}

/** The release of the site, with all namespaces as its targets. */
function withEveryNamespace(site: FleetSite): FleetSite {
  const entry = site.entry as { readonly values: object }
  return { ...site, entry: { ...entry, values: { ...entry.values, targets: { namespaces: { include: ['*'] } } } } }
}

/** The role that every site's entry names, as in a list of several accounts. */
function allowDeployRole({ cloud }: RolloutFixture): void {
  const Principal = { RAM: [`acs:ram::${cloud.accountId}:root`] }
  cloud.control.putRole(ROLE, { Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }] })
  cloud.control.grant(ROLE, 'bench-everything', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  })
}

/** Puts programs called `helm` first on PATH that only count their calls. */
async function watchHelm({ env }: RolloutFixture, folder: string) {
  await mkdir(folder, { recursive: true })
  const calls = join(folder, 'calls.txt')
  await writeFile(calls, '')
  for (const name of ['helm', 'helm3', 'helm4']) {
    await writeFile(join(folder, name), `#!/bin/sh\necho "$@" >> '${calls}'\nexit 1\n`)
    await chmod(join(folder, name), 0o755)
  }
  return {
    path: `${folder}:${dirname(process.execPath)}:${(env.PATH ?? '').split(':').slice(2).join(':')}`,
    count: async (): Promise<number> => (await readFile(calls, 'utf8')).split('\n').length - 1,
  }
}

/** @throws Error when the action failed */
async function run(
  fixture: Pick<RolloutFixture, 'sharedValues' | 'endpoints' | 'env' | 'cloud'> & { readonly until: AbortSignal },
  sites: readonly FleetSite[],
  inputs: Readonly<Record<string, string>>,
) {
  const deployRole = `acs:ram::${fixture.cloud.accountId}:role/${ROLE}`
  const outcome = await runAction({
    inputs: {
      clusters: stringify(sites.map(({ entry }) => ({ ...entry, deployRole }))),
      values: fixture.sharedValues,
      endpoints: fixture.endpoints,
      ...inputs,
    },
    env: fixture.env,
    until: fixture.until,
  })
  if (outcome.code !== 0) throw new Error(`${outcome.stdout}\n${outcome.stderr}`)
  return outcome
}

/** Checks the sites. @throws Error when a cluster could not be reached */
async function check(fixture: Parameters<typeof run>[0], sites: readonly FleetSite[]) {
  const outcome = await run(fixture, sites, { mode: 'check', 'max-parallel': String(SITES), 'fail-on': 'never' })
  const results = await readFile(outcome.outputs['results-file'] ?? '', 'utf8')
  await rm(outcome.temp, { recursive: true })
  const { clusters } = JSON.parse(results) as { readonly clusters: readonly ClusterCheck[] }
  const unreached = clusters.filter(({ kubernetes }) => kubernetes === null)
  if (unreached.length > 0) throw new Error(JSON.stringify(unreached.map(({ findings }) => findings)))
  return { milliseconds: outcome.milliseconds, cluster: clusters[0] }
}
