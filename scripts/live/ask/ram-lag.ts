import { listInstanceEndpoint } from '../../../src/alibaba/cr.ts'
import { hasCode } from '../../../src/errors.ts'
import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import { RAM_PACE, targetOf, waitFor } from '../live-deps.ts'
import type { Stage } from '../stage.ts'

/** How long `apply` waits for RAM, in seconds (src/policy/settle-steps.ts). */
const LIMIT_SECONDS = 60

/** Creates the policy for pulls, and measures until GetPolicy returns it. */
export async function askRead(stage: Stage): Promise<Verdict> {
  const { names, objects, deps, signal } = stage
  await stage.createPolicy(names.policy, stage.pullPolicy())
  const look = () => objects.ram.getPolicy(names.policy, signal)
  const { found, seconds } = await waitFor(look, deps.clock, RAM_PACE, signal)
  return judgeDelay(found !== undefined, seconds, 'GetPolicy returned the policy')
}

/** True if the role may call ListInstanceEndpoint, which only the policy for pulls allows. */
async function mayListEndpoints({ deps, enterprise, role, signal }: Stage): Promise<boolean> {
  const target = targetOf(deps, 'cr', role, { region: enterprise.region, signal })
  return isAllowed(() => listInstanceEndpoint(target, enterprise.instanceId))
}

/** Attaches the policy for pulls, and measures until the role may do what it allows. */
export async function askEffect(stage: Stage): Promise<Verdict> {
  const { names, objects, deps, signal } = stage
  if (await mayListEndpoints(stage)) {
    return notAnswered('the role was allowed to call ListInstanceEndpoint before any policy was attached')
  }
  await objects.attach(names.policy, names.role)
  const look = async () => ((await mayListEndpoints(stage)) ? true : undefined)
  const { found, seconds } = await waitFor(look, deps.clock, RAM_PACE, signal)
  return judgeDelay(found !== undefined, seconds, 'the role was allowed to call ListInstanceEndpoint')
}

function judgeDelay(isSeen: boolean, seconds: number, what: string): Verdict {
  if (!isSeen) return no(`not within ${seconds} s: ${what}`, { seconds, seen: false })
  const facts = { seconds, seen: true }
  return seconds <= LIMIT_SECONDS ? yes(`${what} after ${seconds} s`, facts) : no(`${what} after ${seconds} s`, facts)
}

/** True if RAM allows a call, false if it denies it. */
export async function isAllowed(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return true
  } catch (error) {
    if (hasCode(error, 'CLOUD_DENIED')) return false
    throw error
  }
}
