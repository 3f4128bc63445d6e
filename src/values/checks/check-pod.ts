import { collision, refused, type ValuesError } from '../values-error.ts'
import { child, is, items, lookup, type MapNode, text, type YamlNode } from '../yaml/yaml-node.ts'
import { checkScheduling } from './check-scheduling.ts'

/** Variables that the chart sets itself; the last one only with `caBundle`. */
const OWN_VARIABLES: readonly string[] = ['POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'POD_IP', 'NODE_NAME']
const CA_VARIABLE = 'NODE_EXTRA_CA_CERTS'

/** What the API server refuses in the helper's Pod: those of chart/templates/_validation.tpl. */
export function checkPod(values: MapNode): ValuesError[] {
  return [
    ...variables(values),
    ...checkScheduling(values),
    ...checkResources(values),
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
  const [file, type] = [child(profile, 'localhostProfile'), child(profile, 'type')]
  const hasFile = file !== undefined && !is(file, null)
  if (type !== undefined && is(type, 'Localhost') && !hasFile) {
    const message = '`type: Localhost` needs `localhostProfile`'
    return [refused(type, [...path, 'type'], message, 'Add the file of the profile.')]
  }
  if (is(type, 'Localhost') || !hasFile) return []
  const message = '`localhostProfile` needs `type: Localhost`'
  return [refused(file, [...path, 'localhostProfile'], message, 'Write that type, or remove the file.')]
}

/** Amounts that the API server refuses in the helper's requests and limits. */
function checkResources(values: MapNode): ValuesError[] {
  const resources = child(values, 'resources')
  const limits = child(resources, 'limits')
  const requests = child(resources, 'requests')
  return [
    ...(limits?.kind === 'map' ? parts('limits', limits) : []),
    ...(requests?.kind === 'map' ? [...parts('requests', requests), ...aboveLimits(requests, limits)] : []),
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
