import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import type { Cloud } from '../cloud/cloud.ts'
import type { Cluster } from '../cluster/start-cluster.ts'
import type { RealNode } from '../nodes/containerd/start-node.ts'
import type { ProcessNode } from '../nodes/process/process-node.ts'
import { freePort } from '../process/free-port.ts'
import type { Registry } from '../registry/start-registry.ts'
import type { ToolPaths } from '../tools/ensure-tools.ts'

/** One ACK cluster of the world: real Kubernetes, known to the emulated cloud. */
export interface WorldCluster {
  readonly name: string
  readonly clusterId: string
  readonly region: string
  /** The RAM role of its nodes. */
  readonly workerRole: string
  /** The metadata service of its nodes; the URL to use instead of 100.100.100.200. */
  readonly imds: string
  readonly cluster: Cluster
  readonly node:
    | { readonly kind: 'kubelet'; readonly node: RealNode }
    | { readonly kind: 'process'; readonly node: ProcessNode }
}

/** Two clusters, one Alibaba Cloud account, one registry: what a platform engineer has before acr-nopass. */
export interface World {
  readonly tools: ToolPaths
  readonly cloud: Cloud
  readonly registry: Registry
  /** First wave: its Pods are child processes. */
  readonly staging: WorldCluster
  /** Second wave: with a real kubelet where the machine can. */
  readonly production: WorldCluster
  /** `demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1`: in the registry, for those who may pull. */
  readonly appImage: string
  /** Files of the run; gone with it. */
  readonly folder: string
  /** One line: why there is no real node; undefined where there is one. */
  readonly nodeObstacle: string | undefined
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A file of this project's examples, as a user copies it. */
function readExample(path: string): Promise<string> {
  return readFile(new URL(`../../../examples/${path}`, import.meta.url), 'utf8')
}

/** What a platform team has in its repository, and, under `sandbox/`, what only an emulated cloud needs. */
export async function userFiles(world: World): Promise<Record<string, string>> {
  return {
    '.github/workflows/rollout.yml': await readExample('workflows/rollout.yml'),
    '.github/workflows/uninstall.yml': await readExample('workflows/uninstall.yml'),
    'clusters.yaml': await readExample('sandbox/clusters.yaml'),
    'values.yaml': await readExample('sandbox/values.yaml'),
    'sandbox/staging.yaml': stringify(await sandboxValues(world, world.staging)),
    'sandbox/production.yaml': stringify(await sandboxValues(world, world.production)),
  }
}

/**
 * Where the emulated cloud is, and how a Pod without its own network runs on a node that is this machine. A real node
 * reaches the registry and its token service under the vendor's names.
 */
async function sandboxValues({ cloud, registry }: World, { imds, node }: WorldCluster): Promise<object> {
  const { sts, cr } = cloud.endpoints
  const endpoints = { sts, cr, imds }
  if (node.kind === 'process') return { endpoints: { ...endpoints, registry: registry.url } }
  return {
    endpoints,
    caBundle: node.node.vendorNames.caPem,
    hostNetwork: true,
    replicas: 1,
    ports: { http: await freePort('0.0.0.0'), status: await freePort() },
  }
}
