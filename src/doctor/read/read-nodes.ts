import type { ReleaseFacts } from '../../installation/find-release.ts'
import { clusterName } from '../../installation/release-evidence.ts'
import { hasStatus } from '../../kube/api-error.ts'
import type { Lease } from '../../kube/lease-record.ts'
import { missingRights } from '../../kube/read/access-review.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { KubeList } from '../../kube/types.ts'
import { forEachLimited } from '../../lib/concurrency.ts'
import { summarize } from '../../lib/text.ts'
import { AUDIENCE } from '../../policy/trust-document.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { PluginFacts, PluginNode } from '../observed.ts'
import { hasPlugin, usesPlugin } from '../plugin-nodes.ts'
import { readFailures } from './kubelet-log.ts'
import {
  describeNode,
  type ExpectedConfigs,
  explain,
  type NodeObject,
  REFUSED,
  readLog,
  readNode,
} from './read-kubelet.ts'

/** Undefined if a node can use none of the registries. */
export type ExpectConfigs = (registries: HelperConfig['registries']) => ExpectedConfigs | undefined

export interface NodeRules {
  readonly expectConfigs: ExpectConfigs
  /** By the API server's clock. */
  readonly now: number
  /** True: no review of rights, which is a request to write. */
  readonly isReadOnly: boolean
}

/** How many nodes are read. A node's metrics have some hundred kilobytes. */
const MOST_NODES = 100
/** How many kubelets are read at the same time. */
const AT_ONCE = 8
/** Of how many nodes the log is read. */
const MOST_LOGS = 5

/**
 * Reads which nodes pull without a Secret. Most users lack the right to read a kubelet
 * (`nodes/proxy`); that is only reported if something else shows that nodes pull so. `only` names
 * one node. Undefined: nothing could be read, or no registry can be used by nodes.
 */
export async function readNodes(
  reader: Reader,
  release: ReleaseFacts | undefined,
  rules: NodeRules,
  only?: string,
): Promise<PluginFacts | undefined> {
  const expected = release?.config && rules.expectConfigs(release.config.registries)
  if (release === undefined || expected === undefined) return undefined
  const [listed, grantsTokens] = await Promise.all([listNodes(reader, only), readGrant(reader, release)])
  if ('why' in listed) {
    if (grantsTokens) reader.note('Which nodes pull without a Secret', listed.why)
    return undefined
  }
  const leases = await readClocks(reader)
  const readOne = async (node: NodeObject): Promise<PluginNode> => {
    const aheadMs = leases.get(node.metadata.name)
    return { ...(await readNode(reader, node, expected)), ...(aheadMs !== undefined && { aheadMs }) }
  }
  // A user who may not read one kubelet may probably read none.
  let refusal: string | undefined
  const read = await forEachLimited(listed.nodes, AT_ONCE, async (node) => {
    if (refusal !== undefined) return { ...describeNode(node), why: refusal }
    const one = await readOne(node)
    if (one.why?.startsWith(REFUSED)) refusal = one.why
    return one
  })
  const nodes = await readLogs(reader, read, expected.provider, rules.now)
  const facts = { nodes, more: listed.more, matchImages: expected.matchImages, grantsTokens }
  if (usesPlugin({ ...facts, mayRequestTokens: undefined })) noteUnknown(reader, facts)
  const asks = nodes.find(({ identity }) => identity === 'service-account')
  const mayRequestTokens = rules.isReadOnly || asks === undefined ? undefined : await reviewTokens(reader, asks.name)
  return { ...facts, mayRequestTokens }
}

async function listNodes(
  reader: Reader,
  only: string | undefined,
): Promise<{ readonly nodes: readonly NodeObject[]; readonly more: number } | { readonly why: string }> {
  try {
    if (only !== undefined) {
      const path = `/api/v1/nodes/${encodeURIComponent(only)}`
      return { nodes: [await reader.request<NodeObject>(path)], more: 0 }
    }
    type Nodes = KubeList<NodeObject> & { readonly metadata: { readonly remainingItemCount?: number } }
    const query = { limit: MOST_NODES }
    const { items, metadata } = await reader.request<Nodes>('/api/v1/nodes', { query })
    return { nodes: items ?? [], more: metadata.remainingItemCount ?? 0 }
  } catch (error) {
    return { why: explain(reader, error) }
  }
}

/** Reads whether the release has the ClusterRole of chart/templates/node-audience.yaml. */
async function readGrant(reader: Reader, release: ReleaseFacts): Promise<boolean | undefined> {
  const name = encodeURIComponent(`${clusterName(release)}.node-audience`)
  try {
    await reader.request(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${name}`)
    return true
  } catch (error) {
    explain(reader, error)
    return hasStatus(error, 404) ? false : undefined
  }
}

/** Returns how far each node's clock is ahead of the API server's. Empty without the right. */
async function readClocks(reader: Reader): Promise<ReadonlyMap<string, number>> {
  try {
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    const { items } = await reader.request<KubeList<Lease>>(path, { query: { limit: MOST_NODES } })
    return new Map(
      (items ?? []).flatMap(({ metadata, spec }) => {
        const renewed = Date.parse(spec?.renewTime ?? '')
        const written = Math.max(...(metadata.managedFields ?? []).map(({ time }) => Date.parse(time ?? '')))
        return Number.isFinite(renewed - written) ? [[metadata.name, renewed - written] as const] : []
      }),
    )
  } catch (error) {
    explain(reader, error)
    return new Map()
  }
}

/** Adds the logs of the nodes that may have failed. A refused token is only in the log. */
async function readLogs(
  reader: Reader,
  nodes: readonly PluginNode[],
  provider: string,
  now: number,
): Promise<readonly PluginNode[]> {
  const asked = nodes
    .filter((node) => node.errors > 0 || node.identity === 'service-account')
    .toSorted((a, b) => b.errors - a.errors)
    .slice(0, MOST_LOGS)
  const logs = await Promise.all(asked.map(({ name }) => readLog(reader, name)))
  return nodes.map((node) => {
    const log = logs[asked.indexOf(node)]
    const failures = log === undefined ? undefined : readFailures(log, provider, now)
    return failures === undefined ? node : { ...node, failures }
  })
}

function noteUnknown(reader: Reader, { nodes, more }: Pick<PluginFacts, 'nodes' | 'more'>): void {
  const unknown = nodes.filter((node) => node.config === undefined && !node.isSilent && !hasPlugin(node))
  for (const [why = '', group] of Map.groupBy(unknown, (node) => node.why)) {
    const names = summarize(group.map(({ name }) => name))
    reader.note(`Whether these nodes pull without a Secret: ${names}`, why)
  }
  if (more > 0) reader.note('Which nodes pull without a Secret', `${more} more nodes were not read`)
}

/** Returns whether the API server lets nodes request tokens for STS. Undefined: not known. */
async function reviewTokens(reader: Reader, node: string): Promise<boolean | undefined> {
  const subject = { user: `system:node:${node}`, groups: ['system:nodes', 'system:authenticated'] }
  const right = { verb: 'request-serviceaccounts-token-audience', group: '', resource: AUDIENCE }
  let isUndecided = false
  const missing = await reader.attempt(`Whether nodes may request tokens for ${AUDIENCE}`, () =>
    missingRights(reader, [right], subject, () => {
      isUndecided = true
    }),
  )
  return missing === undefined || isUndecided ? undefined : missing.length === 0
}
