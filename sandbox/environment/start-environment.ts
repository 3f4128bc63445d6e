import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { VERSION } from '../../src/version.ts'
import { ensureTools, type ToolChoices } from '../../tools/build/ensure-tools.ts'
import type { ToolName } from '../../tools/build/tool-table.ts'
import { readHost } from '../../tools/host.ts'
import { openRun } from '../../tools/process/run.ts'
import type { Progress } from '../../tools/progress.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import { readSeedFile } from '../cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE, startCloud } from '../cloud/start-cloud.ts'
import { startEtcd } from '../cluster/etcd.ts'
import { type Cluster, startCluster } from '../cluster/start-cluster.ts'
import { HELPER_NODE_FLAGS, writeHelperImage } from '../image/helper-image.ts'
import { writeProgramImage } from '../image/program-image.ts'
import { pushImage } from '../image/push-image.ts'
import { findNodeObstacle, startNode } from '../nodes/containerd/start-node.ts'
import { startProcessNode } from '../nodes/process/process-node.ts'
import { startRegistry } from '../registry/start-registry.ts'

const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'registry', 'sandbox-program'] as const
const NODE = ['kubelet', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'] as const

/** One ACK cluster: a real Kubernetes control plane that is registered with the emulated cloud. */
export type EnvironmentCluster = Awaited<ReturnType<typeof startEnvironmentCluster>>

/**
 * Two clusters, an Alibaba Cloud account and a registry: the situation before acr-nopass is
 * installed.
 */
export type Environment = Awaited<ReturnType<typeof startEnvironment>>

interface EnvironmentOptions extends ToolChoices {
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
export async function startEnvironment(options: EnvironmentOptions) {
  const parts = new AsyncDisposableStack()
  const stop = (): Promise<void> => parts.disposeAsync()
  const starting = { ...options, parts }
  try {
    const shared = await startShared(starting)
    const [staging, production] = await allSettled([
      startEnvironmentCluster('staging', undefined, shared, starting),
      startEnvironmentCluster('production', shared.nodeObstacle === undefined ? 'node-1' : undefined, shared, starting),
    ])
    return {
      ...shared,
      /** The cluster of the first wave, with a process node. */
      staging,
      /** The cluster of the second wave, with a real node if the machine supports one. */
      production,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Starting extends EnvironmentOptions {
  readonly parts: AsyncDisposableStack
}

/** Starts the parts that the clusters share. */
async function startShared({ fast, tools: named, parts, ...options }: Starting) {
  const { progress, signal } = options
  const run = parts.use(await openRun())
  const nodeObstacle = fast ? 'disabled by --fast' : await findNodeObstacle(run.folder)
  const isReal = nodeObstacle === undefined
  const tools = await ensureTools([...CONTROL_PLANE, ...(isReal ? NODE : []), ...named], options)

  const seed = await readSeedFile(DEMO_SEED_FILE)
  const cloud = await progress.step('an Alibaba Cloud account (emulated)', async (step) => {
    const started = parts.use(await startCloud({ seed }))
    step.update(`account ${started.accountId}, ${started.instances.length} registry instances`)
    return started
  })
  const helperFile = join(run.folder, 'helper.mjs')
  const [registry, etcd] = await allSettled([
    progress.step('a registry that rejects anonymous pulls', () =>
      startRegistry({ tools, auth: cloud.registryAuth, run, signal }),
    ),
    progress.step('etcd', () => startEtcd({ tools, run, signal })),
    progress.step("the helper's bundle", () => buildHelper(helperFile, signal)),
  ])
  const { app, helperImage } = await progress.step('images, without a Docker daemon', async () => {
    const { arch } = readHost()
    const image = { node: process.execPath, helper: helperFile, arch }
    return {
      app: writeProgramImage(join(run.folder, 'app-image'), tools['sandbox-program'], 'app', arch),
      /** The image is needed only for a real node. */
      helperImage: isReal ? await writeHelperImage(join(run.folder, 'helper-image'), image) : undefined,
    }
  })
  const push = { registry: registry.url, tag: '1', credential: cloud.registryPush }
  await progress.step('private images of two teams, pushed to the registry', async () => {
    for (const repository of ['team/app', 'platform/tools']) await pushImage(app, { ...push, repository }, signal)
  })
  const domain = cloud.instances.find(({ edition }) => edition === 'enterprise')?.domains[0] ?? ''
  return {
    tools,
    etcd,
    cloud,
    seed,
    registry,
    helperFile,
    helperImage,
    /**
     * The reference of the private image: `demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1`.
     */
    appImage: `${domain}/team/app:1`,
    /** The same image in the repository of the second team. */
    opsImage: `${domain}/platform/tools:1`,
    /** The run of all parts. Its folder is removed when the environment stops. */
    run,
    /** Why there is no real node, in one line; undefined if there is one. */
    nodeObstacle,
  }
}

type Shared = Awaited<ReturnType<typeof startShared>>

/**
 * Like Promise.all, but waits for all parts after a failure, because a part that is still starting
 * cannot be stopped.
 */
async function allSettled<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(work)
  return (await Promise.all(work)) as unknown as T
}

/** The chart's default image. */
const HELPER_REPOSITORY = 'ghcr.io/acr-nopass/acr-nopass'

/**
 * Starts a cluster of the account: with a real node if `realNode` names one, else with a process
 * node.
 */
async function startEnvironmentCluster(name: string, realNode: string | undefined, shared: Shared, starting: Starting) {
  const { tools, etcd, run, cloud, seed } = shared
  const { progress, parts, signal } = starting
  const known = seed.accounts[0]?.clusters?.find((one) => one.name === name)
  if (known === undefined) throw new TestbedError('SEED_INVALID', `the first account has no cluster ${name}`)
  const { id: clusterId, region, kind, workerRole = '' } = known
  const pools = (known.nodePools ?? []).map((pool) => pool.workerRole ?? '')
  const workerRoles = [...new Set([workerRole, ...pools])].filter((role) => role !== '')
  const cluster = await progress.step(`cluster ${name}: API server and controller-manager`, async () =>
    parts.use(await startCluster({ name, tools, etcd, run, signal })),
  )
  cloud.registerCluster({
    clusterId,
    name,
    region,
    ...(kind && { kind }),
    workerRoles,
    server: cluster.server,
    rrsa: { issuer: cluster.issuer, jwks: () => cluster.jwks() },
    kubeconfig: async ({ minutes, principal, groups }) => cluster.kubeconfigFor(principal, groups, minutes),
  })
  const node = await startClusterNode(cluster, realNode, shared, starting)
  return {
    name,
    clusterId,
    region,
    /** The RAM role of its nodes. */
    workerRole,
    /** The URL of the nodes' metadata service, which replaces `http://100.100.100.200`. */
    imds: await cloud.imdsFor(workerRole),
    cluster,
    node,
  }
}

async function startClusterNode(
  cluster: Cluster,
  realNode: string | undefined,
  { tools, cloud, registry, helperFile, helperImage }: Shared,
  { progress, parts, signal }: Starting,
) {
  if (realNode === undefined) {
    return progress.step(`cluster ${cluster.name}: a node whose containers are child processes`, async () => {
      const images = { [HELPER_REPOSITORY]: [process.execPath, ...HELPER_NODE_FLAGS, helperFile] }
      const node = parts.use(await startProcessNode({ cluster, images, signal }))
      return { kind: 'process', node } as const
    })
  }
  return progress.step(`cluster ${cluster.name}: a real node, containerd and kubelet`, async () => {
    const domains = cloud.instances.flatMap((instance) => instance.domains)
    const vendorRegistry = { url: registry.url, domains, auth: cloud.registryAuth }
    const node = parts.use(await startNode({ cluster, name: realNode, tools, registry: vendorRegistry, signal }))
    if (helperImage) await node.images.add(helperImage, `${HELPER_REPOSITORY}:${VERSION}`)
    return { kind: 'kubelet', node } as const
  })
}

const execute = promisify(execFile)
const BUILD = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))

/**
 * Bundles the helper into one file, like the file in its image.
 * @throws SANDBOX_PROCESS
 */
async function buildHelper(file: string, signal: AbortSignal): Promise<void> {
  try {
    await execute(process.execPath, [BUILD, 'helper', '--out', file], { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new TestbedError('SANDBOX_PROCESS', `the helper cannot be bundled: ${String(error)}`, { cause: error })
  }
}
