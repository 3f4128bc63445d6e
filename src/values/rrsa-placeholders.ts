import { mergeFiles } from './merge.ts'
import { child, is, type MapNode, type YamlNode } from './yaml/yaml-node.ts'

const PLACEHOLDERS = {
  roleArn: 'acs:ram::1234567890123456:role/computed-later',
  oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/computed-later',
}

/** With `identity.type: rrsa`, ARNs where there are none: the action computes them when the cluster's turn comes. */
export function withRrsaPlaceholders(values: MapNode): MapNode {
  const identity = child(values, 'identity')
  if (identity === undefined || !is(child(identity, 'type'), 'rrsa')) return values
  const rrsa = child(identity, 'rrsa')
  const missing = Object.entries(PLACEHOLDERS).filter(([key]) => {
    const given = child(rrsa, key)
    return given === undefined || is(given, null)
  })
  const computed = (entries: readonly (readonly [string, YamlNode])[]): MapNode => ({
    kind: 'map',
    entries: new Map(entries.map(([key, value]) => [key, { keyAt: identity.at, value }])),
    at: identity.at,
    origin: 'computed',
  })
  const arns = missing.map(([key, value]) => {
    return [key, { kind: 'scalar', value, at: identity.at, origin: 'computed' }] as const
  })
  return mergeFiles(values, computed([['identity', computed([['rrsa', computed(arns)]])]]))
}
