import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { Seed } from '../../../sandbox/cloud/seed/generated/seed.ts'
import type { Cloud } from '../../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../../sandbox/cloud/start-cloud.ts'
import type { ClusterKind } from '../../../sandbox/cloud/state.ts'
import { startEtcd } from '../../../sandbox/cluster/etcd.ts'
import { type Cluster, startCluster } from '../../../sandbox/cluster/start-cluster.ts'
import type { Images } from '../../../sandbox/nodes/process/container-command.ts'
import { type ProcessNode, startProcessNode } from '../../../sandbox/nodes/process/process-node.ts'
import { type Registry, startRegistry } from '../../../sandbox/registry/start-registry.ts'
import { openRun, type Run } from '../../../tools/process/run.ts'
import { teamValues } from '../../support/chart/team-values.ts'
import { writeHelperProgram } from '../../support/helper-program.ts'
import { testTools } from '../../tools.ts'

export interface FixtureCluster {
  readonly cluster: Cluster
  /** The cluster's id in ACK of the emulated account. */
  readonly clusterId: string
  readonly workerRole: string
  readonly node: ProcessNode
  /** An entry for the input `clusters`. */
  entry(wave: number): Readonly<Record<string, unknown>>
}

/** An account, clusters with one node each, and a folder with one helm for PATH. */
export interface ActionFixture extends AsyncDisposable {
  readonly cloud: Cloud
  readonly clusters: readonly FixtureCluster[]
  /** The environment of a job: the administrator's credentials, PATH with helm. */
  readonly env: Readonly<Record<string, string>>
  /** The input `endpoints`: the emulator's address. */
  readonly endpoints: string
  readonly registry: Registry | undefined
  /** Values for all clusters; differences between clusters are in their entries. */
  readonly values: string
}

export interface FixtureOptions {
  readonly clusters: readonly string[]
  /** The kind of cluster that ACK reports (default: managed). */
  readonly kind?: ClusterKind
  readonly helm: 'helm3' | 'helm4'
  /** The worker role of all clusters (default: each cluster has its own). */
  readonly workerRole?: string
  /** ACK's ids of the clusters, by name (default: derived from the name). */
  readonly clusterIds?: Readonly<Record<string, string>>
  /**
   * `false`: RAM has no identity provider for the issuers of the clusters, whose keys STS can read
   * (default: ACK has created the providers).
   */
  readonly rrsa?: boolean
  /** Starts a real registry, where the helpers verify each credential before they distribute it. */
  readonly registry?: boolean
  /** Further images on the nodes, and the programs that run for them. */
  readonly images?: Images
  /** The accounts (default: those of the demo). */
  readonly seed?: Seed
  readonly signal?: AbortSignal
}

/** Starts everything. One etcd serves every cluster. */
export async function startActionFixture(options: FixtureOptions): Promise<ActionFixture> {
  const { clusters: names, kind = 'managed', helm, images = {}, seed, signal } = options
  const tools = await testTools('etcd', 'kube-apiserver', 'kube-controller-manager', helm)
  const run = await openRun()
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-fixture-'))
  const stops: (() => Promise<unknown>)[] = [() => run.end(), () => rm(folder, { recursive: true, force: true })]
  try {
    const cloud = await startCloud({ seed })
    stops.unshift(() => cloud.stop())
    const etcd = await startEtcd({ tools, run, signal })
    stops.unshift(() => etcd.stop())
    const registry = options.registry
      ? await startRegistry({ tools: await testTools('registry'), auth: cloud.registryAuth, run, signal })
      : undefined
    const helper = join(folder, 'helper.mjs')
    await writeHelperProgram(helper)
    const clusters = await Promise.all(
      names.map((name) =>
        openCluster(name, {
          kind,
          clusterId: options.clusterIds?.[name],
          workerRole: options.workerRole,
          rrsa: options.rrsa ?? true,
          tools,
          etcd,
          run,
          cloud,
          helper,
          images,
          signal,
          stops,
        }),
      ),
    )
    await symlink(tools[helm], join(folder, 'helm'))
    const { accessKeyId, accessKeySecret } = cloud.administrator
    return {
      cloud,
      clusters,
      env: {
        PATH: `${folder}:${dirname(process.execPath)}:/usr/bin:/bin`,
        ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret,
      },
      endpoints: JSON.stringify(pick(cloud.endpoints, ['ram', 'sts', 'cs', 'cr'])),
      registry,
      values: stringify(teamValues(cloud, registry?.url)),
      [Symbol.asyncDispose]: () => stopAll(stops),
    }
  } catch (error) {
    await stopAll(stops)
    throw error
  }
}

/**
 * Returns the same fixture for a job with the other helm on its PATH. That helm is disposed with
 * the fixture.
 */
export async function withHelm(fixture: ActionFixture, helm: FixtureOptions['helm']): Promise<ActionFixture> {
  const [folder = '', ...rest] = (fixture.env.PATH ?? '').split(':')
  const own = join(folder, helm)
  await mkdir(own, { recursive: true })
  const tools = await testTools(helm)
  await symlink(tools[helm], join(own, 'helm'))
  return { ...fixture, env: { ...fixture.env, PATH: [own, ...rest].join(':') } }
}

interface OpenOptions {
  readonly kind: ClusterKind
  readonly clusterId: string | undefined
  readonly workerRole: string | undefined
  readonly rrsa: boolean
  readonly tools: Parameters<typeof startCluster>[0]['tools']
  readonly etcd: Awaited<ReturnType<typeof startEtcd>>
  readonly run: Run
  readonly cloud: Cloud
  readonly helper: string
  readonly images: Images
  readonly signal: AbortSignal | undefined
  readonly stops: (() => Promise<unknown>)[]
}

async function openCluster(name: string, options: OpenOptions): Promise<FixtureCluster> {
  const { kind, tools, etcd, run, cloud, helper, signal, stops } = options
  const cluster = await startCluster({ name, tools, etcd, run, signal })
  const images = { 'ghcr.io/acr-nopass/acr-nopass': [process.execPath, helper], ...options.images }
  const node = await startProcessNode({ cluster, images, backOffMs: 500 })
  stops.unshift(
    () => node.stop(),
    () => cluster.stop(),
  )
  const clusterId =
    options.clusterId ?? `c${name.replace(/[^a-z0-9]/g, '')}00000000000000000000000000000000`.slice(0, 33)
  const workerRole = options.workerRole ?? `KubernetesWorkerRole-${name}`
  cloud.registerCluster({
    clusterId,
    name,
    region: cloud.regionId,
    kind,
    workerRoles: kind === 'serverless' ? [] : [workerRole],
    ...(options.rrsa && { rrsa: { issuer: cluster.issuer, jwks: () => cluster.jwks() } }),
    server: cluster.server,
    kubeconfig: async ({ minutes, groups }) => cluster.kubeconfigFor('deployer', groups, minutes),
  })
  if (!options.rrsa) cloud.control.publishKeys(cluster.issuer, await cluster.jwks())
  const imds = await cloud.imdsFor(workerRole)
  return {
    cluster,
    clusterId,
    workerRole,
    node,
    entry: (wave) => ({
      name,
      wave,
      ack: { clusterId, region: cloud.regionId },
      values: { endpoints: { imds } },
    }),
  }
}

function pick<T extends object, K extends keyof T>(object: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, object[key]])) as Pick<T, K>
}

async function stopAll(stops: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const stop of stops) await stop()
}
