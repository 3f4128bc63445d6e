import { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'
import type { MapNode } from '../yaml/yaml-node.ts'
import { checkCollisions } from './check-collisions.ts'
import { checkDomains } from './check-domains.ts'
import { checkIsolation } from './check-isolation.ts'
import { checkLimits } from './check-limits.ts'
import { checkMonitors } from './check-monitors.ts'
import { checkNode } from './check-node.ts'
import { checkNulls } from './check-nulls.ts'
import { checkPod } from './check-pod.ts'
import { checkRegions } from './check-regions.ts'
import { checkRegistries } from './check-registries.ts'
import { checkSecretName, checkSecrets } from './check-secrets.ts'
import { checkTargets } from './check-targets.ts'

/**
 * Runs the checks that the schema cannot express, on values that Helm accepts (codes `VALUES_*`).
 * Each check ignores a value of the wrong type, so that the rest of a broken file is checked too.
 *
 * @param values the merged values, defaults included
 * @param given the user's merged values, without defaults
 */
export function checkValues(values: MapNode, given: MapNode): ValuesError[] {
  const all = new Cursor(values)
  const own = new Cursor(given)
  return [
    ...checkRegistries(all.at('registries').items),
    ...checkDomains(all),
    ...checkLimits(all),
    ...checkRegions(all),
    ...checkIdentity(all.at('identity')),
    ...checkTargets(all),
    ...checkSecretName(all),
    ...checkCollisions(all),
    ...checkPod(all),
    ...checkMonitors(all.at('metrics')),
    ...checkNode(all),
    ...checkNulls(all, own),
    ...checkSecrets(own),
  ]
}

/** Finds settings that are probably mistakes, but are not errors. */
export function suspectValues(values: MapNode): ValuesError[] {
  return checkIsolation(new Cursor(values))
}

const BLOCKS: ReadonlyMap<string, string> = new Map([
  ['rrsa', 'rrsa'],
  ['workerRole', 'worker-role'],
  ['accessKey', 'access-key'],
])

/**
 * Finds blocks of identities other than the configured type. They have no effect, because the
 * helper uses exactly the configured type.
 */
function checkIdentity(identity: Cursor): ValuesError[] {
  const type = identity.at('type').text
  if (type === undefined || ![...BLOCKS.values()].includes(type)) return []
  return identity.members.flatMap((block) => {
    const owner = BLOCKS.get(block.key)
    if (owner === undefined || owner === type || block.isDefault) return []
    const message = `\`${block.name}\` has no effect with \`type: ${type}\``
    const expected = `\`${block.key}\` only with \`type: ${owner}\``
    const hint = `Remove \`${block.key}\`, or write \`type: ${owner}\`.`
    return [block.error('VALUES_NO_EFFECT', message, { at: block.keyPosition, expected, hint })]
  })
}
