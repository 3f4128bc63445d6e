import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import { RAM_PACE, waitFor } from '../live-deps.ts'
import type { Stage } from '../stage.ts'
import type { Pulls } from './pulls.ts'

/** Longer is not at once. */
const LIMIT_SECONDS = 60

/**
 * Detaches the role's policy for pulls, and measures until the registry denies a login that was
 * requested before. No question after this one may need the role's rights.
 */
export async function askLoginEnd(stage: Stage, pulls: Pulls): Promise<Verdict> {
  const { names, objects, deps, signal } = stage
  const pull = await pulls.holdLogin()
  const facts = { anonymous: pulls.controls.anonymous.own, before: await pull() }
  if (facts.anonymous !== 'denied')
    return notAnswered('the repository is public, or the registry did not decide', facts)
  if (facts.before !== 'granted') return notAnswered('the login is not granted the repository', facts)
  await objects.detach(names.policy, names.role)
  let after: Awaited<ReturnType<typeof pull>> = 'granted'
  const look = async () => {
    after = await pull()
    return after === 'denied' || undefined
  }
  const { found, seconds } = await waitFor(look, deps.clock, { ...RAM_PACE, everyMs: 5000 }, signal)
  const all = { ...facts, after, seconds }
  if (found === undefined) {
    return after === 'granted'
      ? no(`the login still pulls ${seconds} s after the policy was detached`, all)
      : notAnswered('the registry did not decide after the policy was detached', all)
  }
  const because = `the login was denied ${seconds} s after the policy was detached`
  return seconds <= LIMIT_SECONDS ? yes(because, all) : no(because, all)
}
