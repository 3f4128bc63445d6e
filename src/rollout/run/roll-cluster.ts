import { type ClusterEnd, type RolledCluster, type RunContext, runCluster } from '../cluster/cluster-run.ts'
import type { ClusterResult } from '../cluster-result.ts'
import { deployRelease } from '../deploy/deploy-release.ts'
import { isUnchanged, planCluster } from '../deploy/plan-cluster.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { OpenCluster } from '../preflight/preflight-cluster.ts'
import { describeVerification, reasonNotToVerify, verifiesPluginNode } from '../preflight/what-to-verify.ts'
import { widenPolicies } from '../ram/cluster-policy.ts'
import { clusterKeyOf, formerTargets, policyTargets } from '../ram/cluster-targets.ts'
import { requireNewest } from '../release/other-deployers.ts'
import { createReleaseNamespace } from '../release/release-namespace.ts'
import { findConfig, findParts } from '../release/release-parts.ts'
import { verifyNode, verifyPluginNode } from '../verify/verify-node.ts'
import { verifyRelease } from '../verify/verify-release.ts'
import { requireApproved } from './check-approval.ts'
import { openCluster } from './open-cluster.ts'
import { planRetirement, retireFirst } from './retire-first.ts'

/**
 * The limit for each wait of the verification (milliseconds). A kubelet takes up to 90 s to update
 * a running helper's configuration, and the helper reports at most every 30 s.
 */
const VERIFY_LIMIT = 180_000

/**
 * Runs all phases of one cluster, except the narrowing, which needs the other clusters. Never
 * throws.
 */
export function rollCluster(
  cluster: PreparedCluster,
  context: RunContext,
  note: (rolled: RolledCluster) => void,
  signal: AbortSignal,
): Promise<ClusterResult> {
  const isPlan = context.settings.inputs.mode === 'plan'
  return runCluster({ cluster, context, signal }, (work) =>
    openCluster(work, (open) => (isPlan ? planRelease(open) : applyCluster(open, note))),
  )
}

async function planRelease(open: OpenCluster): Promise<ClusterEnd> {
  if (open.removesHelper) open.run.notes.push(...(await planRetirement(open)))
  return planCluster(open, wordsOfVerification(open))
}

function wordsOfVerification({ context, cluster, desired, probe, isByNode }: OpenCluster): string {
  const { inputs } = context.settings
  const config = findConfig(desired.objects)
  const onPluginNode = verifiesPluginNode(inputs, config, cluster.values)
  return describeVerification(inputs, config, probe, { isByNode, onPluginNode })
}

async function applyCluster(open: OpenCluster, note: (rolled: RolledCluster) => void): Promise<ClusterEnd> {
  const { cluster, context, run, release, desired } = open
  const { inputs } = context.settings
  await requireApproved(open)
  const config = findConfig(desired.objects)

  run.phase = 'policy'
  const targets = await policyTargets(open, config?.release.serviceAccount ?? '')
  const { former, unseen } = await formerTargets(open, targets)
  run.notes.push(...unseen)
  const rolled: RolledCluster = { targets, former, key: clusterKeyOf(open), alone: open.alone, verified: false }
  note(rolled)
  run.unverified.push(...targets.flatMap(({ unverified = [] }) => unverified))
  const noteChange = (line: string): void => {
    run.notes.push(line)
    release.report(line)
  }
  const widened = await widenPolicies(open, targets, noteChange)
  run.unverified.push(...widened.flatMap(({ unverified = [] }) => unverified))

  const parts = { ...findParts(desired.objects, cluster.settings.namespace), ramChanged: run.ramChanged === true }
  const verify = async (revision: number | null): Promise<void> => {
    const existing = inputs['verify-namespace'] || undefined
    const ofNode = { ...release, existing, image: inputs['verify-image'], limitMs: VERIFY_LIMIT }
    if (open.isByNode) {
      run.phase = 'verify'
      run.notes.push(await verifyNode(ofNode))
      return
    }
    const reason = reasonNotToVerify(inputs, config)
    if (reason !== undefined || config === undefined) {
      if (inputs['verify-image'] !== '') run.notes.push(`verify-image was not run: ${reason}`)
      if (inputs['verify-namespace'] !== '') run.notes.push(`verify-namespace was not used: ${reason}`)
      return
    }
    run.phase = 'verify'
    const proofs = await verifyRelease({
      ...release,
      parts,
      registries: config.registries,
      limited: config.limited,
      secretName: config.secretName,
      probe: open.probe,
      image: inputs['verify-image'] || undefined,
      now: open.now,
      limitMs: VERIFY_LIMIT,
    })
    run.notes.push(...proofs)
    if (open.probe && verifiesPluginNode(inputs, config, cluster.values)) run.notes.push(await verifyPluginNode(ofNode))
    rolled.revision = await requireNewest(release, revision)
    rolled.verified = true
  }
  if (inputs['skip-unchanged'] && isUnchanged(open)) {
    await verify(open.history.at(-1)?.revision ?? null)
    return { status: 'unchanged' }
  }

  run.phase = 'deploy'
  const history =
    open.removesHelper && open.deployed ? await retireFirst(open, open.deployed, noteChange) : open.history
  if (!open.namespaceExists) await createReleaseNamespace(release, cluster.settings.namespace)
  release.report(`upgrading with helm (${context.helm.version.text}, ${desired.chart})`)
  const outcome = await deployRelease(release, {
    ...open,
    history,
    parts,
    rollback: inputs.rollback,
    uninstallOnFailedInstall: inputs['uninstall-on-failed-install'],
  })
  run.revision = { ...run.revision, to: outcome.revision }
  run.notes.push(...outcome.notes)
  if (outcome.status !== 'deployed') return outcome
  await verify(outcome.revision)
  return { status: 'deployed' }
}
