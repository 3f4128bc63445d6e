import { nearest } from '../schema/nearest.ts'
import { ValuesError } from '../values-error.ts'
import {
  child,
  formatPath,
  items,
  lookup,
  type MapNode,
  text,
  type ValuePath,
  type YamlNode,
} from '../yaml/yaml-node.ts'
import { REGIONS } from './regions.ts'

/** Regions that do not exist. Not checked with `endpoints`, because another cloud has other regions. */
export function checkRegions(values: MapNode): ValuesError[] {
  if (text(child(child(values, 'endpoints'), 'cr')) !== undefined) return []
  const registries = items(child(values, 'registries')).map((_, index): ValuePath => ['registries', index, 'region'])
  return [['region'], ...registries].flatMap((path) => regionErrors(values, path, '`endpoints.cr`'))
}

/** An error when the region at `path` does not exist. */
export function regionErrors(root: YamlNode, path: ValuePath, otherwise: string): ValuesError[] {
  const node = lookup(root, path)
  const region = text(node)
  // What has not even the form of a region is the schema's to refuse.
  if (node === undefined || region === undefined || !/^[a-z]+(-[a-z0-9]+)+$/.test(region)) return []
  if (REGIONS.includes(region)) return []
  const meant = nearest(region, REGIONS)
  const fix = meant === undefined ? 'Write the id of a region, such as cn-hangzhou.' : `Did you mean ${meant}?`
  const message = `\`${formatPath(path)}\` is "${region}": Alibaba Cloud has no such region`
  const expected = `a region, such as ${meant ?? 'cn-hangzhou'}`
  const hint = `${fix} For a cloud with regions of its own set ${otherwise}.`
  return [new ValuesError('VALUES_REGION', message, { at: node.at, path, value: region, expected, hint })]
}
