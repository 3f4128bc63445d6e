import { placeOf } from '../schema/schema-problem.ts'
import { ValuesError } from '../values-error.ts'
import { child, type MapNode } from '../yaml/yaml-node.ts'

/** Ports that are equal, labels that belong to the helper. */
export function checkCollisions(values: MapNode): ValuesError[] {
  return [
    ...equalPorts(values),
    ...ownLabels(values, 'secretLabels'),
    ...ownLabels(values, 'podLabels'),
    ...ownLabels(values, 'commonLabels'),
    ...sharedRights(values),
  ]
}

function equalPorts(values: MapNode): ValuesError[] {
  const ports = child(values, 'ports')
  const http = child(ports, 'http')
  const status = child(ports, 'status')
  if (http?.kind !== 'scalar' || status?.kind !== 'scalar' || http.value !== status.value) return []
  const path = ['ports', status.origin === 'chart' ? 'http' : 'status']
  return [
    new ValuesError(
      'VALUES_COLLISION',
      `\`ports.http\` and \`ports.status\` are both ${String(http.value)}; the helper listens on both`,
      {
        at: placeOf(values, path),
        path,
        value: String(http.value),
        hint: 'Give them two different ports.',
      },
    ),
  ]
}

function ownLabels(values: MapNode, key: 'secretLabels' | 'podLabels' | 'commonLabels'): ValuesError[] {
  const labels = child(values, key)
  if (labels?.kind !== 'map') return []
  return [...labels.entries].flatMap(([label, { keyAt }]) => {
    const isOwn =
      label.startsWith('acr-nopass.io/') ||
      ['app.kubernetes.io/managed-by', 'app.kubernetes.io/instance'].includes(label) ||
      (key !== 'secretLabels' && label === 'app.kubernetes.io/name')
    if (!isOwn) return []
    return [
      new ValuesError('VALUES_COLLISION', `the label \`${label}\` in \`${key}\` is set by acr-nopass itself`, {
        at: keyAt,
        path: [key, label],
        hint: 'Remove the label.',
      }),
    ]
  })
}

/** Labels that add the rules of our ClusterRoles to a role of users. */
function sharedRights(values: MapNode): ValuesError[] {
  const labels = child(values, 'commonLabels')
  if (labels?.kind !== 'map') return []
  return [...labels.entries].flatMap(([label, { keyAt }]) => {
    if (!label.startsWith('rbac.authorization.k8s.io/aggregate-to-')) return []
    const message = `the label \`${label}\` in \`commonLabels\` would give the helper's rights, also those on pull secrets, to everybody with that role`
    return [
      new ValuesError('VALUES_COLLISION', message, {
        at: keyAt,
        path: ['commonLabels', label],
        hint: 'Remove the label.',
      }),
    ]
  })
}
