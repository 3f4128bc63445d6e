import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Child } from '../../../tools/process/child.ts'
import { freePort } from '../../../tools/process/free-port.ts'
import { untilReady } from '../../../tools/process/ready.ts'
import { openRun, type Run } from '../../../tools/process/run.ts'
import { TestbedError } from '../../../tools/testbed-error.ts'
import type { Cluster } from '../../cluster/start-cluster.ts'
import { archiveEntries, type ImageLayout, writeArchive } from '../../image/oci-layout.ts'
import { writeProgramImage } from '../../image/program-image.ts'
import { findPrograms, machineAddress, nodeObstacle, readFacts } from './machine-check.ts'
import { enterArguments, tryMounts } from './mount-namespace.ts'
import { containerdConfig, hostsFile, kubeletConfig, type NodeFiles, nodeFiles, PAUSE_IMAGE } from './node-config.ts'
import { forwardPort, startNameServer, writePodNetwork } from './pod-network.ts'
import { makeCgroup, writeRuntime } from './runc.ts'
import { serveVendorNames, type VendorNames, type VendorRegistry } from './vendor-names.ts'

type NodeTool = 'kubelet' | 'containerd' | 'containerd-shim-runc-v2' | 'ctr' | 'runc' | 'sandbox-program'

interface NodeOptions {
  readonly cluster: Cluster
  readonly name: string
  readonly tools: Readonly<Record<NodeTool, string>>
  /** The registry that the node and the Pods in its network reach under the vendor's names. */
  readonly registry: VendorRegistry
  readonly signal: AbortSignal
}

/** A real node: containerd and kubelet. Only Pods with `hostNetwork: true` have a network. */
export type RealNode = Awaited<ReturnType<typeof start>>

/**
 * Starts a node of a cluster and waits until it is Ready (1.5 to 2.5 s).
 * @throws SANDBOX_NODE when this machine cannot run a node, SANDBOX_PROCESS, SANDBOX_TIMEOUT
 */
export async function startNode(options: NodeOptions): Promise<RealNode> {
  const run = await openRun()
  try {
    return await start(options, run)
  } catch (error) {
    await run.end()
    throw error
  }
}

/** Returns in one line why this machine cannot run a real node; undefined if it can. */
export async function findNodeObstacle(folder: string): Promise<string | undefined> {
  return (await inspectMachine(folder, [])).obstacle
}

async function inspectMachine(folder: string, tools: readonly string[]) {
  const programs = findPrograms()
  const obstacle = nodeObstacle(readFacts([folder, process.execPath, ...tools], programs))
  if (obstacle !== undefined) return { obstacle }
  const [unshare = '', nsenter = ''] = [programs.get('unshare'), programs.get('nsenter')]
  const mounts = await tryMounts(unshare, folder)
  if ('failure' in mounts) return { obstacle: `a real node needs a private mount namespace: ${mounts.failure}` }
  return { unshare, nsenter, programFolders: [...programs.values()].map(dirname), snapshotter: mounts.snapshotter }
}

