import { NopassError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import type { Cloud } from '../cloud/cloud.ts'
import type { Seed } from '../cloud/seed/seed.generated.ts'
import type { Etcd } from '../cluster/etcd.ts'
import { type Cluster, startCluster } from '../cluster/start-cluster.ts'
import { startNode } from '../nodes/containerd/start-node.ts'
import { startProcessNode } from '../nodes/process/process-node.ts'
import type { Run } from '../process/run.ts'
import type { Progress } from '../progress.ts'
import type { Registry } from '../registry/start-registry.ts'
import type { ToolPaths } from '../tools/ensure-tools.ts'
import type { EnvironmentCluster } from './environment.ts'
import type { EnvironmentImages } from './images.ts'

/** The chart's default image. */
const HELPER_REPOSITORY = 'ghcr.io/acr-nopass/acr-nopass'

export interface ClusterContext {
  readonly tools: ToolPaths
  readonly etcd: Etcd
  readonly run: Run
  readonly cloud: Cloud
  readonly seed: Seed
  readonly registry: Registry
  readonly images: EnvironmentImages
  readonly progress: Progress
  /** Functions that stop the parts, in the order in which the parts were started. */
  readonly undo: (() => Promise<void>)[]
  readonly signal: AbortSignal
}

/** Starts a cluster of the account: with a real node if `realNode` names one, else with a process node. */
export async function startEnvironmentCluster(
  name: string,
  realNode: string | undefined,
  context: ClusterContext,
): Promise<EnvironmentCluster> {
  const { tools, etcd, run, cloud, seed, progress, undo, signal } = context
  const known = seed.accounts[0]?.clusters?.find((one) => one.name === name)
  if (known === undefined) throw new NopassError('SEED_INVALID', `the first account has no cluster ${name}`)
  const { id: clusterId, region, kind, workerRole = '' } = known
  const pools = (known.nodePools ?? []).map((pool) => pool.workerRole ?? '')
  const workerRoles = [...new Set([workerRole, ...pools])].filter((role) => role !== '')
  const cluster = await progress.step(`cluster ${name}: API server and controller-manager`, async () => {
    const started = await startCluster({ name, tools, etcd, run, signal })
    undo.push(() => started.stop())
    return started
  })
  cloud.registerCluster({
    clusterId,
    name,
    region,
    ...(kind && { kind }),
    workerRoles,
    server: cluster.server,
    rrsa: { issuer: cluster.issuer, jwks: () => cluster.jwks() },
    kubeconfig: async ({ minutes, principal }) => cluster.kubeconfigFor(principal, ['system:masters'], minutes),
  })
  const node = await startClusterNode(cluster, realNode, context)
  return { name, clusterId, region, workerRole, imds: await cloud.imdsFor(workerRole), cluster, node }
}

async function startClusterNode(
  cluster: Cluster,
  realNode: string | undefined,
  { tools, cloud, registry, images, progress, undo, signal }: ClusterContext,
): Promise<EnvironmentCluster['node']> {
  const tokenHost = new URL(cloud.registryAuth.vendorRealm).host
  if (realNode === undefined) {
    return progress.step(`cluster ${cluster.name}: a node whose containers are child processes`, async (step) => {
      const node = await startProcessNode({ cluster, images: { [HELPER_REPOSITORY]: images.helperCommand }, signal })
      undo.push(() => node.stop())
      step.update(`${tokenHost} is not used: without a hosts file Pods reach the token service on a loopback address`)
      return { kind: 'process', node }
    })
  }
  return progress.step(`cluster ${cluster.name}: a real node, containerd and kubelet`, async (step) => {
    const domains = cloud.instances.flatMap((instance) => instance.domains)
    const vendorRegistry = { url: registry.url, domains, auth: cloud.registryAuth }
    const node = await startNode({ cluster, name: realNode, tools, registry: vendorRegistry, signal })
    undo.push(() => node.stop())
    step.update(`the registry's token service is ${tokenHost}`)
    if (images.helper) await node.images.add(images.helper, `${HELPER_REPOSITORY}:${VERSION}`)
    return { kind: 'kubelet', node }
  })
}
