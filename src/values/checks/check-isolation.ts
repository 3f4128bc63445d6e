import { stableJson } from '../../lib/json.ts'
import { summarize } from '../../lib/text.ts'
import type { Cursor } from '../cursor.ts'
import { includesRepository } from '../repositories.ts'
import type { ValuesError } from '../values-error.ts'
import { toValue } from '../yaml/yaml-node.ts'
import { targetKey } from './check-domains.ts'
import { comparedEntries, instanceOf, isLimited, lastRole, repositoriesOf } from './registry-entry.ts'

/**
 * Finds unlimited entries whose credential may also pull repositories of another entry, which go to
 * other namespaces. The role has the rights for both entries. chart/templates/_limits.tpl finds the
 * same entries for the notes.
 */
export function checkIsolation(values: Cursor): ValuesError[] {
  const registries = comparedEntries(values)
  return registries.flatMap((registry) => {
    const instance = instanceOf(registry)
    if (isLimited(registry) || instance === undefined) return []
    const own = repositoriesOf(registry)
    const others = registries.filter(
      (other) =>
        instanceOf(other) === instance &&
        lastRole(other) === lastRole(registry) &&
        targetText(values, other) !== targetText(values, registry) &&
        !repositoriesOf(other).every((glob) => includesRepository(own, glob)),
    )
    if (others.length === 0) return []
    // The default list includes everything, so an entry with a warning has a list of its own.
    const place = registry.at('repositories')
    const named = others.map((other) => `\`${other.name}\` (line ${other.at('name').position.line})`)
    const message = `the credential of \`${registry.name}\` may also pull the \`repositories\` of ${summarize(named, 3)}, because these entries share a role`
    return [place.error('VALUES_NOT_ISOLATED', message, { at: place.keyPosition, hint: fixFor(values, registry) })]
  })
}

function targetText(values: Cursor, registry: Cursor): string {
  return (['include', 'exclude', 'selector'] as const)
    .map((key) => targetKey(values, registry, key).node)
    .map((node) => stableJson(node && toValue(node)))
    .join()
}

function fixFor(values: Cursor, registry: Cursor): string {
  if (registry.at('edition').value === 'personal') return 'Give each entry a role of its own in `assumeRole`.'
  const isDirect = values.at('identity', 'type').value !== 'rrsa' && lastRole(registry) === undefined
  const role = isDirect ? ', and the same role to assume in their `assumeRole`' : ''
  return `Write \`limit: repositories\` in each of these entries${role}. Without it, their \`repositories\` only decide what the role may pull.`
}
