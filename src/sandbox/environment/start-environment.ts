import { join } from 'node:path'
import { readSeedFile } from '../cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE, startCloud } from '../cloud/start-cloud.ts'
import { startEtcd } from '../cluster/etcd.ts'
import { findNodeObstacle } from '../nodes/containerd/start-node.ts'
import { openRun, type Run } from '../process/run.ts'
import type { Progress } from '../progress.ts'
import { startRegistry } from '../registry/start-registry.ts'
import { ensureTools } from '../tools/ensure-tools.ts'
import type { ToolName } from '../tools/tool-table.ts'
import { startEnvironmentCluster } from './cluster.ts'
import type { Environment } from './environment.ts'
import { buildHelper, pushApp, writeImages } from './images.ts'

const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'registry'] as const
const NODE = ['kubelet', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc', 'loopback'] as const

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
  return { tools, cloud, registry, staging, production, appImage, folder: run.folder, nodeObstacle }
}

/** Like Promise.all, but waits for all after a failure, because a part that is still starting cannot be stopped. */
async function allSettled<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(work)
  return (await Promise.all(work)) as unknown as T
}
