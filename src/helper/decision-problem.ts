import { NopassError } from '../errors.ts'
import { KubeApiError } from '../kube/api-error.ts'
import type { Decision, WriteAction } from './actions.ts'
import type { PlanKey } from './plan.ts'

/** The trouble that a decision stands for, if a person should know of it. */
export function problemOfDecision(key: PlanKey, decision: Decision, secretName: string): NopassError | undefined {
  const place = { namespace: key.namespace }
  if (decision.kind === 'skip' && decision.reason === 'foreign-secret' && key.serviceAccount === undefined) {
    const who = decision.manager === undefined ? 'somebody else' : `"${decision.manager}"`
    return new NopassError('FOREIGN_SECRET', `the Secret ${secretName} belongs to ${who}`, { place })
  }
  if (decision.kind === 'skip' && decision.reason === 'foreign-list') {
    const what = `imagePullSecrets of ServiceAccount ${key.serviceAccount}`
    const hint = `Add {name: ${secretName}} to the list where "${decision.manager}" applies it from, or use attach: admission.`
    return new NopassError('FOREIGN_LIST', `"${decision.manager}" applies ${what}; it is left alone`, { place, hint })
  }
  if (decision.kind === 'wait' && decision.reason === 'fought') {
    const what = `imagePullSecrets of ServiceAccount ${key.serviceAccount}`
    const by = decision.manager === undefined ? 'Another writer' : `"${decision.manager}"`
    return new NopassError('LIST_FOUGHT', `${by} keeps removing ${secretName} from ${what}`, { place })
  }
  return undefined
}

/** The trouble that a refused write stands for. */
export function problemOfWrite(action: WriteAction, error: unknown, secretName: string): NopassError {
  const place = { namespace: action.namespace }
  const status = error instanceof KubeApiError ? error.status : 0
  const reason = error instanceof KubeApiError ? error.reason : undefined
  const what =
    action.kind === 'applySecret' ? `Secret ${secretName}` : `ServiceAccount ${action.serviceAccount} (${action.kind})`
  const details = { place, cause: error, ...(reason === undefined ? {} : { reason }) }
  if (status === 422 && action.kind === 'applySecret' && action.precondition !== undefined) {
    return new NopassError('SECRET_NEEDS_DELETE', `the ${what} cannot be replaced in place`, details)
  }
  const why = error instanceof KubeApiError ? `: ${error.message}` : ''
  return new NopassError('WRITE_REFUSED', `the ${what} was refused with ${status}${why}`, details)
}
