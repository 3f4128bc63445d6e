import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import type { Cloud } from '../cloud/cloud.ts'
import type { Cluster } from '../cluster/start-cluster.ts'
import type { RealNode } from '../nodes/containerd/start-node.ts'
import type { ProcessNode } from '../nodes/process/process-node.ts'
import { freePort } from '../process/free-port.ts'
import type { Registry } from '../registry/start-registry.ts'
import type { ToolPaths } from '../tools/ensure-tools.ts'

/** One ACK cluster: real Kubernetes, registered with the emulated cloud. */
export interface EnvironmentCluster {
  readonly name: string
  readonly clusterId: string
  readonly region: string
  /** The RAM role of its nodes. */
  readonly workerRole: string
  /** The URL of its nodes' metadata service, in place of 100.100.100.200. */
  readonly imds: string
  readonly cluster: Cluster
  readonly node:
    | { readonly kind: 'kubelet'; readonly node: RealNode }
    | { readonly kind: 'process'; readonly node: ProcessNode }
}

/** Two clusters, an Alibaba Cloud account and a registry: what a platform engineer has before acr-nopass. */
export interface Environment {
  readonly tools: ToolPaths
  readonly cloud: Cloud
  readonly registry: Registry
  /** The first wave, on a process node. */
  readonly staging: EnvironmentCluster
  /** The second wave, on a real kubelet if the machine supports it. */
  readonly production: EnvironmentCluster
  /** The private image: `demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1`. */
  readonly appImage: string
  /** Files of the run, which are removed with it. */
  readonly folder: string
  /** Why there is no real node, in one line; undefined if there is one. */
  readonly nodeObstacle: string | undefined
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

function readExample(path: string): Promise<string> {
  return readFile(new URL(`../../../examples/${path}`, import.meta.url), 'utf8')
}

/** The files of a platform team's repository, and under `sandbox/` what only the emulated cloud needs. */
export async function userFiles(environment: Environment): Promise<Record<string, string>> {
  return {
    '.github/workflows/rollout.yml': await readExample('workflows/rollout.yml'),
    '.github/workflows/uninstall.yml': await readExample('workflows/uninstall.yml'),
    'clusters.yaml': await readExample('sandbox/clusters.yaml'),
    'values.yaml': await readExample('sandbox/values.yaml'),
    'sandbox/staging.yaml': stringify(await sandboxValues(environment, environment.staging)),
    'sandbox/production.yaml': stringify(await sandboxValues(environment, environment.production)),
  }
}

/**
 * The endpoints of the emulated cloud, and settings for Pods without their own network on a node that is this machine. A real
 * node reaches the registry and its token service under the vendor's names.
 */
async function sandboxValues({ cloud, registry }: Environment, { imds, node }: EnvironmentCluster): Promise<object> {
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
