import { ValuesError } from '../values-error.ts'
import { child, type MapNode, text } from '../yaml/yaml-node.ts'
import { checkCollisions } from './check-collisions.ts'
import { checkDomains } from './check-domains.ts'
import { checkMonitors } from './check-monitors.ts'
import { checkNetwork } from './check-network.ts'
import { checkNulls } from './check-nulls.ts'
import { checkPod } from './check-pod.ts'
import { checkRegions } from './check-regions.ts'
import { checkRegistries } from './check-registries.ts'
import { checkSecretName, checkSecrets } from './check-secrets.ts'
import { checkTargets } from './check-targets.ts'
import { checkVolumes } from './check-volumes.ts'

/**
 * Checks beyond the schema (codes `VALUES_*`), of values that Helm accepts. Each check ignores what has the wrong shape, so that
 * the rest of a broken file is checked too.
 *
 * @param values the merged values, defaults included
 * @param given the user's merged values, without defaults
 */
export function checkValues(values: MapNode, given: MapNode): ValuesError[] {
  return [
    ...checkRegistries(values),
    ...checkDomains(values),
    ...checkRegions(values),
    ...checkIdentity(values),
    ...checkTargets(values),
    ...checkSecretName(values),
    ...checkCollisions(values),
    ...checkPod(values),
    ...checkVolumes(values),
    ...checkNetwork(values),
    ...checkMonitors(values),
    ...checkNulls(values, given),
    ...checkSecrets(given),
  ]
}

const BLOCKS: ReadonlyMap<string, string> = new Map([
  ['rrsa', 'rrsa'],
  ['workerRole', 'worker-role'],
  ['accessKey', 'access-key'],
])

/** Blocks of an identity that is not the one in use: exactly the configured identity is used. */
function checkIdentity(values: MapNode): ValuesError[] {
  const identity = child(values, 'identity')
  const type = text(child(identity, 'type'))
  if (identity?.kind !== 'map' || type === undefined || ![...BLOCKS.values()].includes(type)) return []
  return [...identity.entries].flatMap(([key, { keyAt, value }]) => {
    const owner = BLOCKS.get(key)
    if (owner === undefined || owner === type || value.origin === 'chart') return []
    const message = `\`identity.${key}\` has no effect with \`type: ${type}\``
    const expected = `\`${key}\` only with \`type: ${owner}\``
    const hint = `Remove \`${key}\`, or write \`type: ${owner}\`.`
    return [new ValuesError('VALUES_NO_EFFECT', message, { at: keyAt, path: ['identity', key], expected, hint })]
  })
}
