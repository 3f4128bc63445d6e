import { ValuesError } from '../values-error.ts'
import { child, is, items, lookup, type MapNode, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'

/** Variables that the chart sets itself; the last one only with `caBundle`. */
const OWN_VARIABLES: readonly string[] = ['POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'POD_IP', 'NODE_NAME']
const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS'

/** What the API server refuses in the helper's Pod: those of chart/templates/_validation.tpl. */
export function checkPod(values: MapNode): ValuesError[] {
  return [
    ...variables(values),
    ...spreads(values),
    ...tolerations(values),
    ...requests(values),
    ...twice(values, 'hostAliases', 'ip'),
    ...twice(values, 'imagePullSecrets', 'name'),
    ...seccomp(values),
  ]
}

function variables(values: MapNode): ValuesError[] {
  const caBundle = child(values, 'caBundle')
  const hasBundle = caBundle?.kind === 'scalar' && caBundle.value !== '' && caBundle.value !== null
  const own = hasBundle ? [...OWN_VARIABLES, CA_VARIABLE] : OWN_VARIABLES
  const seen = new Set<string>()
  return items(child(values, 'extraEnv')).flatMap((item, index) => {
    const name = textOf(child(item, 'name'))
    if (name === undefined) return []
    const isOwn = own.includes(name)
    if (!isOwn && !seen.has(name)) {
      seen.add(name)
      return []
    }
    const why = isOwn ? 'is set by the chart itself' : 'is there twice'
    return [
      collision(item, ['extraEnv', index, 'name'], `the variable \`${name}\` in \`extraEnv\` ${why}`, 'Remove it.'),
    ]
  })
}

function spreads(values: MapNode): ValuesError[] {
  const seen = new Set<string>()
  return items(child(values, 'topologySpread')).flatMap((item, index) => {
    const [key, when] = [textOf(child(item, 'topologyKey')), textOf(child(item, 'whenUnsatisfiable'))]
    if (key === undefined || when === undefined) return []
    const both = `${key} with ${when}`
    if (!seen.has(both)) {
      seen.add(both)
      return []
    }
    const message = `\`topologySpread\` has two constraints for ${both}`
    return [collision(item, ['topologySpread', index], message, 'Remove one of the two.')]
  })
}

function tolerations(values: MapNode): ValuesError[] {
  return items(child(values, 'tolerations')).flatMap((item, index) => {
    const seconds = child(item, 'tolerationSeconds')
    if (seconds === undefined || is(seconds, null) || is(child(item, 'effect'), 'NoExecute')) return []
    const path = ['tolerations', index, 'tolerationSeconds']
    return [
      refused(seconds, path, '`tolerationSeconds` needs `effect: NoExecute`', 'Add the effect, or remove the seconds.'),
    ]
  })
}

function requests(values: MapNode): ValuesError[] {
  const resources = child(values, 'resources')
  const limits = child(resources, 'limits')
  const wanted = child(resources, 'requests')
  if (wanted?.kind !== 'map') return []
  return [...wanted.entries].flatMap(([resource, { value: request }]) => {
    const limit = child(limits, resource)
    const [amount, most] = [quantityOf(request), quantityOf(limit)]
    if (limit === undefined || amount === undefined || most === undefined || amount <= most) return []
    // Where the request is the chart's own, the limit is what the user wrote.
    const isOwn = request.origin === 'chart'
    const path = ['resources', isOwn ? 'limits' : 'requests', resource]
    const message = `\`resources.requests.${resource}\` (${shown(request)}) is above \`resources.limits.${resource}\` (${shown(limit)})`
    return [refused(isOwn ? limit : request, path, message, 'Raise the limit, or lower the request.')]
  })
}

/** Lists of a Pod whose entries are merged by this key when they are applied. */
function twice(values: MapNode, list: string, key: string): ValuesError[] {
  const seen = new Set<string>()
  return items(child(values, list)).flatMap((item, index) => {
    const value = textOf(child(item, key))
    if (value === undefined || !seen.has(value)) {
      if (value !== undefined) seen.add(value)
      return []
    }
    return [collision(item, [list, index, key], `\`${list}\` has ${value} twice`, 'Remove one of the two.')]
  })
}

function seccomp(values: MapNode): ValuesError[] {
  const path = ['podSecurityContext', 'seccompProfile']
  const profile = lookup(values, path)
  if (profile?.kind !== 'map') return []
  const file = child(profile, 'localhostProfile')
  const hasFile = file !== undefined && !is(file, null)
  const type = child(profile, 'type')
  const isLocal = type !== undefined && is(type, 'Localhost')
  if (type === undefined || isLocal === hasFile) return []
  return isLocal
    ? [refused(type, [...path, 'type'], '`type: Localhost` needs `localhostProfile`', 'Add the file of the profile.')]
    : [
        refused(
          file ?? type,
          [...path, 'localhostProfile'],
          '`localhostProfile` needs `type: Localhost`',
          'Write that type, or remove the file.',
        ),
      ]
}

const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

function quantityOf(node: YamlNode | undefined): number | undefined {
  if (node?.kind !== 'scalar' || node.value === null) return undefined
  const [, digits, unit = ''] = /^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(node.value)) ?? []
  return digits === undefined ? undefined : Number(digits) * (FACTORS[unit] ?? 1)
}

const shown = (node: YamlNode): string => (node.kind === 'scalar' ? String(node.value) : '')

function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined
}

function collision(node: YamlNode, path: ValuePath, message: string, hint: string): ValuesError {
  return new ValuesError('VALUES_COLLISION', message, { at: node.at, path, hint })
}

function refused(node: YamlNode, path: ValuePath, message: string, hint: string): ValuesError {
  return new ValuesError('VALUES_POD', message, { at: node.at, path, hint })
}
