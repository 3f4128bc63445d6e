import { NopassError } from '../../errors.ts'
import { describeConflicts, readConflicts } from '../../helm/apply-conflict.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import type { KubeApiError } from '../../kube/api-error.ts'

/** What a dry run shows about an object. `not checked` says nothing about the object. */
export type Verdict =
  | { readonly verdict: 'accepted' }
  | { readonly verdict: 'refused'; readonly error: NopassError }
  | { readonly verdict: 'not checked'; readonly why: string }

export interface Circumstances {
  /** A title such as `Deployment shop/web`. */
  readonly title: string
  /** Namespaces that helm or the run creates before the object. */
  readonly coming: readonly string[]
}

/**
 * A webhook may refuse with any status (ToStatusErr in
 * pkg/admission/plugin/webhook/errors/statuserror.go of k8s.io/apiserver).
 */
const DENIED = /admission webhook "[^"]*" denied the request/

/**
 * Refusals because an object that a Pod refers to is absent. Helm may create that object first.
 * plugin/pkg/admission/serviceaccount, priority and plugin/pkg/admission/runtimeclass of
 * k8s.io/kubernetes.
 */
const ABSENT =
  /error looking up service account \S+: .* not found|no PriorityClass with name \S+ was found|RuntimeClass "[^"]*" not found/

/**
 * Decides what the API server's refusal of a dry run means for the object. The texts are those of
 * k8s.io/apiserver, k8s.io/apimachinery and k8s.io/kubernetes.
 */
export function judgeRefusal(error: KubeApiError, { title, coming }: Circumstances): Verdict {
  const { status, message, reason } = error
  const refuse = (code: ConstructorParameters<typeof NopassError>[0], what: string, hint?: string): Verdict => ({
    verdict: 'refused',
    // For a conflict, the message says more than the reason.
    error: new NopassError(code, what, { hint, reason: code === 'HELM_CONFLICT' ? undefined : reason, cause: error }),
  })
  const skip = (why: string): Verdict => ({ verdict: 'not checked', why })
  const invalid = (hint?: string): Verdict =>
    refuse('HELM_INVALID_OBJECT', `the API server would refuse ${title}: ${message}`, hint)

  if (DENIED.test(message)) return invalid()
  const [, webhook] = /admission webhook "([^"]*)" does not support dry run/.exec(message) ?? []
  if (webhook !== undefined) return skip(`webhook ${webhook} does not support dry runs`)
  const conflicts = readConflicts(message)
  if (conflicts.length > 0) return refuse('HELM_CONFLICT', describeConflicts(conflicts, title))
  // Another client changed the object, or a quota, at the same moment.
  if (status === 409) return skip(`it was changed at the same time (${reason ?? 'Conflict'})`)
  const [, absent] = /namespaces "([^"]+)" not found/.exec(message) ?? []
  if (absent !== undefined && coming.includes(absent)) return skip(`namespace ${absent} does not exist yet`)
  if (absent !== undefined) return invalid('Create this namespace first.')
  // The referenced object may be created first, such as the ClusterRole of a binding.
  if (status === 404 || (status === 403 && ABSENT.test(message))) {
    return skip(`something that it refers to does not exist yet (${message})`)
  }
  if (status === 403 && /\bUser "[^"]*" cannot \w+ resource/.test(message)) {
    return skip(`the deployer lacks a right (${message})`)
  }
  // Helm passes on the same texts when it writes.
  const { code, hint } = readHelmError(`Error: ${message}`, 'upgrade')
  return code === 'HELM_FAILED' ? invalid() : refuse(code, `the API server would refuse ${title}: ${message}`, hint)
}
