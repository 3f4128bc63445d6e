import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorFromResponse } from '../../src/kube/api-error.ts'
import { judgeRefusal } from '../../src/rollout/release/judge-dry-run.ts'

/** The API server's responses, and what each response says about Deployment shop/web. */
const CASES: readonly {
  readonly name: string
  readonly status: number
  readonly reason?: string
  readonly message: string
  /** The code of a refusal, or why the object was not checked. */
  readonly is: string | { readonly why: RegExp }
}[] = [
  {
    // apimachinery, pkg/util/managedfields/internal/conflict.go
    name: 'a field of another manager',
    status: 409,
    reason: 'Conflict',
    message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas',
    is: 'HELM_CONFLICT',
  },
  {
    // apiserver, pkg/storage/errors/storage.go and pkg/registry/generic/registry/store.go
    // (OptimisticLockErrorMsg)
    name: 'a change at the same moment',
    status: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on resourcequotas "limits": the object has been modified; please apply your changes to the latest version and try again',
    is: { why: /changed at the same time/ },
  },
  {
    // apiserver, pkg/admission/plugin/webhook/errors/statuserror.go
    name: 'a webhook that does not support dry runs',
    status: 400,
    reason: 'BadRequest',
    message: 'admission webhook "audit.example.com" does not support dry run',
    is: { why: /^webhook audit\.example\.com does not support dry runs$/ },
  },
  {
    // The same file. The webhook chooses the status.
    name: 'a webhook that refuses with 404',
    status: 404,
    message: 'admission webhook "policy.example.com" denied the request: no team label',
    is: 'HELM_INVALID_OBJECT',
  },
  {
    // apiserver, pkg/util/webhook/error.go
    name: 'a webhook that fails',
    status: 500,
    reason: 'InternalError',
    message:
      'Internal error occurred: failed calling webhook "policy.example.com": failed to call webhook: Post "https://p.x.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused',
    is: 'KUBE_SERVER_ERROR',
  },
  {
    // apiserver, pkg/endpoints/handlers/responsewriters/errors.go
    name: 'a right that is missing',
    status: 403,
    reason: 'Forbidden',
    message:
      'deployments.apps "web" is forbidden: User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
    is: { why: /^the deployer lacks a right .*cannot patch resource "deployments"/ },
  },
  {
    name: 'a refused value whose text is like that of a missing right',
    status: 422,
    reason: 'Invalid',
    message: 'ConfigMap "web" is invalid: data: Forbidden: User "ci" cannot patch resource',
    is: 'HELM_INVALID_OBJECT',
  },
  {
    // kubernetes, pkg/registry/rbac/validation/rule.go
    name: 'rights that the deployer may not grant',
    status: 403,
    reason: 'Forbidden',
    message:
      'clusterroles.rbac.authorization.k8s.io "web" is forbidden: user "ci" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["patch"]}',
    is: 'HELM_FORBIDDEN',
  },
  {
    // apiserver, pkg/admission/plugin/policy/validating/dispatcher.go
    name: 'an admission policy',
    status: 422,
    reason: 'Invalid',
    message:
      "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no team",
    is: 'HELM_INVALID_OBJECT',
  },
  {
    // apiserver, pkg/admission/plugin/resourcequota/controller.go
    name: 'a quota without room',
    status: 403,
    reason: 'Forbidden',
    message:
      'deployments.apps "web" is forbidden: exceeded quota: limits, requested: count/deployments.apps=1, used: count/deployments.apps=5, limited: count/deployments.apps=5',
    is: 'HELM_INVALID_OBJECT',
  },
  {
    // structured-merge-diff, typed/helpers.go, reached by fieldValidation=Strict
    name: 'a field that no such object has',
    status: 500,
    message:
      'failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema',
    is: 'HELM_INVALID_OBJECT',
  },
  {
    name: 'the namespace that the run creates',
    status: 404,
    reason: 'NotFound',
    message: 'namespaces "shop" not found',
    is: { why: /^namespace shop does not exist yet$/ },
  },
  {
    name: 'a namespace that nobody creates',
    status: 404,
    reason: 'NotFound',
    message: 'namespaces "other" not found',
    is: 'HELM_INVALID_OBJECT',
  },
  {
    // kubernetes, pkg/registry/rbac/clusterrolebinding/policybased/storage.go: the rules of the
    // role are read to compare them.
    name: 'a binding before its role',
    status: 404,
    reason: 'NotFound',
    message: 'clusterroles.rbac.authorization.k8s.io "acr-nopass" not found',
    is: { why: /^something that it refers to does not exist yet/ },
  },
  {
    // kubernetes, plugin/pkg/admission/serviceaccount/admission.go
    name: 'a Pod before its ServiceAccount',
    status: 403,
    reason: 'Forbidden',
    message: 'pods "web" is forbidden: error looking up service account shop/web: serviceaccount "web" not found',
    is: { why: /^something that it refers to does not exist yet/ },
  },
  {
    // kubernetes, plugin/pkg/admission/priority/admission.go
    name: 'a Pod before its PriorityClass',
    status: 403,
    reason: 'Forbidden',
    message: 'pods "web" is forbidden: no PriorityClass with name web was found',
    is: { why: /^something that it refers to does not exist yet/ },
  },
  {
    // kubernetes, plugin/pkg/admission/runtimeclass/admission.go
    name: 'a Pod before its RuntimeClass',
    status: 403,
    reason: 'Forbidden',
    message: 'pods "web" is forbidden: pod rejected: RuntimeClass "web" not found',
    is: { why: /^something that it refers to does not exist yet/ },
  },
  {
    // apiserver, pkg/admission/plugin/namespace/lifecycle/admission.go
    name: 'a namespace that is being deleted',
    status: 403,
    reason: 'Forbidden',
    message:
      'deployments.apps "web" is forbidden: unable to create new content in namespace shop because it is being terminated',
    is: 'KUBE_CONFLICT',
  },
]

