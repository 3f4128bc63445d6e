import { placeOf } from '../schema/place.ts'
import { ValuesError } from '../values-error.ts'
import { child, is, type MapNode } from '../yaml/yaml-node.ts'

/** Ports that are equal, labels that belong to the helper, a ServiceMonitor without its Service. */
export function checkCollisions(values: MapNode): ValuesError[] {
  return [
    ...equalPorts(values),
    ...ownLabels(values, 'secretLabels'),
    ...ownLabels(values, 'podLabels'),
    ...monitor(values),
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

function ownLabels(values: MapNode, key: 'secretLabels' | 'podLabels'): ValuesError[] {
  const labels = child(values, key)
  if (labels?.kind !== 'map') return []
  return [...labels.entries].flatMap(([label, { keyAt }]) => {
    const isOwn =
      label.startsWith('acr-nopass.io/') ||
      ['app.kubernetes.io/managed-by', 'app.kubernetes.io/instance'].includes(label) ||
      (key === 'podLabels' && label === 'app.kubernetes.io/name')
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

function monitor(values: MapNode): ValuesError[] {
  const metrics = child(values, 'metrics')
  const enabled = child(child(metrics, 'serviceMonitor'), 'enabled')
  if (!is(enabled, true) || !is(child(metrics, 'enabled'), false)) return []
  const path = ['metrics', 'serviceMonitor', 'enabled']
  return [
    new ValuesError('VALUES_NO_EFFECT', '`metrics.serviceMonitor.enabled` needs the Service of `metrics.enabled`', {
      at: placeOf(values, path),
      path,
      value: 'true',
      hint: 'Write `metrics.enabled: true`, or switch the ServiceMonitor off.',
    }),
  ]
}
