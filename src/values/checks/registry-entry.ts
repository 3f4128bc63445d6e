import schema from '../../../chart/values.schema.json' with { type: 'json' }
import type { Cursor } from '../cursor.ts'
import { familyOf as familyOfKeys } from '../limited-entries.ts'

const DURATION = schema.definitions.AssumeRole.properties.durationSeconds.default

/**
 * Returns the entries that are compared with each other. Empty for a list that is refused for its
 * length, because thousands of entries would take minutes.
 */
export function comparedEntries(values: Cursor): readonly Cursor[] {
  const { items } = values.at('registries')
  return items.length > schema.properties.registries.maxItems ? [] : items
}

/**
 * Returns the same text for entries of one instance, as far as the values show it. Undefined for a
 * static login, and for an entry without an instance.
 */
export function instanceOf(registry: Cursor): string | undefined {
  const [edition, region] = [registry.at('edition').text, registry.at('region').text]
  const [id, name] = [registry.at('instanceId').text, registry.at('instanceName').text]
  if (edition === 'personal') return JSON.stringify([edition, region])
  if (edition !== 'enterprise' || (id === undefined && name === undefined)) return undefined
  return JSON.stringify([edition, region, id === undefined ? { name } : id])
}

/**
 * Returns the same text for entries of one instance with the same chain of roles. Undefined for an
 * entry without an instance.
 */
export function familyOf(registry: Cursor): string | undefined {
  if (instanceOf(registry) === undefined) return undefined
  const textsOf = <Key extends string>(place: Cursor, keys: readonly Key[]) =>
    Object.fromEntries(keys.map((key) => [key, place.at(key).text])) as Record<Key, string | undefined>
  const assumeRole = registry.at('assumeRole').items.map((step) => {
    const durationSeconds = step.at('durationSeconds').value ?? DURATION
    return { ...textsOf(step, ['roleArn', 'externalId']), durationSeconds }
  })
  return familyOfKeys({ ...textsOf(registry, ['edition', 'instanceId', 'instanceName', 'region']), assumeRole })
}

/** Returns the role whose rights the credential has. Undefined: the role of `identity`. */
export function lastRole(registry: Cursor): string | undefined {
  return registry.at('assumeRole').items.at(-1)?.at('roleArn').text
}

export function isLimited(registry: Cursor): boolean {
  return registry.at('limit').value === 'repositories'
}

/** Returns what the entry may pull, as the helper reads it. */
export function repositoriesOf(registry: Cursor): readonly string[] {
  const list = registry.at('repositories')
  return list.node === undefined ? schema.definitions.Registry.properties.repositories.default : list.texts
}