for (const { name, status, reason, message, is } of CASES) {
  test(`a dry run that the API server refuses: ${name}`, () => {
    const error = errorFromResponse('PATCH /x', status, JSON.stringify({ reason, message }), undefined)
    const verdict = judgeRefusal(error, { title: 'Deployment shop/web', coming: ['shop'] })
    if (typeof is === 'string') {
      assert.ok(verdict.verdict === 'refused', JSON.stringify(verdict))
      assert.equal(verdict.error.code, is)
      assert.match(verdict.error.message, /Deployment shop\/web/)
    } else {
      assert.ok(verdict.verdict === 'not checked', JSON.stringify(verdict))
      assert.match(verdict.why, is.why)
    }
  })
}

test('a conflict that a dry run finds names the field, its owner, and both fixes', () => {
  const message = 'Apply failed with 2 conflicts: conflicts with "kubectl-set" using apps/v1:\n- .spec.a\n- .spec.b'
  const error = errorFromResponse('PATCH /x', 409, JSON.stringify({ reason: 'Conflict', message }), undefined)
  const verdict = judgeRefusal(error, { title: 'Deployment shop/web', coming: [] })
  assert.ok(verdict.verdict === 'refused')
  assert.equal(
    verdict.error.message,
    'kubectl-set owns .spec.a, .spec.b of Deployment shop/web, which the chart sets too',
  )
  assert.match(
    verdict.error.hint,
    /^Set the field back to the chart's value.* To overwrite the field, set `force-conflicts: true`/,
  )
  // The message already says the reason in words.
  assert.equal(verdict.error.reason, undefined)
})

test('a quota without room is refused with the limit to raise', () => {
  const message =
    'deployments.apps "web" is forbidden: exceeded quota: limits, requested: count/deployments.apps=1, used: count/deployments.apps=5, limited: count/deployments.apps=5'
  const error = errorFromResponse('PATCH /x', 403, JSON.stringify({ reason: 'Forbidden', message }), undefined)
  const verdict = judgeRefusal(error, { title: 'Deployment shop/web', coming: [] })
  assert.ok(verdict.verdict === 'refused')
  assert.match(verdict.error.hint, /^Raise `count\/deployments\.apps` of ResourceQuota limits/)
  assert.equal(verdict.error.reason, 'Forbidden')
})
