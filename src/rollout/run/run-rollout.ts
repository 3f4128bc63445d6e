import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { idTokenSource } from '../../alibaba/identities/github-token.ts'
import { maskOnce } from '../../alibaba/identities/masking.ts'
import { sessionNameOf } from '../../alibaba/identities/session-name.ts'
import { createDefaultTransport } from '../../alibaba/transport/cloud-transport.ts'
import { collectUnverified, type UnverifiedFact } from '../../alibaba/unverified.ts'
import { NopassError } from '../../errors.ts'
import { fetchChart } from '../../helm/fetch-chart.ts'
import { findHelm, type Helm } from '../../helm/find-helm.ts'
import { createKeyedLock } from '../../lib/concurrency.ts'
import { confirmationOf } from '../../lib/confirmation.ts'
import type { SharedTarget } from '../../policy/policy-targets.ts'
import { type RolledCluster, type RunContext, skippedResult } from '../cluster/cluster-run.ts'
import { type ClusterResult, printableResult } from '../cluster-result.ts'
import { createCloudAccess } from '../connect/cloud-access.ts'
import { guardKubeconfigs, maskKnownSecrets } from '../connect/guard-kubeconfigs.ts'
import { nameOfArchive, OUR_CHART } from '../inputs/describe-chart.ts'
import { readPlanFile } from '../inputs/plan-file.ts'
import { prepareClusters } from '../inputs/prepare-cluster.ts'
import type { Settings } from '../inputs/settings.ts'
import { narrowPolicies, removePolicies } from '../ram/narrow-policies.ts'
import { withNetNotes } from '../ram/net-notes.ts'
import { createRamList } from '../ram/ram-list.ts'
import { recordKind } from '../release/open-release.ts'
import { uninstallCluster } from '../uninstall/uninstall-cluster.ts'
import { refuseChangedPlan } from './check-approval.ts'
import { createHistoryReader } from './reread-history.ts'
import { rollCluster } from './roll-cluster.ts'
import { runWaves } from './run-waves.ts'

/**
 * One failed call would end a cluster's rollout, and STS sometimes fails for seconds. The helper
 * has its own retry schedule instead.
 */
const OUTAGE = { attempts: 6, baseMs: 1000 }

/** The differences between the action and the command line tool. */
export interface RolloutHost extends Pick<RunContext, 'folder' | 'report'> {
  readonly environment: NodeJS.ProcessEnv
  /** Called once with every secret, before it is used. */
  readonly mask: (secret: string) => void
}

export interface RolloutOutcome {
  /** Errors in values. If there are any, nothing was started. */
  readonly errors: readonly NopassError[]
  /** Results in the order of the list. */
  readonly results: readonly ClusterResult[]
  /** Unverified facts, without duplicates across clusters. */
  readonly unverified: readonly UnverifiedFact[]
  readonly durationMs: number
  readonly helm: string | null
}

/**
 * Runs the rollout in the mode of the settings. A failed cluster is a result, not an exception.
 * @throws NopassError for failures that concern no single cluster: helm, inputs, credentials
 */
export async function runRollout(settings: Settings, host: RolloutHost, signal: AbortSignal): Promise<RolloutOutcome> {
  const begin = performance.now()
  const elapsed = (): number => performance.now() - begin
  const { inputs } = settings
  const { environment, folder } = host
  const mask = maskOnce(host.mask)
  const { clusters: prepared, errors } = prepareClusters(settings)
  maskKnownSecrets(settings, environment, mask)
  const refused = [...errors, ...guardKubeconfigs(settings, environment)]
  if (refused.length > 0) {
    return { errors: refused, results: [], unverified: [], durationMs: elapsed(), helm: null }
  }
  if (inputs.mode === 'uninstall') requireConfirmation(settings)

  // This check comes before any helm call, because with `sql` every call, even `helm version`,
  // opens the database.
  recordKind(environment)
  const helm = await findHelm({ environment, home: join(folder.path, 'helm'), signal })
  const chart = chartSource(settings, helm, folder.path, signal)
  // An uninstall needs the chart only if the helper still has to retire.
  if (inputs.mode !== 'uninstall') await chart()
  const transport = createDefaultTransport({ env: environment, outage: OUTAGE })
  const getIdToken = idTokenSource(environment, transport.send, mask)
  const deps = { transport, environment, getIdToken, sessionName: sessionNameOf(environment), mask }
  const cloud = createCloudAccess(settings, deps)
  const context: RunContext = {
    ...host,
    mask,
    runName: runName(environment),
    settings,
    prepared,
    helm,
    chart,
    cloud,
    ramList: createRamList(
      prepared,
      settings.clusters.filter((one) => !settings.selected.includes(one)),
      cloud,
    ),
    ramLock: createKeyedLock(),
    taken: new Map(),
    elapsed,
    approved: inputs.mode === 'apply' && inputs['plan-file'] ? readPlanFile(inputs['plan-file']) : undefined,
  }
  const results = (await runAll(context, signal)).map(withNetNotes).map(printableResult)
  const unverified = collectUnverified(results.flatMap((result) => result.unverified ?? []))
  return { errors, results, unverified, durationMs: Math.round(elapsed()), helm: helm.version.text }
}

