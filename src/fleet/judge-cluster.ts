import { applyAgain } from '../doctor/checks/fix-commands.ts'
import { CLUSTER_VPC, type CloudFacts, type CloudSnapshot, KEY_USER } from '../doctor/cloud/inspect-cloud.ts'
import { diagnose } from '../doctor/diagnose.ts'
import type { Observed } from '../doctor/observed.ts'
import { hasPlugin } from '../doctor/plugin-nodes.ts'
import { type NopassError, toNopassError } from '../errors.ts'
import type { Unread } from '../kube/read/reader.ts'
import { printableData } from '../printable.ts'
import { aheadOf, minorFindings } from './checks/kubernetes-minor.ts'
import { fullPolicies } from './checks/policy-versions.ts'
import { driftFindings, releaseFindings, renewalFindings, versionFindings } from './checks/release-findings.ts'
import type { ClusterCheck } from './cluster-check.ts'
import type { CheckRules, ClusterFacts, ReachedCluster } from './cluster-facts.ts'
import { type ClusterFinding, type ClusterState, DRIFT, type FleetFinding } from './finding.ts'
import { groupFindings } from './group-findings.ts'

/**
 * Judges what was read of one cluster. Pure, and never throws: objects of an unexpected form must
 * not end the check of other clusters. All texts are printable, because many come from the cluster.
 */
export function judgeCluster(facts: ClusterFacts, rules: CheckRules): ClusterCheck {
  if ('error' in facts) return printableData(judgeUnreached(facts, facts.error))
  try {
    return printableData(judgeReached(facts, facts.reached, rules))
  } catch (error) {
    return printableData(judgeUnreached(facts, toNopassError(error)))
  }
}

/** https://www.alibabacloud.com/help/en/ack/developer-reference/api-cs-2015-12-15-describeclusterdetail */
const NO_CLUSTER = 'ErrorClusterNotFound'

function judgeUnreached({ name, ack }: ClusterFacts, error: NopassError): ClusterCheck {
  const { code, message, hint, reason } = error
  const isGone = code === 'CLOUD_NOT_FOUND' && reason === NO_CLUSTER && ack !== null
  const finding: FleetFinding = isGone
    ? {
        id: 'CLUSTER_GONE',
        severity: 'error',
        subject: `cluster ${name}`,
        message: `ACK has no cluster ${ack.clusterId} in ${ack.region}`,
        cause: 'The cluster was deleted, or it belongs to another account or region.',
        fix: 'Remove the entry from the list, or correct its `ack` or `deployRole`.',
      }
    : {
        id: 'CLUSTER_UNREAD',
        severity: 'error',
        health: 'unknown',
        subject: `cluster ${name}`,
        message: `it could not be checked: ${message}${reason === undefined ? '' : ` (${reason})`}`,
        cause: `${code} ended the check of this cluster.`,
        fix: hint,
      }
  return {
    name,
    state: isGone ? 'failed' : 'unread',
    ack,
    server: null,
    kubernetes: null,
    release: null,
    drift: { objects: null, values: null },
    helper: null,
    nodes: null,
    registries: null,
    namespaces: null,
    serviceAccounts: null,
    cloud: null,
    ahead: [],
    findings: [finding],
    unread: isGone ? [] : [{ what: 'The cluster', why: `${code}: ${message}` }],
  }
}

function judgeReached({ name, ack }: ClusterFacts, reached: ReachedCluster, rules: CheckRules): ClusterCheck {
  const { observed, release, attach } = reached
  const findings = findingsOf(reached, rules)
  const unread = unreadOf(observed, release)
  const { status, config } = observed.release ?? {}
  return {
    name,
    state: stateOf(findings, unread),
    ack,
    server: observed.server,
    kubernetes: observed.kubernetes ?? null,
    release: describeRelease(reached, rules),
    drift: { objects: release.objects ?? null, values: release.values ?? null },
    helper: observed.release === undefined ? null : describeHelper(observed),
    nodes: describeNodes(observed.plugins),
    registries: status?.registries.map(describeRegistry) ?? null,
    namespaces: status?.namespaces ?? null,
    serviceAccounts: status?.serviceAccounts ?? null,
    cloud: describeCloud(observed.cloud),
    ahead: [
      ...aheadOf({
        kubernetes: observed.kubernetes,
        wanted: attach,
        installed: config?.attach,
        scope: config?.scope,
      }),
      ...fullPolicies(observed.cloud),
    ],
    findings,
    unread,
  }
}

function findingsOf({ observed, release }: ReachedCluster, rules: CheckRules): readonly ClusterFinding[] {
  const found = diagnose(observed)
  // REGISTRY_UNVERIFIED is about the login, and says nothing about the renewal.
  const isReported = (subject: string): boolean =>
    found.some(({ id, ...finding }) => {
      return finding.subject === subject && id.startsWith('REGISTRY_') && id !== 'REGISTRY_UNVERIFIED'
    })
  const restore = observed.release && applyAgain(observed.release)
  // Without a release in the cluster, its absence is the finding.
  const reported = observed.release?.status?.version
  const ofRelease = release.history?.length === 0 ? [] : releaseFindings(release)
  return groupFindings(found, [
    ...ofRelease,
    ...versionFindings(release, rules, reported),
    ...driftFindings(release, restore),
    ...renewalFindings(observed, rules, isReported),
    ...minorFindings(observed.kubernetes),
  ])
}

