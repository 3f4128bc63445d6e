import { ValuesError } from '../values-error.ts'
import { child, is, items, type MapNode, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'

const OWN_VOLUMES: readonly string[] = ['config', 'token', 'oidc']
const OWN_PATHS: readonly string[] = [
  '/etc/acr-nopass/',
  '/var/run/secrets/kubernetes.io/serviceaccount/',
  '/var/run/secrets/acr-nopass/oidc/',
  // The program, its Node.js, and what the container has from its runtime.
  '/app/',
  '/nodejs/',
  '/proc/',
  '/sys/',
  '/dev/',
]

/** Volumes, resolver and strategy that the API server refuses, or that would break the helper: those of chart/templates/_validation.tpl. */
export function checkVolumes(values: MapNode): ValuesError[] {
  return [...volumes(values), ...mounts(values), ...resolver(values), ...strategy(values)]
}

function volumes(values: MapNode): ValuesError[] {
  const seen = new Set(OWN_VOLUMES)
  return items(child(values, 'extraVolumes')).flatMap((item, index) => {
    const name = textOf(child(item, 'name'))
    if (name === undefined || item.kind !== 'map') return []
    const path = ['extraVolumes', index, 'name']
    if (seen.has(name)) {
      const why = OWN_VOLUMES.includes(name) ? "is one of the chart's own" : 'is there twice'
      const message = `the volume \`${name}\` in \`extraVolumes\` ${why}`
      return [error('VALUES_COLLISION', item, path, { message, hint: 'Rename it.' })]
    }
    seen.add(name)
    if (item.entries.size === 2) return []
    const message = `the volume \`${name}\` in \`extraVolumes\` needs exactly one source`
    const hint = 'Write one of configMap, secret, projected, emptyDir, csi and persistentVolumeClaim beside its name.'
    return [error('VALUES_POD', item, path, { message, hint })]
  })
}

function mounts(values: MapNode): ValuesError[] {
  const names = new Set(items(child(values, 'extraVolumes')).map((item) => textOf(child(item, 'name'))))
  const seen = new Set<string>()
  return items(child(values, 'extraVolumeMounts')).flatMap((item, index) => {
    const [name, mountPath] = [textOf(child(item, 'name')), textOf(child(item, 'mountPath'))]
    if (name === undefined || mountPath === undefined) return []
    const at = ['extraVolumeMounts', index]
    if (!names.has(name)) {
      const message = `\`extraVolumeMounts\` names the volume \`${name}\`, and \`extraVolumes\` has none of that name`
      return [error('VALUES_POD', item, [...at, 'name'], { message, hint: 'Add it to `extraVolumes`.' })]
    }
    const path = `${mountPath.replace(/\/$/, '')}/`
    const own = OWN_PATHS.find((one) => one.startsWith(path) || path.startsWith(one))
    if (own === undefined && !seen.has(path)) {
      seen.add(path)
      return []
    }
    const message =
      own === undefined
        ? `\`extraVolumeMounts\` has two mounts at ${mountPath}`
        : `the mount at ${mountPath} in \`extraVolumeMounts\` would cover what the helper reads from ${own.slice(0, -1)}`
    const hint = own === undefined ? 'Remove one of the two.' : 'Choose another path.'
    return [error('VALUES_COLLISION', item, [...at, 'mountPath'], { message, hint })]
  })
}

function resolver(values: MapNode): ValuesError[] {
  const policy = child(values, 'dnsPolicy')
  if (policy === undefined || !is(policy, 'None')) return []
  if (items(child(child(values, 'dnsConfig'), 'nameservers')).length > 0) return []
  const message = '`dnsPolicy: None` needs `dnsConfig.nameservers`: nothing else says how names are resolved'
  return [error('VALUES_POD', policy, ['dnsPolicy'], { message, hint: 'Add one, or choose another policy.' })]
}

function strategy(values: MapNode): ValuesError[] {
  const strategy = child(values, 'updateStrategy')
  const rolling = child(strategy, 'rollingUpdate')
  if (rolling?.kind !== 'map') return []
  const path = ['updateStrategy', 'rollingUpdate']
  if (is(child(strategy, 'type'), 'Recreate')) {
    const message = '`updateStrategy.rollingUpdate` needs `type: RollingUpdate`'
    return [error('VALUES_POD', rolling, path, { message, hint: 'Remove one of the two.' })]
  }
  const isZero = (key: string): boolean => [0, '0%', '00%', '000%'].some((zero) => is(child(rolling, key), zero))
  if (!isZero('maxSurge') || !isZero('maxUnavailable')) return []
  const message = '`updateStrategy.rollingUpdate` has no Pod to begin with: `maxSurge` and `maxUnavailable` are both 0'
  return [error('VALUES_POD', rolling, path, { message, hint: 'Raise one of them.' })]
}

function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined
}

function error(
  code: 'VALUES_COLLISION' | 'VALUES_POD',
  node: YamlNode,
  path: ValuePath,
  { message, hint }: { readonly message: string; readonly hint: string },
): ValuesError {
  return new ValuesError(code, message, { at: node.at, path, hint })
}
