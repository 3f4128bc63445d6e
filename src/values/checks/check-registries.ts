import type { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'

// By edition: keys without effect, which the helper would silently ignore.
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

/** Finds duplicate names, and keys of another edition. */
export function checkRegistries(registries: readonly Cursor[]): ValuesError[] {
  return [
    ...repeatedNames(registries, 'VALUES_NAME_TWICE', 'registries'),
    ...registries.flatMap(idleKeys),
    ...registries.flatMap(idleRepositories),
  ]
}

/** Returns an error for each entry of a list that has the name of an earlier entry. */
export function repeatedNames(
  entries: readonly Cursor[],
  code: 'VALUES_NAME_TWICE' | 'CLUSTERS_NAME_TWICE',
  what: string,
): ValuesError[] {
  const names = entries.map((entry) => entry.at('name'))
  return names.flatMap((name, index) => {
    const { text: value } = name
    const first = names.slice(0, index).find((other) => other.text === value)
    if (value === undefined || first === undefined) return []
    const message = `two ${what} are named "${name.shown}", the first in line ${first.position.line}`
    return [name.error(code, message, { value: name.shown })]
  })
}

function idleKeys(registry: Cursor): ValuesError[] {
  const edition = registry.at('edition').text ?? ''
  return (Object.hasOwn(IDLE, edition) ? (IDLE[edition] ?? []) : []).flatMap((key) => {
    const given = registry.at(key)
    // The schema already refuses an instance of the new Personal Edition, with its fix.
    if (given.node === undefined || given.value === null || given.text?.startsWith('crpi-')) return []
    const home = Object.keys(IDLE)
      .filter((other) => !IDLE[other]?.includes(key))
      .join(' or ')
    const message = `\`${given.name}\` has no effect with \`edition: ${edition}\``
    const expected = `\`${key}\` only with edition ${home}`
    const hint = `Remove \`${key}\`, or change \`edition\` to ${home}.`
    return [given.error('VALUES_NO_EFFECT', message, { at: given.keyPosition, expected, hint })]
  })
}

function idleRepositories(registry: Cursor): ValuesError[] {
  const list = registry.at('repositories')
  const all = list.items.find(({ value }) => value === '*')
  if (all === undefined || list.items.length === 1) return []
  const message = `\`*\` allows every repository, so the others in \`${list.name}\` have no effect`
  const hint = 'Remove `*` to allow only the others, or remove the others.'
  return [all.error('VALUES_NO_EFFECT', message, { value: '*', hint })]
}