async function runAll(context: RunContext, signal: AbortSignal): Promise<readonly ClusterResult[]> {
  const { inputs } = context.settings
  const clusters = context.prepared.toSorted((a, b) => a.wave - b.wave)
  const refused = await refuseChangedPlan(clusters, context, signal)
  if (refused) return refused
  const removals = new Map<string, readonly SharedTarget[]>()
  const rolled = new Map<string, RolledCluster>()
  const rules = {
    maxParallel: inputs['max-parallel'],
    onFailure: inputs.mode === 'plan' ? 'continue' : inputs['on-failure'],
  } as const
  const results = await runWaves(
    clusters,
    rules,
    {
      run: (cluster) =>
        inputs.mode === 'uninstall'
          ? uninstallCluster(cluster, context, (found) => removals.set(cluster.name, found), signal)
          : rollCluster(cluster, context, (one) => rolled.set(cluster.name, one), signal),
      skip: skippedResult,
    },
    signal,
  )
  const { read, close } = createHistoryReader(context, signal)
  try {
    if (inputs.mode === 'uninstall') return await removePolicies(results, removals, context, read, signal)
    if (inputs.mode === 'apply') return await narrowPolicies(results, rolled, context, read, signal)
    return results
  } finally {
    await close()
  }
}

/** Returns the chart from which everything of this run is rendered and deployed. */
function chartSource({ chart }: Settings, helm: Helm, folder: string, signal: AbortSignal): RunContext['chart'] {
  const { reference, bundled, ours } = chart
  if (bundled !== undefined) return async () => reference
  let archive: Promise<string> | undefined
  return () => {
    archive ??= fetchChart(helm, chart, folder, signal).then(async (file) => {
      requireSameChart(nameOfArchive(await readFile(file), reference), { reference, ours })
      return file
    })
    return archive
  }
}

/**
 * Compares the chart's own name with the name in its address. Until here, only the address decided
 * whether the chart is ours.
 * @throws HELM_CHART
 */
function requireSameChart(name: string, { reference, ours }: Pick<Settings['chart'], 'reference' | 'ours'>): void {
  if ((name === OUR_CHART) === ours) return
  const what = ours ? `is named like our chart, but holds ${name}` : 'holds our chart under another name'
  throw new NopassError('HELM_CHART', `${reference} ${what}`, {
    hint: `The address of our chart must end with \`/${OUR_CHART}\`, and that of any other chart must not. Correct the address, or give the chart's archive as a file.`,
  })
}

/** An uninstall must be confirmed with the number of clusters. */
function requireConfirmation({ inputs, selected }: Settings): void {
  const releases = new Set(selected.map(({ release }) => release))
  const [release = inputs.release] = releases
  const desired = confirmationOf(releases.size === 1 ? release : inputs.release, selected.length)
  if (inputs.confirm === desired) return
  throw new NopassError('INPUT_CONFIRM', `an uninstall needs confirm: ${desired}`, {
    hint: `Set \`confirm: ${desired}\`.`,
  })
}

function runName(env: NodeJS.ProcessEnv): string {
  return env.GITHUB_RUN_ID
    ? `acr-nopass, run ${env.GITHUB_RUN_ID} attempt ${env.GITHUB_RUN_ATTEMPT ?? '1'}`
    : 'acr-nopass'
}
