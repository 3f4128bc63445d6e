import { idTokenSource } from '../alibaba/identities/github-token.ts'
import { maskOnce } from '../alibaba/identities/masking.ts'
import { sessionNameOf } from '../alibaba/identities/session-name.ts'
import { createDefaultTransport } from '../alibaba/transport/cloud-transport.ts'
import { NopassError, toNopassError } from '../errors.ts'
import { helmEnvironment } from '../helm/helm-environment.ts'
import { forEachLimited } from '../lib/concurrency.ts'
import { parseGoDuration } from '../lib/go-duration.ts'
import { summarize } from '../lib/text.ts'
import { createCloudAccess } from '../rollout/connect/cloud-access.ts'
import { guardKubeconfigs, maskKnownSecrets } from '../rollout/connect/guard-kubeconfigs.ts'
import { prepareClusters } from '../rollout/inputs/prepare-cluster.ts'
import type { Settings } from '../rollout/inputs/settings.ts'
import { recordKind } from '../rollout/release/open-release.ts'
import type { RunFolder } from '../rollout/run-folder.ts'
import { VERSION } from '../version.ts'
import { type CheckContext, type CheckedCluster, checkCluster } from './check-cluster.ts'
import type { ClusterCheck } from './cluster-check.ts'
import { judgeCluster } from './judge-cluster.ts'
import { markDuplicates, type PlacedCheck, placeOf } from './mark-duplicates.ts'
import { headline, sortChecks } from './report/verdict.ts'
import { shareReads } from './share-reads.ts'

/** A check waits less than a rollout, because a later check asks again. */
const OUTAGE = { attempts: 3, baseMs: 500 }

/** The differences between the action and the command line tool. */
export interface CheckHost {
  readonly environment: NodeJS.ProcessEnv
  /** Holds kubeconfigs, and is removed at the end. */
  readonly folder: RunFolder
  /** Called once with every secret, before it is used. */
  readonly mask: (secret: string) => void
  readonly report: (cluster: string, line: string) => void
  /** True if the user wants no read of RAM and of the registry instances. */
  readonly skipsCloud: boolean
}

export interface FleetOutcome {
  /** Errors in the list or in values. If there are any, nothing was started. */
  readonly errors: readonly NopassError[]
  /** In the order of the list. */
  readonly clusters: readonly ClusterCheck[]
  /** RFC 3339 time of the check. */
  readonly checkedAt: string
}

/**
 * Checks all selected clusters of the list, with the access of a rollout. Writes nothing anywhere.
 * @throws NopassError for failures that concern no single cluster
 */
export async function checkFleet(settings: Settings, host: CheckHost, signal: AbortSignal): Promise<FleetOutcome> {
  const checkedAt = new Date().toISOString()
  const { inputs, chart } = settings
  const { environment, folder } = host
  const mask = maskOnce(host.mask)
  const { clusters, errors } = chooseClusters(settings)
  maskKnownSecrets(settings, environment, mask)
  const refused = [...errors, ...guardKubeconfigs(settings, environment)]
  if (refused.length > 0) return { errors: refused, clusters: [], checkedAt }
  const records = recordKind(environment)
  const transport = shareReads(createDefaultTransport({ env: environment, outage: OUTAGE }))
  const getIdToken = idTokenSource(environment, transport.send, mask)
  const cloud = createCloudAccess(settings, {
    transport,
    environment,
    getIdToken,
    sessionName: sessionNameOf(environment),
    mask,
  })
  const context: CheckContext = {
    settings,
    cloud,
    folder,
    mask,
    // A kubeconfig may name a program, which gets the same environment as in a rollout.
    helm: { environment: helmEnvironment(environment, folder.path) },
    transport,
    records,
    withoutCloud: whyWithoutCloud(settings, host),
    report: host.report,
  }
  const rules = {
    chart: chart.bundled,
    version: chart.bundled && VERSION,
    horizonMs: parseGoDuration(inputs.horizon, 'horizon') * 1000,
  }
  const limitMs = parseGoDuration(inputs.timeout, 'timeout') * 1000
  const results = await forEachLimited(clusters, inputs['max-parallel'], async (cluster) => {
    try {
      const facts = await checkCluster(cluster, context, limitMs, signal)
      const check = judgeCluster(facts, rules)
      host.report(cluster.name, check.state)
      return { check, place: placeOf(facts) }
    } catch (error) {
      // The other clusters end first, because they may be writing their kubeconfigs.
      if (!signal.aborted) throw error
      return undefined
    }
  })
  const placed = results.filter((one) => one !== undefined)
  if (placed.length < clusters.length) throw describeInterruption(placed, clusters.length, signal)
  return { errors: [], clusters: markDuplicates(placed), checkedAt }
}

/** A part of a fleet is no result: what is missing would count as removed from the list. */
function describeInterruption(placed: readonly PlacedCheck[], total: number, { reason }: AbortSignal): NopassError {
  const checks = placed.map(({ check }) => check)
  const bad = sortChecks(checks).flatMap(({ name, state }) => (state === 'healthy' ? [] : [name]))
  const names = bad.length === 0 ? '' : `; not healthy: ${summarize(bad)}`
  const found = checks.length === 0 ? '' : ` (${headline(checks)}${names})`
  const message = `${toNopassError(reason).message}: ${checks.length} of ${total} clusters were checked${found}`
  return new NopassError('INTERRUPTED', message, { hint: 'Run the check again: there is no result of this one.' })
}

/**
 * Prepares the clusters as a rollout does. Without values there is nothing to compare, and the
 * clusters are checked all the same.
 */
function chooseClusters(settings: Settings) {
  const withValues = settings.selected.filter(({ layers }) => layers.length > 0)
  const { clusters: prepared, errors } = prepareClusters({ ...settings, selected: withValues })
  const clusters = settings.selected.flatMap((one): readonly CheckedCluster[] => {
    if (one.layers.length === 0) return [{ name: one.name, settings: one, values: undefined, ram: 'none' }]
    return prepared.filter(({ name }) => name === one.name)
  })
  return { clusters, errors }
}

/** Variables and inputs of which one gives the job an identity in the cloud. */
const CREDENTIALS = 'ALIBABA_CLOUD_ACCESS_KEY_ID'

function whyWithoutCloud({ inputs, selected }: Settings, { environment, skipsCloud }: CheckHost): string | undefined {
  if (skipsCloud) return '--cloud off was given'
  const isGiven = inputs['role-to-assume'] !== '' || environment[CREDENTIALS]
  // Without credentials, an ACK cluster cannot be reached, and its row reports that.
  if (isGiven || selected.some(({ access }) => access.kind === 'ack')) return undefined
  return `there are no credentials of Alibaba Cloud (${CREDENTIALS}, or the input role-to-assume)`
}
