import { ValuesError } from '../values-error.ts'
import { child, is, items, type MapNode, text, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'

// Keys without meaning for an edition: the helper would silently ignore them.
const IDLE: Readonly<Record<string, readonly string[]>> = {
  enterprise: ['existingSecret'],
  personal: ['instanceId', 'instanceName', 'expiresInHours', 'existingSecret'],
  static: [
    'instanceId',
    'instanceName',
    'region',
    'network',
    'apiNetwork',
    'repositories',
    'expiresInHours',
    'assumeRole',
  ],
}

/** Duplicate names, and keys of another edition. */
export function checkRegistries(values: MapNode): ValuesError[] {
  const registries = items(child(values, 'registries'))
  return [
    ...repeatedNames(registries, ['registries'], 'VALUES_NAME_TWICE', 'registries'),
    ...registries.flatMap(idleKeys),
    ...registries.flatMap(idleRepositories),
  ]
}

/** Entries of the list at `path` that have the name of an earlier one. */
export function repeatedNames(
  entries: readonly YamlNode[],
  path: ValuePath,
  code: 'VALUES_NAME_TWICE' | 'CLUSTERS_NAME_TWICE',
  what: string,
): ValuesError[] {
  const first = new Map<string, YamlNode>()
  return entries.flatMap((entry, index) => {
    const node = child(entry, 'name')
    const name = text(node)
    if (node === undefined || name === undefined) return []
    const earlier = first.get(name)
    if (earlier === undefined) {
      first.set(name, node)
      return []
    }
    const message = `two ${what} are named "${name}", the first in line ${earlier.at.line}`
    return [new ValuesError(code, message, { at: node.at, path: [...path, index, 'name'], value: name })]
  })
}

function idleKeys(registry: YamlNode, index: number): ValuesError[] {
  const edition = text(child(registry, 'edition')) ?? ''
  const entries = registry.kind === 'map' ? registry.entries : new Map()
  return (Object.hasOwn(IDLE, edition) ? (IDLE[edition] ?? []) : []).flatMap((key) => {
    const entry = entries.get(key)
    if (entry === undefined || is(entry.value, null)) return []
    // The schema refuses it, and says what to do.
    if (text(entry.value)?.startsWith('crpi-')) return []
    const home = Object.keys(IDLE)
      .filter((other) => !IDLE[other]?.includes(key))
      .join(' or ')
    const message = `\`registries[${index}].${key}\` has no effect with \`edition: ${edition}\``
    const expected = `\`${key}\` only with edition ${home}`
    const hint = `Remove \`${key}\`, or change \`edition\` to ${home}.`
    const path = ['registries', index, key]
    return [new ValuesError('VALUES_NO_EFFECT', message, { at: entry.keyAt, path, expected, hint })]
  })
}

function idleRepositories(registry: YamlNode, index: number): ValuesError[] {
  const globs = items(child(registry, 'repositories'))
  const all = globs.findIndex((glob) => is(glob, '*'))
  const node = globs[all]
  if (node === undefined || globs.length === 1) return []
  const message = `\`*\` allows every repository, so the others in \`registries[${index}].repositories\` have no effect`
  const path = ['registries', index, 'repositories', all]
  const hint = 'Remove `*` to allow only the others, or remove the others.'
  return [new ValuesError('VALUES_NO_EFFECT', message, { at: node.at, path, value: '*', hint })]
}
