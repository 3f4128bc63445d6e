import type { Unverified } from '../../alibaba/unverified.ts'
import { diffManifests, type ObjectChange } from '../../helm/release/manifest-diff.ts'
import { isSameRelease } from '../../helm/release/render-release.ts'
import { stableJson } from '../../lib/json.ts'
import { sha256 } from '../../lib/text.ts'
import { undocumentedMatching } from '../../policy/missing-rights.ts'
import { describeNetChanges } from '../../policy/net-changes.ts'
import type { PolicyPlan } from '../../policy/policy-target.ts'
import type { SharedTarget } from '../../policy/policy-targets.ts'
import { describeStep } from '../../policy/steps.ts'
import type { ClusterEnd } from '../cluster/cluster-run.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { OpenCluster } from '../preflight/preflight-cluster.ts'
import { maybeShared, planPolicies } from '../ram/cluster-policy.ts'
import { formerTargets, policyTargets } from '../ram/cluster-targets.ts'
import type { DryRun } from '../release/dry-run.ts'
import { findConfig } from '../release/release-parts.ts'
import { approvedSteps } from './approval.ts'
import { countObjects } from './count-objects.ts'
import { planLimits } from './plan-limits.ts'

/**
 * True if no revision is needed: the deployed release is the desired one, and nobody changed its
 * objects.
 */
export function isUnchanged({ history, desired, deployed, dryRuns }: OpenCluster): boolean {
  const same = deployed !== undefined && history.at(-1)?.status === 'deployed' && isSameRelease(deployed, desired)
  return same && dryRuns.every(({ drift }) => drift !== 'differs' && drift !== 'absent')
}

/**
 * The mode `plan`: returns what an apply would do in this cluster. Nothing is written.
 * @param verify what the apply would verify after the deploy
 */
export async function planCluster(open: OpenCluster, verify: string): Promise<ClusterEnd> {
  const { run } = open
  const { changes, overview, notes, unverified, unchanged, digest, steps } = await makePlan(open)
  run.plan = changes
  run.overview = { ...overview, verify }
  run.digest = digest
  run.steps = steps.map(({ hash }) => hash)
  run.notes.push(...notes, ...(await planLimits(open)))
  run.unverified.push(...unverified)
  return { status: unchanged ? 'unchanged' : 'planned' }
}

/**
 * Returns what an apply would do. For an approval, `digest` is a hash of the desired state, and
 * `steps` are the changes that lead to it.
 */
export async function makePlan(open: OpenCluster) {
  const { cluster, desired, history, options, identity } = open
  const serviceAccount = findConfig(desired.objects)?.release.serviceAccount ?? ''
  const { targets, former, unseen, policies, planned } = await planRam(open, serviceAccount)
  const manifest = diffManifests(open.deployed?.objects ?? [], desired.objects)
  const hooks = diffManifests(open.deployed?.hooks ?? [], desired.hooks)
  const objects: readonly ObjectChange[] = [
    ...manifest,
    ...hooks.map((change) => ({ ...change, title: `${change.title} (hook)` })),
    ...driftChanges(open.dryRuns, new Set(manifest.map(({ title }) => title))),
  ]
  const changes = [...policies.flatMap(policyChanges), ...objects]
  const ram = [...targets, ...former].map(({ target: { purpose: _, ...desired } }) => desired)
  const digest = sha256(
    stableJson({
      ...desired,
      ram,
      // Part of the digest, because it overwrites fields of other managers.
      forceConflicts: options.forceConflicts,
      // Part of the digest, because the same name may refer to another cluster at the time of the
      // apply.
      cluster: identity.kubeSystemUid,
    }),
  )
  const { dryRuns, namespaceExists } = open
  const status = history.at(-1)?.status
  const steps = approvedSteps({ objects: [...manifest, ...hooks], dryRuns, status, namespaceExists, ram: planned })
  const unchanged = isUnchanged(open)
  return {
    changes,
    overview: {
      ram: describeNetChanges(policies.flatMap((policy) => policy.steps)),
      kubernetes: unchanged ? [] : describeReleaseChange(open, objects),
    },
    notes: [...unseen, ...policies.flatMap(({ kept }) => kept.map((one) => `RAM: would keep ${one}`))],
    unverified: planUnverified(cluster, targets),
    unchanged: unchanged && policies.every(({ steps }) => steps.length === 0),
    digest,
    steps,
  }
}

/** Describes what an apply does in the cluster if it makes a new revision. */
function describeReleaseChange(
  { history, namespaceExists, cluster }: Pick<OpenCluster, 'history' | 'namespaceExists' | 'cluster'>,
  objects: readonly ObjectChange[],
): readonly string[] {
  const last = history.at(-1)
  const failed = last !== undefined && last.status !== 'deployed'
  const counted = countObjects(objects)
  return [
    ...(failed ? [`revision ${last.revision} is ${last.status}, so a new one is made`] : []),
    ...(namespaceExists ? [] : [`+ the namespace ${cluster.settings.namespace}`]),
    ...counted,
    ...(counted.length === 0 && !failed
      ? ['the same objects, with another chart or other values: a new revision']
      : []),
  ]
}

async function planRam(open: OpenCluster, serviceAccount: string) {
  const targets = await policyTargets(open, serviceAccount)
  const { former, unseen } = await formerTargets(open, targets)
  const shared = open.alone ? undefined : maybeShared([open.cluster.name])
  const policies = await planPolicies(open, targets, former, shared)
  // `policies` is in the order of `planPolicies`.
  const planned = [...targets, ...former].flatMap(({ target }, index) => {
    const plan = policies[index]
    return plan === undefined ? [] : [{ target, plan }]
  })
  return { targets, former, unseen, policies, planned }
}

/** Returns undocumented behavior that the plan relies on. */
function planUnverified(cluster: PreparedCluster, targets: readonly SharedTarget[]): readonly Unverified[] {
  const lifetimes = (cluster.values?.registries ?? []).filter(({ expiresInHours }) => Boolean(expiresInHours))
  return [
    ...targets.flatMap(({ unverified = [] }) => unverified),
    ...targets.flatMap(({ target: { document, policyName } }) =>
      document === undefined ? [] : undocumentedMatching(document, `policy ${policyName}`),
    ),
    ...lifetimes.map(({ name }) => ({ id: 'EXPIRES_IN_HOURS' as const, subject: `registry ${name}` })),
  ]
}

function policyChanges(plan: PolicyPlan): readonly ObjectChange[] {
  if (plan.steps.length === 0) return []
  return [{ title: `RAM: ${plan.steps.map(describeStep).join('; ')}`, change: 'change', diff: plan.diff.trimEnd() }]
}

/** Returns objects that were changed by hand since the last deploy. An apply restores them. */
function driftChanges(runs: readonly DryRun[], known: ReadonlySet<string>): readonly ObjectChange[] {
  return runs
    .filter(({ object, drift }) => !known.has(object) && (drift === 'differs' || drift === 'absent'))
    .map(({ object, drift }) => ({
      title: `${object} (drift)`,
      change: drift === 'absent' ? 'add' : 'change',
      diff: drift === 'absent' ? 'it was deleted since the last deploy' : 'it was changed since the last deploy',
    }))
}
