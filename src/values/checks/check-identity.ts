import { ValuesError } from '../values-error.ts'
import { child, type MapNode, text } from '../yaml/yaml-node.ts'

const BLOCKS: ReadonlyMap<string, string> = new Map([
  ['rrsa', 'rrsa'],
  ['workerRole', 'worker-role'],
  ['accessKey', 'access-key'],
])

/** Blocks of an identity that is not the one in use: exactly the configured identity is used. */
export function checkIdentity(values: MapNode): ValuesError[] {
  const identity = child(values, 'identity')
  const type = text(child(identity, 'type'))
  if (identity?.kind !== 'map' || type === undefined || ![...BLOCKS.values()].includes(type)) return []
  return [...identity.entries].flatMap(([key, { keyAt, value }]) => {
    const owner = BLOCKS.get(key)
    if (owner === undefined || owner === type || value.origin === 'chart') return []
    return [
      new ValuesError('VALUES_NO_EFFECT', `\`identity.${key}\` has no effect with \`type: ${type}\``, {
        at: keyAt,
        path: ['identity', key],
        expected: `\`${key}\` only with \`type: ${owner}\``,
        hint: `Remove \`${key}\`, or write \`type: ${owner}\`.`,
      }),
    ]
  })
}
