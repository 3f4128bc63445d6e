import { nearest } from '../schema/nearest.ts'
import { ValuesError } from '../values-error.ts'
import {
  child,
  formatPath,
  items,
  lookup,
  type MapNode,
  type Position,
  text,
  type ValuePath,
} from '../yaml/yaml-node.ts'
import { REGIONS } from './regions.ts'

/** Regions that do not exist. Not checked with `endpoints`, because another cloud has other regions. */
export function checkRegions(values: MapNode): ValuesError[] {
  if (text(child(child(values, 'endpoints'), 'cr')) !== undefined) return []
  const registries = items(child(values, 'registries')).map((_, index): ValuePath => ['registries', index, 'region'])
  return [['region'], ...registries].flatMap((path) => {
    const node = lookup(values, path)
    const region = text(node)
    // What has not even the form of a region is the schema's to refuse.
    if (node === undefined || region === undefined || !/^[a-z]+(-[a-z0-9]+)+$/.test(region)) return []
    return regionError(region, { at: node.at, path, otherwise: '`endpoints.cr`' })
  })
}

/** An error when the region does not exist; none when it does. */
export function regionError(
  region: string,
  where: { readonly at: Position; readonly path: ValuePath; readonly otherwise: string },
): ValuesError[] {
  if (REGIONS.includes(region)) return []
  const { at, path, otherwise } = where
  const meant = nearest(region, REGIONS)
  const fix = meant === undefined ? 'Write the id of a region, such as cn-hangzhou.' : `Did you mean ${meant}?`
  return [
    new ValuesError('VALUES_REGION', `\`${formatPath(path)}\` is "${region}": Alibaba Cloud has no such region`, {
      at,
      path,
      value: region,
      expected: `a region, such as ${meant ?? 'cn-hangzhou'}`,
      hint: `${fix} For a cloud with regions of its own set ${otherwise}.`,
    }),
  ]
}
