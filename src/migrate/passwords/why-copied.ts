import { keyOf } from '../../kube/types.ts'
import { summarize } from '../../lib/text.ts'
import type { PullSecret } from './pull-secret.ts'
import type { SecretTrace } from './read-passwords.ts'

/**
 * Explains why another program may copy the Secret. The program may delete its copy together with
 * the Secret, and the Pods that pull with the copy do not name the Secret.
 * @param isFree true if a Secret (`namespace/name`) was judged, and nothing needs it
 */
export function whyCopied(
  secret: PullSecret,
  traces: readonly SecretTrace[],
  isFree: (key: string) => boolean,
): readonly string[] {
  const own = keyOf(secret)
  const others = traces.filter((trace) => keyOf(trace) !== own)
  const naming = others.flatMap((trace) => {
    const note = trace.named.find(({ names }) => names.includes(secret.name))
    return note === undefined ? [] : [`Secret ${keyOf(trace)}: its ${note.what} has the name of the Secret`]
  })
  const twins = others
    .filter(({ marks }) => marks.some((mark) => secret.marks.includes(mark)))
    .map(keyOf)
    .filter((key) => !isFree(key))
  return [
    ...(secret.replicator === undefined ? [] : [`its ${secret.replicator} belongs to a program that copies Secrets`]),
    ...naming,
    ...(twins.length === 0 ? [] : [describeTwins(twins)]),
  ]
}

function describeTwins(keys: readonly string[]): string {
  if (keys.length === 1) return `Secret ${keys[0]} has the same login and is not known to be free, and it may be a copy`
  return `Secrets ${summarize(keys)} have the same login and are not known to be free, and they may be copies`
}
