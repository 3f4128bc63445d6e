import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { readSeedFile } from '../cloud/seed/read-seed.ts'
import type { Seed } from '../cloud/seed/seed.generated.ts'
import type { Cloud } from '../cloud/start-cloud.ts'
import { DEMO_SEED_FILE, startCloud } from '../cloud/start-cloud.ts'
import { type Etcd, startEtcd } from '../cluster/etcd.ts'
import { type Cluster, startCluster } from '../cluster/start-cluster.ts'
import { findNodeObstacle, startNode } from '../nodes/containerd/start-node.ts'
import { startProcessNode } from '../nodes/process/process-node.ts'
import { openRun, type Run } from '../process/run.ts'
import type { Progress } from '../progress.ts'
import { type Registry, startRegistry } from '../registry/start-registry.ts'
import { ensureTools, type ToolPaths } from '../tools/ensure-tools.ts'
import type { ToolName } from '../tools/tool-table.ts'
import type { Environment, EnvironmentCluster } from './environment.ts'
import { buildHelper, type EnvironmentImages, pushApp, writeImages } from './images.ts'

const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'registry'] as const
const NODE = ['kubelet', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'] as const

export interface EnvironmentOptions {
  /** Tools to provide in addition, such as helm4 and act. */
  readonly tools: readonly ToolName[]
  /** Use a process node instead of the real one. */
  readonly fast: boolean
  readonly progress: Progress
  readonly signal: AbortSignal
}

/**
 * Starts all parts, each as soon as its dependencies are ready.
 * @throws SANDBOX_PROCESS, SANDBOX_TIMEOUT, SANDBOX_REGISTRY, and the codes of `ensureTools`
 */
export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const run = await openRun()
  const undo: (() => Promise<void>)[] = [() => run.end()]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const environment = await build(options, run, undo)
    return { ...environment, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Parts = Omit<Environment, 'stop' | typeof Symbol.asyncDispose>

async function build(options: EnvironmentOptions, run: Run, undo: (() => Promise<void>)[]): Promise<Parts> {
  const { progress, signal } = options
  const nodeObstacle = options.fast ? 'disabled by --fast' : await findNodeObstacle(run.folder)
  const nodeTools = nodeObstacle === undefined ? NODE : []
  const tools = await ensureTools([...CONTROL_PLANE, ...nodeTools, ...options.tools], { progress, signal })

  const seed = await readSeedFile(DEMO_SEED_FILE)
  const cloud = await progress.step('an Alibaba Cloud account (emulated)', async (step) => {
    const started = await startCloud({ seed })
    step.update(`account ${started.accountId}, ${started.instances.length} registry instances`)
    return started
  })
  undo.push(() => cloud.stop())
  const helper = progress.step("the helper's bundle", () => buildHelper(join(run.folder, 'helper.mjs'), signal))
  const [registry, etcd] = await allSettled([
    progress.step('a registry that rejects anonymous pulls', () =>
      startRegistry({ tools, auth: cloud.registryAuth, run, signal }),
    ),
    progress.step('etcd', () => startEtcd({ tools, run, signal })),
    helper,
  ])
  const images = await progress.step('images, without a Docker daemon', () =>
    writeImages(run.folder, { helperFile: join(run.folder, 'helper.mjs'), real: nodeObstacle === undefined, signal }),
  )
  const appImage = await progress.step('a private image, pushed to the registry', () =>
    pushApp(images.app, { cloud, registry }, signal),
  )
  const context = { tools, etcd, run, cloud, seed, registry, images, progress, undo, signal }
  const [staging, production] = await allSettled([
    startEnvironmentCluster('staging', undefined, context),
    startEnvironmentCluster('production', nodeObstacle === undefined ? 'node-1' : undefined, context),
  ])
  return { tools, cloud, registry, staging, production, appImage, run, nodeObstacle }
}

/** Like Promise.all, but waits for all after a failure, because a part that is still starting cannot be stopped. */
async function allSettled<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(work)
  return (await Promise.all(work)) as unknown as T
}

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
async function startEnvironmentCluster(
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
