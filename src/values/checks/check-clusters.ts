import { ValuesError } from '../values-error.ts'
import { child, type ListNode, text, type YamlNode } from '../yaml/yaml-node.ts'
import { regionError } from './check-regions.ts'

interface ClusterDefaults {
  readonly defaults?: { readonly release: string; readonly namespace: string } | undefined
  readonly anyRegion?: boolean | undefined
}

/** Duplicate names and releases, and regions that do not exist. */
export function checkClusters(root: ListNode, { defaults, anyRegion }: ClusterDefaults): ValuesError[] {
  const names = new Map<string, YamlNode>()
  const releases = new Map<string, { readonly mark: string; readonly index: number; readonly node: YamlNode }>()
  return root.items.flatMap((entry, index) => [
    ...nameErrors(entry, index, names),
    ...releaseErrors(entry, index, releases, defaults),
    ...(anyRegion ? [] : regionErrors(entry, index)),
  ])
}

function nameErrors(entry: YamlNode, index: number, names: Map<string, YamlNode>): ValuesError[] {
  const node = child(entry, 'name')
  const name = text(node)
  if (node === undefined || name === undefined) return []
  const first = names.get(name)
  if (first === undefined) {
    names.set(name, node)
    return []
  }
  const message = `two clusters are named "${name}", the first in line ${first.at.line}`
  return [new ValuesError('CLUSTERS_NAME_TWICE', message, { at: node.at, path: [index, 'name'], value: name })]
}

function releaseErrors(
  entry: YamlNode,
  index: number,
  releases: Map<string, { readonly mark: string; readonly index: number; readonly node: YamlNode }>,
  defaults: ClusterDefaults['defaults'],
): ValuesError[] {
  const release = text(child(entry, 'release')) ?? defaults?.release ?? 'acr-nopass'
  const namespace = text(child(entry, 'namespace')) ?? defaults?.namespace ?? 'acr-nopass'
  for (const mark of clusterMarks(entry)) {
    const key = `${mark}\n${namespace}\n${release}`
    const first = releases.get(key)
    if (first !== undefined && first.index !== index) {
      const message = `this entry and the one in line ${first.node.at.line} are both the release ${namespace}/${release} of ${mark}`
      return [new ValuesError('CLUSTERS_SAME_RELEASE', message, { at: entry.at, path: [index] })]
    }
    releases.set(key, { mark, index, node: entry })
  }
  return []
}

// What tells one cluster from another, without asking it.
function clusterMarks(entry: YamlNode): string[] {
  const kubeconfig = child(entry, 'kubeconfig')
  const context = text(child(kubeconfig, 'context')) ?? '(current context)'
  const marks: readonly (readonly [string, string | undefined])[] = [
    ['ACK cluster', text(child(child(entry, 'ack'), 'clusterId'))],
    [`context ${context} of file`, text(child(kubeconfig, 'file'))],
    [`context ${context} of variable`, text(child(kubeconfig, 'env'))],
    ['the cluster with kube-system UID', text(child(child(entry, 'expect'), 'kubeSystemUid'))],
    ['API server', text(child(child(entry, 'expect'), 'server'))],
  ]
  return marks.flatMap(([what, value]) => (value === undefined ? [] : [`${what} ${value}`]))
}

function regionErrors(entry: YamlNode, index: number): ValuesError[] {
  const node = child(child(entry, 'ack'), 'region')
  const region = text(node)
  if (node === undefined || region === undefined || !/^[a-z]+(-[a-z0-9]+)+$/.test(region)) return []
  return regionError(region, { at: node.at, path: [index, 'ack', 'region'], otherwise: 'the input `endpoints`' })
}
