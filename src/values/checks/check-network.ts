import { BlockList, isIP } from 'node:net'
import { refused, type ValuesError } from '../values-error.ts'
import { child, is, items, type MapNode, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'

/** What the API server refuses in the helper's NetworkPolicy: those of chart/templates/_validation.tpl. */
export function checkNetwork(values: MapNode): ValuesError[] {
  const policy = child(values, 'networkPolicy')
  if (!is(child(policy, 'enabled'), true)) return []
  const rules = items(child(policy, 'egress'))
  return [
    ...peers(child(policy, 'metricsFrom'), ['networkPolicy', 'metricsFrom']),
    ...rules.flatMap((rule, index) => {
      const path = ['networkPolicy', 'egress', index]
      return [...peers(child(rule, 'to'), [...path, 'to']), ...ports(child(rule, 'ports'), [...path, 'ports'])]
    }),
  ]
}

function peers(list: YamlNode | undefined, path: ValuePath): ValuesError[] {
  return items(list).flatMap((peer, index) => {
    if (peer.kind !== 'map') return []
    const outside = exceptions(child(peer, 'ipBlock'), [...path, index, 'ipBlock'])
    if (outside.length > 0) return outside
    const count = peer.entries.size
    if (count > 0 && (count === 1 || !peer.entries.has('ipBlock'))) return []
    const what = count === 0 ? 'is empty' : 'has `ipBlock` together with a selector'
    const hint = count === 0 ? 'Write a selector or an `ipBlock`, or remove it.' : 'Write two peers, one of each.'
    return [refused(peer, [...path, index], `a peer of a NetworkPolicy ${what}`, hint)]
  })
}

/** Templates cannot compare ranges: with Helm alone the API server reports it. */
function exceptions(block: YamlNode | undefined, path: ValuePath): ValuesError[] {
  const whole = rangeOf(child(block, 'cidr'))
  if (whole === undefined) return []
  const inside = new BlockList()
  inside.addSubnet(whole.address, whole.prefix, whole.family)
  return items(child(block, 'except')).flatMap((item, index) => {
    const part = rangeOf(item)
    if (part === undefined) return []
    const isPart = part.prefix > whole.prefix && inside.check(part.address, part.family)
    if (isPart && part.family === whole.family) return []
    const message = 'what `except` excludes is not a part of `cidr`'
    return [refused(item, [...path, 'except', index], message, 'Write a smaller range inside `cidr`, or remove it.')]
  })
}

interface Range {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

function rangeOf(node: YamlNode | undefined): Range | undefined {
  const [address = '', prefix] = node?.kind === 'scalar' ? String(node.value).split('/') : []
  const version = isIP(address)
  const length = Number(prefix)
  if (version === 0 || prefix === undefined || !(length >= 0 && length <= (version === 4 ? 32 : 128))) return undefined
  return { address, prefix: length, family: version === 4 ? 'ipv4' : 'ipv6' }
}

function ports(list: YamlNode | undefined, path: ValuePath): ValuesError[] {
  return items(list).flatMap((item, index) => {
    const [first, last] = ['port', 'endPort'].map((key) => child(item, key))
    if (last?.kind !== 'scalar' || typeof last.value !== 'number') return []
    const from = first?.kind === 'scalar' ? first.value : undefined
    if (typeof from === 'number' && last.value >= from) return []
    const message = '`endPort` needs a number as `port` that is not above it'
    return [refused(last, [...path, index, 'endPort'], message, 'Correct one of the two.')]
  })
}
