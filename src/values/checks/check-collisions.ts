import { placeOf } from '../schema/schema-problem.ts'
import { collision, ValuesError } from '../values-error.ts'
import { child, formatPath, lookup, type MapNode } from '../yaml/yaml-node.ts'

/** Equal ports, and labels that belong to the helper. */
export function checkCollisions(values: MapNode): ValuesError[] {
  return [
    ...equalPorts(values),
    ...ownLabels(values, ['secretLabels'], SECRET_LABELS),
    ...LABELS_OF_OBJECTS.flatMap((path) => ownLabels(values, path, OBJECT_LABELS)),
    ...sharedRights(values),
    ...reservedNames(values),
    ...annotations(values),
  ]
}

function equalPorts(values: MapNode): ValuesError[] {
  const ports = child(values, 'ports')
  const http = child(ports, 'http')
  const status = child(ports, 'status')
  if (http?.kind !== 'scalar' || status?.kind !== 'scalar' || http.value !== status.value) return []
  const path = ['ports', status.origin === 'chart' ? 'http' : 'status']
  const value = String(http.value)
  const message = `\`ports.http\` and \`ports.status\` are both ${value}; the helper listens on both`
  const hint = 'Give them two different ports.'
  return [new ValuesError('VALUES_COLLISION', message, { at: placeOf(values, path), path, value, hint })]
}

/** These tell Secrets apart. */
const SECRET_LABELS: readonly string[] = ['app.kubernetes.io/managed-by', 'app.kubernetes.io/instance']

/** The chart sets these on each object, and would set them again: those of chart/templates/_labels.tpl. */
const OBJECT_LABELS: readonly string[] = [
  ...SECRET_LABELS,
  'app.kubernetes.io/name',
  'app.kubernetes.io/version',
  'helm.sh/chart',
]

/** Where values have labels of the chart's objects: those of chart/templates/_validation.tpl. */
const LABELS_OF_OBJECTS: readonly (readonly string[])[] = [
  ['commonLabels'],
  ['podLabels'],
  ['serviceAccount', 'labels'],
  ['metrics', 'service', 'labels'],
  ['metrics', 'serviceMonitor', 'labels'],
  ['metrics', 'podMonitor', 'labels'],
  ['metrics', 'prometheusRule', 'labels'],
  ['metrics', 'dashboard', 'labels'],
]

function ownLabels(values: MapNode, path: readonly string[], own: readonly string[]): ValuesError[] {
  const labels = lookup(values, path)
  if (labels?.kind !== 'map') return []
  return [...labels.entries].flatMap(([label, { keyAt }]) => {
    if (!label.startsWith('acr-nopass.io/') && !own.includes(label)) return []
    const message = `the label \`${label}\` in \`${formatPath(path)}\` is set by acr-nopass itself`
    return [collision({ at: keyAt }, [...path, label], message, 'Remove the label.')]
  })
}

/** Every namespace has a ServiceAccount `default`; Alibaba's helper has the other names. */
const RESERVED: readonly unknown[] = ['default', 'aliyun-acr-credential-helper', 'acr-credential-helper-webhook']

function reservedNames(values: MapNode): ValuesError[] {
  return [['fullnameOverride'], ['serviceAccount', 'name']].flatMap((path) => {
    const node = lookup(values, path)
    if (node?.kind !== 'scalar' || !RESERVED.includes(node.value)) return []
    const message = `\`${path.join('.')}\` is ${String(node.value)}, which is the name of something else`
    return [collision(node, path, message, 'Choose another name.')]
  })
}

/** Annotations that replace a security default, give another identity, or make the Deployment a hook. */
function annotations(values: MapNode): ValuesError[] {
  return (['podAnnotations', 'deploymentAnnotations'] as const).flatMap((key) => {
    const map = child(values, key)
    if (map?.kind !== 'map') return []
    return [...map.entries].flatMap(([annotation, { keyAt }]) => {
      const [why, hint = ''] = judgeAnnotation(key, annotation) ?? []
      if (why === undefined) return []
      const message = `the annotation \`${annotation}\` in \`${key}\` would ${why}`
      return [collision({ at: keyAt }, [key, annotation], message, hint)]
    })
  })
}

function judgeAnnotation(key: 'podAnnotations' | 'deploymentAnnotations', name: string): readonly string[] | undefined {
  if (name.startsWith('helm.sh/hook')) return ['make the helper a hook, which Helm does not keep', 'Remove it.']
  if (key === 'deploymentAnnotations') return undefined
  if (/^(container\.apparmor|container\.seccomp|seccomp)\.security\./.test(name))
    return ['replace a security default of the Pod', 'Remove it; `podSecurityContext` has what can be changed.']
  if (name === 'k8s.aliyun.com/eci-ram-role-name')
    return ['give the helper another identity', 'Use `identity.workerRole.eciRoleName`.']
  return undefined
}

/** Labels that add the rules of our ClusterRoles to a role of users. */
function sharedRights(values: MapNode): ValuesError[] {
  const labels = child(values, 'commonLabels')
  if (labels?.kind !== 'map') return []
  return [...labels.entries].flatMap(([label, { keyAt }]) => {
    if (!label.includes('/aggregate-to-')) return []
    const message = `the label \`${label}\` in \`commonLabels\` would give the helper's rights, including those on pull secrets, to everyone with that role`
    return [collision({ at: keyAt }, ['commonLabels', label], message, 'Remove the label.')]
  })
}
