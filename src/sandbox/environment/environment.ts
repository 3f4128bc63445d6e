import { readFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import type { Cloud } from '../cloud/start-cloud.ts'
import type { Cluster } from '../cluster/start-cluster.ts'
import type { RealNode } from '../nodes/containerd/start-node.ts'
import type { ProcessNode } from '../nodes/process/process-node.ts'
import { freePort } from '../process/free-port.ts'
import type { Run } from '../process/run.ts'
import type { Registry } from '../registry/start-registry.ts'
import type { ToolPaths } from '../tools/ensure-tools.ts'

/** One ACK cluster: a real Kubernetes control plane that is registered with the emulated cloud. */
export interface EnvironmentCluster {
  readonly name: string
  readonly clusterId: string
  readonly region: string
  /** The RAM role of its nodes. */
  readonly workerRole: string
  /** The URL of its nodes' metadata service, to use instead of `http://100.100.100.200`. */
  readonly imds: string
  readonly cluster: Cluster
  readonly node:
    | { readonly kind: 'kubelet'; readonly node: RealNode }
    | { readonly kind: 'process'; readonly node: ProcessNode }
}

/** Two clusters, an Alibaba Cloud account and a registry: the situation before acr-nopass is installed. */
export interface Environment {
  readonly tools: ToolPaths
  readonly cloud: Cloud
  readonly registry: Registry
  /** The first wave, with a process node. */
  readonly staging: EnvironmentCluster
  /** The second wave, with a real node if the machine supports one. */
  readonly production: EnvironmentCluster
  /** The reference of the private image: `demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1`. */
  readonly appImage: string
  /** Its folder is removed when the environment stops. */
  readonly run: Run
  /** Why there is no real node, in one line; undefined if there is one. */
  readonly nodeObstacle: string | undefined
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

function readExample(path: string): Promise<string> {
  return readFile(new URL(`../../../examples/${path}`, import.meta.url), 'utf8')
}

/** The files of a platform team's repository; those under `sandbox/` are only needed with the emulated cloud. */
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
 * Values with the emulated cloud's endpoints and the settings for a node whose Pods share the network of this machine.
 * A real node reaches the registry and its token service under the vendor's names.
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
