import { matchesGlobs } from '../glob.ts'
import { placeOf } from '../schema/schema-problem.ts'
import { ValuesError } from '../values-error.ts'
import {
  child,
  formatPath,
  is,
  items,
  lookup,
  type MapNode,
  text,
  texts,
  type ValuePath,
  type YamlNode,
} from '../yaml/yaml-node.ts'

/** `scope: namespaces` with globs or selectors, and patterns that never match or exclude everything. */
export function checkTargets(values: MapNode): ValuesError[] {
  const registries = items(child(values, 'registries'))
  const own = registries.map((_, index): ValuePath => ['registries', index, 'targets', 'namespaces'])
  const namespaces: ValuePath[] = [['targets', 'namespaces'], ...own]
  const isListed = is(child(values, 'scope'), 'namespaces')
  return [
    ...namespaces.flatMap((path) => (isListed ? scopeErrors(values, path, registries.length) : [])),
    ...namespaces.flatMap((path) => globErrors(values, path)),
    ...globErrors(values, ['targets', 'serviceAccounts']),
  ]
}

function scopeErrors(values: MapNode, path: ValuePath, registries: number): ValuesError[] {
  // Global targets that every registry replaces are not used.
  const isGlobal = path[0] === 'targets'
  const replaced = (key: string): boolean =>
    isGlobal &&
    registries > 0 &&
    Array.from({ length: registries }, (_, index) =>
      lookup(values, ['registries', index, 'targets', 'namespaces', key]),
    ).every((node) => node !== undefined)
  const globs = replaced('include') ? [] : items(lookup(values, [...path, 'include']))
  const errors = globs.flatMap((glob, index) => {
    const value = text(glob)
    if (!value?.includes('*')) return []
    const here = [...path, 'include', index]
    const isDefault = glob.origin === 'chart'
    const what = `${isDefault ? 'the default ' : ''}\`${formatPath(here)}\` is the glob "${value}"`
    const message = `\`scope: namespaces\` gives rights in listed namespaces only, and ${what}`
    const at = isDefault ? placeOf(values, ['scope']) : glob.at
    const expected = 'plain names of namespaces that exist'
    const hint = `List the names in \`${formatPath([...path, 'include'])}\`, or take \`scope: cluster\`.`
    return [new ValuesError('VALUES_SCOPE', message, { at, path: here, value, expected, hint })]
  })
  const selector = replaced('selector') ? undefined : lookup(values, [...path, 'selector'])
  if (selector?.kind !== 'map' || selector.entries.size === 0) return errors
  const here = [...path, 'selector']
  const message = `\`scope: namespaces\` reads no labels of namespaces, so \`${formatPath(here)}\` cannot work`
  const hint = 'Remove the selector and list the namespaces by name, or take `scope: cluster`.'
  const details = { at: placeOf(values, here), path: here, expected: 'no selector', hint }
  return [...errors, new ValuesError('VALUES_SCOPE', message, details)]
}

function globErrors(values: MapNode, path: ValuePath): ValuesError[] {
  const include = lookup(values, [...path, 'include'])
  const kind = path.at(-1) === 'serviceAccounts' ? 'ServiceAccount' : 'namespace'
  // A registry that replaces only one of the two lists takes the other from the global targets.
  const excludePath =
    lookup(values, [...path, 'exclude']) === undefined ? ['targets', 'namespaces', 'exclude'] : [...path, 'exclude']
  const excluded = texts(lookup(values, excludePath))
  const own = include?.origin === 'chart' || include === undefined ? lookup(values, [...path, 'exclude']) : undefined
  if (kind === 'namespace' && include?.kind === 'list' && include.items.length === 0) {
    const why = 'an empty list includes no namespace, so nothing is ever pulled with it'
    const hint = 'List names or globs, or remove the key to take the default.'
    return [globError([...path, 'include'], include, why, hint)]
  }
  const all = items(own).findIndex((glob) => is(glob, '*'))
  const node = items(own)[all]
  if (node !== undefined) {
    const hint = 'Remove it; `exclude` wins over `include`.'
    return [globError([...path, 'exclude', all], node, `"*" excludes every ${kind}`, hint)]
  }
  if (include?.origin === 'chart') return []
  return items(include).flatMap((glob, index) => {
    const name = text(glob)
    if (name === undefined || !matchesGlobs(excluded, name)) return []
    const by = excluded.find((each) => matchesGlobs([each], name))
    const why = `"${name}" can never fit: "${by}" of \`${formatPath(excludePath)}\` excludes it`
    return [globError([...path, 'include', index], glob, why, 'Remove one of the two; `exclude` wins over `include`.')]
  })
}

function globError(path: ValuePath, node: YamlNode, why: string, hint: string): ValuesError {
  const value = text(node)
  return new ValuesError('VALUES_GLOB', `\`${formatPath(path)}\`: ${why}`, { at: node.at, path, value, hint })
}
