import { refused, type ValuesError } from '../values-error.ts'
import { child, type MapNode, type YamlNode } from '../yaml/yaml-node.ts'

/** Amounts that the API server refuses in the helper's requests and limits. */
export function checkResources(values: MapNode): ValuesError[] {
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
