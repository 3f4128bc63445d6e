import { collision, refused, type ValuesError } from '../values-error.ts'
import {
  child,
  is,
  items,
  lookup,
  type MapNode,
  text,
  texts,
  type ValuePath,
  type YamlNode,
} from '../yaml/yaml-node.ts'

/** Variables that the chart sets itself; the last one only with `caBundle`. */
const OWN_VARIABLES: readonly string[] = ['POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'POD_IP', 'NODE_NAME']
const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS'

/** What the API server refuses in the helper's Pod: those of chart/templates/_validation.tpl. */
export function checkPod(values: MapNode): ValuesError[] {
  return [
    ...variables(values),
    ...spreads(values),
    ...affinities(values),
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
    const name = text(child(item, 'name'))
    if (name === undefined) return []
    if (name === 'NODE_TLS_REJECT_UNAUTHORIZED') {
      const message = `the variable \`${name}\` in \`extraEnv\` can switch off the verification of certificates`
      const hint = 'Remove it; `caBundle` adds authorities to trust.'
      return [collision(item, ['extraEnv', index, 'name'], message, hint)]
    }
    const value = text(child(item, 'value'))
    const source = child(item, 'valueFrom')
    if (value !== undefined && value !== '' && source !== undefined) {
      const message = `the variable \`${name}\` in \`extraEnv\` has both \`value\` and \`valueFrom\``
      return [refused(source, ['extraEnv', index, 'valueFrom'], message, 'Keep one of the two.')]
    }
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
    const [key, when] = [text(child(item, 'topologyKey')), text(child(item, 'whenUnsatisfiable'))]
    if (key === undefined || when === undefined) return []
    const both = `${key} with ${when}`
    const twice = seen.has(both)
    seen.add(both)
    const message = `\`topologySpread\` has two constraints for ${both}`
    return [
      ...(twice ? [collision(item, ['topologySpread', index], message, 'Remove one of the two.')] : []),
      ...domains(item, ['topologySpread', index]),
      ...matchedTwice(item, ['topologySpread', index]),
    ]
  })
}

function domains(item: YamlNode, path: ValuePath): ValuesError[] {
  const least = child(item, 'minDomains')
  if (least === undefined || !is(child(item, 'whenUnsatisfiable'), 'ScheduleAnyway')) return []
  const message = '`minDomains` needs `whenUnsatisfiable: DoNotSchedule`'
  return [refused(least, [...path, 'minDomains'], message, 'Write that, or remove `minDomains`.')]
}

/** The chart's own selector, for a constraint without one. */
const OWN_SELECTOR: readonly string[] = ['app.kubernetes.io/name', 'app.kubernetes.io/instance']

/** Kubernetes before 1.34 refuses a label that is selected by its value and by `matchLabelKeys`; after that it is without sense. */
function matchedTwice(item: YamlNode, path: ValuePath): ValuesError[] {
  const selector = child(item, 'labelSelector')
  const labels = child(selector, 'matchLabels')
  const selected =
    selector === undefined
      ? OWN_SELECTOR
      : [
          ...(labels?.kind === 'map' ? labels.entries.keys() : []),
          ...items(child(selector, 'matchExpressions')).flatMap((one) => text(child(one, 'key')) ?? []),
        ]
  return items(child(item, 'matchLabelKeys')).flatMap((key, index) => {
    const label = text(key)
    if (label === undefined || !selected.includes(label)) return []
    const message = `\`matchLabelKeys\` names ${label}, which \`labelSelector\` has too`
    return [refused(key, [...path, 'matchLabelKeys', index], message, 'Remove it in one of the two.')]
  })
}

/** A label that is to be equal and to differ in one term of an affinity. */
function affinities(values: MapNode): ValuesError[] {
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
    const path = ['affinity', kind]
    const affinity = lookup(values, path)
    const required = 'requiredDuringSchedulingIgnoredDuringExecution'
    const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
    return [
      ...items(child(affinity, required)).flatMap((term, index) => keysTwice(term, [...path, required, index])),
      ...items(child(affinity, preferred)).flatMap((item, index) =>
        keysTwice(child(item, 'podAffinityTerm'), [...path, preferred, index, 'podAffinityTerm']),
      ),
    ]
  })
}