async function start(options: NodeOptions, run: Run) {
  const { cluster, name, tools, signal } = options
  const machine = await inspectMachine(run.folder, Object.values(tools))
  if (machine.snapshotter === undefined) throw new TestbedError('SANDBOX_NODE', machine.obstacle ?? '')
  const files = nodeFiles(join(run.folder, 'n'))
  const cgroup = `acr-nopass-${run.id}`
  const cgroupsPerQos = makeCgroup(run, cgroup)
  const vendorNames = await serveVendorNames(options.registry, { address: vendorAddress(cluster) })
  run.ended.addEventListener('abort', vendorNames.stop)
  writeNodeFiles(files, options, vendorNames, {
    containerd: containerdConfig(files, writeRuntime(tools.runc, run.folder), machine.snapshotter),
    kubelet: kubeletConfig({ files, cgroup, cgroupsPerQos, port: await freePort('0.0.0.0') }),
  })
  run.ended.addEventListener('abort', await startNameServer(cluster.serviceAddress))
  // containerd and the kubelet look up the shim, mount and other programs on PATH.
  const toolFolders = [tools['containerd-shim-runc-v2'], tools.runc].map(dirname)
  const env = {
    PATH: [...toolFolders, ...machine.programFolders, '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':'),
    SSL_CERT_FILE: files.caFile,
  }
  const containerd = await run.start({
    name: 'containerd',
    disposable: true,
    command: machine.unshare,
    args: enterArguments(files, [tools.containerd, '--config', files.containerdConfig]),
    env,
  })
  const images = imageStore(tools.ctr, files)
  await untilReady(() => images.list(), { what: 'containerd', limitMs: 30_000, child: containerd }, signal)
  const pause = writeProgramImage(join(run.folder, 'pause-image'), tools['sandbox-program'], 'pause', process.arch)
  await images.add(pause, PAUSE_IMAGE)
  const startKubelet = (flags: readonly string[]): Promise<Child> =>
    run.start({
      name: 'kubelet',
      disposable: true,
      command: machine.nsenter,
      args: ['-m', '-t', String(containerd.id.pid), '--', tools.kubelet, ...kubeletArguments(files, name), ...flags],
      env,
    })
  let kubelet = await startKubelet([])
  const api = new URL(cluster.server)
  const closeForward = await forwardPort(
    { host: cluster.serviceAddress, port: 443 },
    { host: api.hostname, port: Number(api.port) },
  )
  run.ended.addEventListener('abort', closeForward)
  const ready = (): Promise<boolean> => isReady(cluster, name)
  await untilReady(ready, { what: `node ${name}`, limitMs: 60_000, child: kubelet }, signal)
  return {
    name,
    images,
    containerd,
    /** The server of the registry and its token service under the vendor's names. */
    vendorNames,
    /** The certificate authority of `vendorNames`. */
    caFile: files.caFile,
    run,
    /** Starts the kubelet again, with more flags. Resolves when it serves requests. */
    async restartKubelet(flags: readonly string[]) {
      await kubelet.stop()
      kubelet = await startKubelet(flags)
      const path = `/api/v1/nodes/${name}/proxy/healthz`
      const serves = () => cluster.admin.request({ method: 'GET', path, isText: true }, signal)
      await untilReady(serves, { what: `the kubelet of ${name}`, limitMs: 60_000, child: kubelet }, signal)
    },
    /** Stops the processes and reverts the node's changes to the machine. Safe to call twice. */
    stop: run.end,
    [Symbol.asyncDispose]: run.end,
  }
}

/** Returns the address after that of the Service `kubernetes`. Port 443 is free there. */
function vendorAddress(cluster: Cluster): string {
  return cluster.serviceAddress.replace(/\d+$/, (last) => String(Number(last) + 1))
}

function kubeletArguments(files: NodeFiles, name: string): string[] {
  return [
    `--config=${files.kubeletConfig}`,
    `--kubeconfig=${files.kubeletKubeconfig}`,
    `--root-dir=${files.kubeletRoot}`,
    `--cert-dir=${join(files.kubeletRoot, 'pki')}`,
    `--hostname-override=${name}`,
    '--v=2',
  ]
}

function writeNodeFiles(
  files: NodeFiles,
  options: NodeOptions,
  vendorNames: VendorNames,
  config: { containerd: string; kubelet: string },
): void {
  const { cluster, name } = options
  mkdirSync(files.folder, { mode: 0o700 })
  writePodNetwork(files.cniFolder, files.cniPluginFolder)
  mkdirSync(files.certsFolder)
  writeFileSync(files.caFile, vendorNames.caPem)
  writeFileSync(files.hosts, hostsFile(vendorNames, { name, address: machineAddress() ?? '127.0.0.1' }))
  writeFileSync(files.resolvConf, `nameserver ${cluster.serviceAddress}\n`)
  writeFileSync(files.clientCa, cluster.caPem)
  const kubeconfig = cluster.kubeconfigFor(`system:node:${name}`, ['system:nodes'])
  writeFileSync(files.kubeletKubeconfig, kubeconfig, { mode: 0o600 })
  writeFileSync(files.containerdConfig, config.containerd)
  writeFileSync(files.kubeletConfig, config.kubelet)
}

async function isReady(cluster: Cluster, name: string): Promise<boolean> {
  const node = await cluster.admin.request<{ status: { conditions?: { type: string; status: string }[] } }>({
    method: 'GET',
    path: `/api/v1/nodes/${name}`,
  })
  return node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

const run = promisify(execFile)

/** Manages the images of a node. */
function imageStore(ctr: string, files: NodeFiles) {
  const images = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(ctr, ['-a', files.containerdSocket, '-n', 'k8s.io', 'images', ...args])
    return stdout
  }
  const list = async (): Promise<string[]> => (await images('ls', '-q')).split('\n').filter(Boolean)
  return {
    /** Returns the references of all images. */
    list,
    /** Imports an image so that it need not be pulled. */
    async add(layout: ImageLayout, reference: string): Promise<void> {
      const archive = join(files.folder, `import-${layout.manifest.digest.slice(-12)}.tar`)
      writeArchive(archive, archiveEntries(layout, reference))
      try {
        await images('import', archive)
      } finally {
        rmSync(archive, { force: true })
      }
    },
    /**
     * Removes all images whose reference starts with `prefix` so that the next Pod has to pull
     * them.
     */
    async remove(prefix: string): Promise<void> {
      const matching = (await list()).filter((reference) => reference.startsWith(prefix))
      if (matching.length > 0) await images('rm', '--sync', ...matching)
    },
  }
}
