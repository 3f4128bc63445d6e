import { rm } from 'node:fs/promises'
import { stringify } from 'yaml'
import { type ActionOutcome, runAction } from '../../action/support/run-action.ts'
import { bareHelm } from '../fixture/bare-helm.ts'
import { childrenCpu } from '../fixture/children-cpu.ts'
import { openRolloutFixture, type RolloutFixture } from '../fixture/rollout-fixture.ts'
import { median } from '../fixture/statistics.ts'
import type { BenchContext, Measured, Scenario } from '../scenario.ts'

const SITES = 20
const SERVERS = 4
const PARALLEL = 4

/** A rollout by the action compared with plain Helm, on the same clusters with the same values. */
export const fleetRollout: Scenario = {
  name: 'fleet-rollout',
  title: { en: 'Rollout to 20 clusters', zh: '向 20 个集群发布' },
  minutes: 2.5,
  measure: measureFleetRollout,
}

type Part = 'bare' | 'first' | 'again' | 'noRam' | 'verify'

/** Features that are disabled for the comparison, and the cost of each when it is enabled. */
const PLAIN = { verify: 'false' }
const VARIANTS = {
  first: PLAIN,
  noRam: { ...PLAIN, ram: 'none' },
  verify: {},
} as const

async function measureFleetRollout(context: BenchContext): Promise<Measured> {
  const { settings, report } = context
  report(`${SERVERS} API servers`)
  await using fixture = await openRolloutFixture(context, { sites: SITES, servers: SERVERS })
  const helm = bareHelm(context, fixture, PARALLEL)
  const stoppable = { ...fixture, until: context.signal }
  const times: Record<Part, number[]> = { bare: [], first: [], again: [], noRam: [], verify: [] }
  const cpu: Record<Part, number[]> = { bare: [], first: [], again: [], noRam: [], verify: [] }
  const measured = async (part: Part, work: () => Promise<number>): Promise<void> => {
    const before = childrenCpu()
    times[part].push(await work())
    const after = childrenCpu()
    if (before !== undefined && after !== undefined) cpu[part].push(after - before)
  }
  let writes = 0
  // Costs of the first rollout only, such as cold files, are not measured.
  giveRights(fixture)
  await helm.install()
  await helm.uninstall()
  for (let round = 0; round < settings.rounds; round += 1) {
    const reportRound = (what: string): void => report(`round ${round + 1} of ${settings.rounds}: ${what}`)
    reportRound('helm under xargs')
    giveRights(fixture)
    await measured('bare', () => timed(() => helm.install()))
    await helm.uninstall()
    for (const [name, inputs] of Object.entries(VARIANTS)) {
      if (name !== 'first' && !settings.long) continue
      reportRound(`the action, ${name}`)
      if (name === 'noRam') giveRights(fixture)
      else takeRights(fixture)
      await measured(name as keyof typeof VARIANTS, () => roll(stoppable, inputs, 'deployed'))
      if (name === 'first') {
        reportRound('the action again, nothing changed')
        const from = fixture.cloud.calls.length
        await measured('again', () => roll(stoppable, PLAIN, 'unchanged'))
        writes += fixture.cloud.calls.slice(from).filter(({ product, write }) => product === 'Ram' && write).length
        writes += (await revisions(fixture)) - SITES
        context.note(
          `round ${round + 1}: ${(median(times.first) / median(times.bare)).toFixed(2)}x of bare helm, ` +
            `again ${(median(times.again) / median(times.first)).toFixed(2)}x of that; ` +
            `CPU of bare helm ${median(cpu.bare).toFixed(1)} s, first ${median(cpu.first).toFixed(1)} s, ` +
            `again ${median(cpu.again).toFixed(1)} s`,
        )
      }
      await helm.uninstall()
    }
  }
  const of = (part: Part): number => median(times[part])
  return {
    figures: {
      rollout: [of('first') / of('bare')],
      'rollout-cpu': [median(cpu.first) / median(cpu.bare)],
      'again-cpu': [median(cpu.again) / median(cpu.first)],
      again: [of('again') / of('first')],
      'again-writes': [writes],
      'rollout-parts': [(of('first') - of('noRam')) / of('bare'), (of('verify') - of('first')) / of('bare')],
    },
    notes: [
      `medians of ${settings.rounds} rounds, ${SITES} releases on ${SERVERS} API servers, ${PARALLEL} at a time`,
      ...Object.entries(times).flatMap(([part, all]) => {
        if (all.length === 0) return []
        const own = cpu[part as Part].map((seconds) => seconds.toFixed(1)).join(', ')
        return [`${part}: ${all.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s, with ${own} s of CPU`]
      }),
    ],
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

/**
 * One run of the committed bundle; returns its milliseconds.
 * @throws Error when a site has another result than expected
 */
async function roll(
  fixture: RolloutFixture & { readonly until: AbortSignal },
  inputs: Readonly<Record<string, string>>,
  status: string,
): Promise<number> {
  const outcome: ActionOutcome = await runAction({
    inputs: {
      clusters: stringify(fixture.sites.map(({ entry }) => entry)),
      values: fixture.sharedValues,
      endpoints: fixture.endpoints,
      'max-parallel': String(PARALLEL),
      ...inputs,
    },
    env: fixture.env,
    until: fixture.until,
  })
  await rm(outcome.temp, { recursive: true })
  const results: { readonly status: string }[] = JSON.parse(outcome.outputs.results ?? '[]')
  if (results.length === SITES && results.every((one) => one.status === status)) return outcome.milliseconds
  throw new Error(`not every site was ${status}: ${outcome.stdout}\n${outcome.stderr}`)
}

const roleOf = (site: string): string => `KubernetesWorkerRole-${site}`

/** Done manually, as in the documentation, because plain helm knows nothing of RAM. */
function giveRights({ cloud, sites }: RolloutFixture): void {
  const Action = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
  const document = { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] }
  for (const { name } of sites) cloud.control.grant(roleOf(name), `by-hand-${name}`, document)
}

/** As before the first rollout: no policy is attached. */
function takeRights({ cloud, sites }: RolloutFixture): void {
  for (const { name } of sites) cloud.control.revoke(roleOf(name))
}

async function revisions({ servers }: RolloutFixture): Promise<number> {
  const lists = await Promise.all(
    servers.map(({ admin }) =>
      admin.request<{ items: readonly unknown[] }>({
        method: 'GET',
        path: '/api/v1/secrets',
        query: { labelSelector: 'owner=helm' },
      }),
    ),
  )
  return lists.reduce((sum, { items }) => sum + items.length, 0)
}
