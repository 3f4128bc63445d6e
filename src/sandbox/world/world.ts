import type { Cloud } from '../cloud/cloud.ts'
import type { Cluster } from '../cluster/start-cluster.ts'
import type { RealNode } from '../nodes/containerd/start-node.ts'
import type { ProcessNode } from '../nodes/process/process-node.ts'
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
