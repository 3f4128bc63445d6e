import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { Cloud } from '../../../src/sandbox/cloud/cloud.ts'
import { startCloud } from '../../../src/sandbox/cloud/start-cloud.ts'
import { startEtcd } from '../../../src/sandbox/cluster/etcd.ts'
import { type Cluster, startCluster } from '../../../src/sandbox/cluster/start-cluster.ts'
import { HELPER_NODE_FLAGS } from '../../../src/sandbox/image/helper-image.ts'
import { startProcessNode } from '../../../src/sandbox/nodes/process/process-node.ts'
import { openRun } from '../../../src/sandbox/process/run.ts'
import { teamValues } from '../../support/chart/team-values.ts'
import type { BenchContext } from '../scenario.ts'
import { fleetRights } from './rollout-objects.ts'

/** One entry of the clusters list: a release in a namespace of its own. */
export interface FleetSite {
  readonly name: string
  readonly cluster: Cluster
  /** Of a deployer that sees Deployments in this one namespace: to it the API server is a cluster with one release. */
  readonly kubeconfigFile: string
  readonly valuesFile: string
  readonly entry: object
}

/** An account, a few API servers with a node each, and the sites on them. */
export interface RolloutBed extends AsyncDisposable {
  readonly cloud: Cloud
  readonly sites: readonly FleetSite[]
  readonly servers: readonly Cluster[]
  /** What a job has. */
  readonly env: Readonly<Record<string, string>>
  readonly endpoints: string
  readonly sharedValues: string
}

export async function openRolloutBed(
  { tools, programs, signal }: BenchContext,
  size: { readonly sites: number; readonly servers: number },
): Promise<RolloutBed> {
  const undo = new AsyncDisposableStack()
  try {
    const run = undo.use(await openRun())
    const folder = join(programs.folder, 'rollout')
    await mkdir(folder, { recursive: true })
    await symlink(tools.helm4, join(folder, 'helm'))
    const cloud = undo.use(await startCloud())
    const etcd = undo.use(await startEtcd({ tools, run, signal }))
    const images = { 'ghcr.io/acr-nopass/acr-nopass': [process.execPath, ...HELPER_NODE_FLAGS, programs.helper] }
    const names = Array.from({ length: size.servers }, (_, index) => `server-${index}`)
    const servers = await Promise.all(
      names.map(async (name) => {
        const cluster = undo.use(await startCluster({ name, tools, etcd, run, signal }))
        undo.use(await startProcessNode({ cluster, images, backOffMs: 120_000, signal }))
        return cluster
      }),
    )
    const sites = await Promise.all(
      Array.from({ length: size.sites }, (_, index) => {
        const cluster = servers[index % servers.length]
        if (cluster === undefined) throw new Error('a fleet needs an API server')
        return openSite(`site-${String(index).padStart(2, '0')}`, cluster, cloud, folder)
      }),
    )
    const { accessKeyId, accessKeySecret } = cloud.administrator
    const { ram, sts, cs, cr } = cloud.endpoints
    const opened = undo.move()
    return {
      cloud,
      sites,
      servers,
      env: {
        PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`,
        ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
      },
      endpoints: JSON.stringify({ ram, sts, cs, cr }),
      sharedValues: stringify(teamValues(cloud)),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}

async function openSite(name: string, cluster: Cluster, cloud: Cloud, folder: string): Promise<FleetSite> {
  await applyAll(cluster.admin, fleetRights(name))
  const clusterId = `c${name.replace('-', '')}00000000000000000000000000000000`.slice(0, 33)
  const workerRole = `KubernetesWorkerRole-${name}`
  const kubeconfig = cluster.kubeconfigFor(`deployer-${name}`, ['deployers'], 120)
  cloud.registerCluster({
    clusterId,
    name,
    region: cloud.regionId,
    workerRoles: [workerRole],
    server: cluster.server,
    kubeconfig: async () => kubeconfig,
  })
  const values = {
    secretName: `pull-${name}`,
    targets: { namespaces: { include: [name] } },
    endpoints: { imds: await cloud.imdsFor(workerRole) },
  }
  const kubeconfigFile = join(folder, `${name}.kubeconfig`)
  await writeFile(kubeconfigFile, kubeconfig, { mode: 0o600 })
  const valuesFile = join(folder, `${name}.yaml`)
  await writeFile(valuesFile, stringify(values))
  return {
    name,
    cluster,
    kubeconfigFile,
    valuesFile,
    entry: { name, namespace: name, ack: { clusterId, region: cloud.regionId }, values },
  }
}

async function applyAll(admin: KubeClient, objects: readonly { readonly path: string; readonly body: object }[]) {
  for (const { path, body } of objects) {
    await admin.request({ method: 'POST', path, body }).catch((error) => {
      // The rights on the whole server are the same for each of its sites.
      if (error.status !== 409) throw error
    })
  }
}