function keysTwice(term: YamlNode | undefined, path: ValuePath): ValuesError[] {
  const equal = texts(child(term, 'matchLabelKeys'))
  return items(child(term, 'mismatchLabelKeys')).flatMap((key, index) => {
    const label = text(key)
    if (label === undefined || !equal.includes(label)) return []
    const message = `\`mismatchLabelKeys\` names ${label}, which \`matchLabelKeys\` has too`
    return [refused(key, [...path, 'mismatchLabelKeys', index], message, 'Remove it in one of the two.')]
  })
}

function tolerations(values: MapNode): ValuesError[] {
  return items(child(values, 'tolerations')).flatMap((item, index) => {
    if (item.kind !== 'map') return []
    const path = ['tolerations', index]
    const [seconds, value] = [child(item, 'tolerationSeconds'), child(item, 'value')]
    const exists = is(child(item, 'operator'), 'Exists')
    const hasKey = (text(child(item, 'key')) ?? '') !== ''
    const isTimed = seconds !== undefined && !is(seconds, null)
    return [
      ...(isTimed && !is(child(item, 'effect'), 'NoExecute')
        ? [
            refused(
              seconds,
              [...path, 'tolerationSeconds'],
              '`tolerationSeconds` needs `effect: NoExecute`',
              'Add the effect, or remove the seconds.',
            ),
          ]
        : []),
      ...(exists && value !== undefined && (text(value) ?? '') !== ''
        ? [
            refused(
              value,
              [...path, 'value'],
              '`operator: Exists` has no `value`',
              'Remove the value, or write `operator: Equal`.',
            ),
          ]
        : []),
      ...(!exists && !hasKey
        ? [
            refused(
              item,
              [...path, 'key'],
              'a toleration without `key` needs `operator: Exists`',
              'Add the key of the taint, or the operator for all taints.',
            ),
          ]
        : []),
    ]
  })
}

function requests(values: MapNode): ValuesError[] {
  const resources = child(values, 'resources')
  const limits = child(resources, 'limits')
  const wanted = child(resources, 'requests')
  return [
    ...(limits?.kind === 'map' ? parts('limits', limits) : []),
    ...(wanted?.kind === 'map' ? [...parts('requests', wanted), ...aboveLimits(wanted, limits)] : []),
  ]
}

/** A device or the like: of a vendor's domain, not of Kubernetes' own. */
const isExtended = (resource: string): boolean => resource.includes('/') && !resource.includes('kubernetes.io/')

function parts(which: string, amounts: MapNode): ValuesError[] {
  return [...amounts.entries].flatMap(([resource, { value }]) => {
    const amount = quantityOf(value)
    if (!isExtended(resource) || amount === undefined || Number.isInteger(amount)) return []
    const path = ['resources', which, resource]
    return [refused(value, path, `${resource} is counted in whole numbers`, 'Write a whole number.')]
  })
}

function aboveLimits(wanted: MapNode, limits: YamlNode | undefined): ValuesError[] {
  return [...wanted.entries].flatMap(([resource, { value: request }]) => {
    const limit = child(limits, resource)
    if (isExtended(resource) && quantityOf(limit) !== quantityOf(request)) {
      const path = ['resources', 'requests', resource]
      const message = `the request and the limit of ${resource} must be equal`
      return [refused(request, path, message, 'Write the same amount in both, or the limit alone.')]
    }
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
    const value = text(child(item, key))
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
  if (isLocal === hasFile) return []
  return isLocal
    ? [refused(type, [...path, 'type'], '`type: Localhost` needs `localhostProfile`', 'Add the file of the profile.')]
    : [
        refused(
          file ?? profile,
          [...path, 'localhostProfile'],
          '`localhostProfile` needs `type: Localhost`',
          'Write that type, or remove the file.',
        ),
      ]
}

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

function quantityOf(node: YamlNode | undefined): number | undefined {
  if (node?.kind !== 'scalar' || node.value === null) return undefined
  const form = /^\+?((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?$/
  const [, digits, unit = ''] = form.exec(String(node.value)) ?? []
  return digits === undefined ? undefined : Number(digits) * (FACTORS[unit] ?? 1)
}

const shown = (node: YamlNode): string => (node.kind === 'scalar' ? String(node.value) : '')
