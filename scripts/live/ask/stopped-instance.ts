import { getAuthorizationToken, getInstance, listInstanceEndpoint } from '../../../src/alibaba/cr.ts'
import { NopassError } from '../../../src/errors.ts'
import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import { targetOf } from '../live-deps.ts'
import { codeOf } from '../ram-objects.ts'
import type { Stage } from '../stage.ts'

/** Requests a token of an instance that does not run, and records the code of the refusal. */
export async function askStopped({ deps, options, signal }: Stage, instanceId: string): Promise<Verdict> {
  const target = targetOf(deps, 'cr', deps.caller, { region: options.region, signal })
  const { status } = await getInstance(target, instanceId)
  if (OTHERWISE.includes(status)) return notAnswered(`the named instance is ${status}`, { status })
  const endpoints = await responseOf(() => listInstanceEndpoint(target, instanceId))
  try {
    await getAuthorizationToken(target, { instanceId })
    return no(`an instance that is ${status} issued a token`, { status, endpoints })
  } catch (error) {
    if (!(error instanceof NopassError) || !REFUSALS.includes(error.code)) throw error
    return yes(`an instance that is ${status} refuses a token: ${codeOf(error)}`, {
      status,
      code: error.reason ?? '',
      endpoints,
    })
  }
}

/** Returns `ok`, or the code of the refusal. */
async function responseOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'ok'
  } catch (error) {
    return codeOf(error)
  }
}

/**
 * The documented states of an instance that was neither stopped nor expired
 * (https://alibabacloud.com/help/zh/acr/developer-reference/api-cr-2018-12-01-getinstance). The
 * state of an expired instance is not documented.
 */
const OTHERWISE: readonly string[] = ['PENDING', 'INIT_ERROR', 'STARTING', 'RUNNING', 'DELETING', 'DELETED']

/** Other failures show an outage, or a missing right of the caller. */
const REFUSALS: readonly string[] = ['CLOUD_REJECTED', 'CLOUD_NOT_FOUND']