function describeRelease({ release }: ReachedCluster, { chart }: CheckRules): ClusterCheck['release'] {
  const { namespace, name, history, deployed } = release
  if (history?.length === 0) return null
  const last = history?.at(-1)
  return {
    namespace,
    name,
    chart: deployed?.chart ?? null,
    expectedChart: chart ?? null,
    revision: last?.revision ?? null,
    status: last?.status ?? null,
    updated: last?.updated ?? null,
  }
}

function describeHelper({ release, deployment, lease }: Observed): ClusterCheck['helper'] {
  const { status, config } = release ?? {}
  return {
    version: status?.version ?? null,
    leader: lease?.holder || null,
    replicas: deployment ? describeReplicas(deployment) : null,
    reportedAt: status?.updatedAt ?? null,
    attach: config?.attach ?? status?.attach ?? null,
  }
}

function describeNodes(plugins: Observed['plugins']): ClusterCheck['nodes'] {
  if (plugins === undefined) return null
  const nodes = plugins.nodes.filter(({ isVirtual }) => !isVirtual)
  const withPlugin = nodes.filter(hasPlugin).length
  const unknown = nodes.filter((node) => node.config === undefined && !hasPlugin(node)).length
  // If no node could be read, nothing is known.
  if (unknown === nodes.length && nodes.length > 0) return null
  return { total: nodes.length + plugins.more, withPlugin, unknown: unknown + plugins.more }
}

function describeReplicas({ wanted, available, availableSince }: NonNullable<Observed['deployment']>) {
  return { wanted, available, since: availableSince ?? null }
}

type RegistryStatus = NonNullable<NonNullable<Observed['release']>['status']>['registries'][number]

function describeRegistry({ name, edition, state, issuedAt, expiresAt, refreshAt, verified, limit }: RegistryStatus) {
  const rights = limit === undefined ? (edition === 'static' ? null : 'role') : 'limited'
  return {
    name,
    edition,
    state,
    issuedAt: issuedAt ?? null,
    expiresAt: expiresAt ?? null,
    refreshAt: refreshAt ?? null,
    login: verified,
    rights: rights as 'role' | 'limited' | null,
    width: limit?.width ?? null,
  }
}

function describeCloud(cloud: CloudSnapshot): ClusterCheck['cloud'] {
  if (cloud.state === 'not-inspected') return { read: false, why: cloud.why, account: null, roles: [] }
  const roles = [...cloud.facts.roles.values()].map(({ role, attached, policy, policyName }) => ({
    exists: role === undefined ? null : role !== null,
    name: role?.name ?? null,
    policy: policyName,
    attached: attached?.some(({ name }) => name === policyName) ?? null,
    versions: policy?.versions ?? null,
  }))
  return { read: true, why: null, account: cloud.facts.accountId, roles }
}

/**
 * Returns what could not be read, each once. Reads of the cloud count only with credentials, but
 * not what nobody can read there.
 */
function unreadOf(observed: Observed, release: ReachedCluster['release']): readonly Unread[] {
  const { cloud, unread } = observed
  const ofCloud = cloud.state === 'looked' ? cloud.notes.filter(({ what }) => !isUnreadable(what, cloud.facts)) : []
  const isCompared = release.history === undefined || release.objects !== undefined
  // Without a release in the cluster, its absence is the finding.
  const ofRelease = isCompared || observed.release === undefined ? [] : notCompared(release)
  const all = [...unread, ...ofCloud, ...ofRelease]
  return [...new Map(all.map((one) => [`${one.what}\n${one.why}`, one])).values()]
}

/** True for what RAM reports to nobody, and what a cluster outside of ACK does not have. */
function isUnreadable(what: string, { place }: CloudFacts): boolean {
  return what === KEY_USER || (what === CLUSTER_VPC && place.clusterId === undefined)
}

function notCompared({ history = [], namespace, name }: ReachedCluster['release']): readonly Unread[] {
  const last = history.at(-1)
  // Argo CD and plain manifests leave no record, and Helm keeps its records where HELM_DRIVER says.
  if (last === undefined) {
    return [
      {
        what: `Helm's record of release ${namespace}/${name}`,
        why: 'there is none, although the release is in the cluster: another tool installed it, or HELM_DRIVER was set. Its objects and values were not compared',
      },
    ]
  }
  // A release that is pending or failed has a finding, and its objects may be of two revisions.
  if (last.status !== 'deployed') return []
  return [
    {
      what: `The objects of release ${namespace}/${name}`,
      why: "they were not compared, because Helm's record of a deployed revision could not be read",
    },
  ]
}

/** The worst thing that is known of a cluster. `healthy` needs everything to be read. */
function stateOf(findings: readonly ClusterFinding[], unread: readonly Unread[]): ClusterState {
  const isFailing = ({ severity, health }: ClusterFinding): boolean => severity === 'error' || health === 'failing'
  if (findings.some((finding) => isFailing(finding) && finding.id !== 'CLUSTER_UNREAD')) return 'failed'
  if (unread.length > 0 || findings.some(({ health }) => health === 'unknown')) return 'unread'
  if (findings.some(({ id }) => DRIFT.includes(id))) return 'drifted'
  return findings.some(({ severity }) => severity === 'warning') ? 'warning' : 'healthy'
}
