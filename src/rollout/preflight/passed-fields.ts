import type { ManifestObject } from '../../helm/release/manifest.ts'
import { isRecord } from '../../lib/json.ts'
import type { ValuePath } from '../../values/yaml/yaml-node.ts'

/** A field of an object that the chart fills with a key of the values, unchanged. */
interface Passed {
  readonly field: ValuePath
  readonly key: ValuePath
  /** The values' items follow the chart's own items in the same list. */
  readonly isTail?: true
}

const POD = ['spec', 'template', 'spec'] as const
const CONTAINER = [...POD, 'containers', 0] as const

/** Fields of the Pod whose keys have the same name. */
const SAME_NAME = [
  'affinity',
  'dnsConfig',
  'dnsPolicy',
  'hostAliases',
  'imagePullSecrets',
  'nodeSelector',
  'priorityClassName',
  'tolerations',
]

/**
 * Source: chart/templates/deployment.yaml, _container.tpl, networkpolicy.yaml and
 * poddisruptionbudget.yaml.
 */
const PASSED: Readonly<Record<string, readonly Passed[]>> = {
  Deployment: [
    ...SAME_NAME.map((key) => ({ field: [...POD, key], key: [key] })),
    { field: [...POD, 'securityContext'], key: ['podSecurityContext'] },
    { field: [...POD, 'topologySpreadConstraints'], key: ['topologySpread'] },
    { field: [...POD, 'volumes'], key: ['extraVolumes'], isTail: true },
    { field: [...CONTAINER, 'env'], key: ['extraEnv'], isTail: true },
    { field: [...CONTAINER, 'resources'], key: ['resources'] },
    { field: [...CONTAINER, 'securityContext'], key: ['securityContext'] },
    { field: [...CONTAINER, 'volumeMounts'], key: ['extraVolumeMounts'], isTail: true },
    { field: ['spec', 'strategy'], key: ['updateStrategy'] },
    { field: ['spec', 'revisionHistoryLimit'], key: ['revisionHistoryLimit'] },
    { field: ['metadata', 'annotations'], key: ['deploymentAnnotations'] },
    { field: ['spec', 'template', 'metadata', 'annotations'], key: ['podAnnotations'] },
  ],
  NetworkPolicy: [
    { field: ['spec', 'ingress', 0, 'from'], key: ['networkPolicy', 'metricsFrom'] },
    { field: ['spec', 'egress'], key: ['networkPolicy', 'egress'], isTail: true },
  ],
  PodDisruptionBudget: [{ field: ['spec', 'maxUnavailable'], key: ['podDisruptionBudget', 'maxUnavailable'] }],
}

/**
 * Returns the path in the values from which the chart filled a field of an object. Undefined if the
 * field is the chart's own.
 * @param field in the notation of the API server, such as
 *   `spec.template.spec.containers[0].env[5].name`
 */
export function keyOfField(field: string, { kind, body }: ManifestObject, values: unknown): ValuePath | undefined {
  const path = readField(field, body)
  const passed = PASSED[kind]?.find((one) => one.field.every((step, index) => path[index] === step))
  if (passed === undefined) return undefined
  const [item, ...rest] = path.slice(passed.field.length)
  if (item === undefined) return passed.key
  if (!passed.isTail) return [...passed.key, item, ...rest]
  const [own, all] = [at(values, passed.key), at(body, passed.field)]
  if (typeof item !== 'number' || !Array.isArray(own) || !Array.isArray(all)) return undefined
  const index = item - (all.length - own.length)
  return index in own ? [...passed.key, index, ...rest] : undefined
}

/**
 * Reads a path of k8s.io/apimachinery (`a.b[0].c[key]`) or of sigs.k8s.io/structured-merge-diff
 * (`.a.b[name="x"].c`), which selects an item of a list by its keys.
 */
function readField(field: string, body: unknown): ValuePath {
  const path: (string | number)[] = []
  for (const [, name, inside = ''] of field.matchAll(/\.?([^.[\]]+)|\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/g)) {
    if (name !== undefined) path.push(name)
    else if (/^\d+$/.test(inside)) path.push(Number(inside))
    else path.push(selectedIndex(inside, at(body, path)) ?? inside)
  }
  return path
}

/** The index of the item that `name="x",port=1` selects. */
function selectedIndex(selector: string, list: unknown): number | undefined {
  const pairs = [...selector.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)/g)].map(([, key = '', value = '']) => {
    return [key, value.replace(/^"(.*)"$/s, '$1')] as const
  })
  if (pairs.length === 0 || !Array.isArray(list)) return undefined
  const index = list.findIndex((item) => isRecord(item) && pairs.every(([key, value]) => String(item[key]) === value))
  return index === -1 ? undefined : index
}

function at(root: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>((node, step) => (node as Record<string | number, unknown> | undefined)?.[step], root)
}
