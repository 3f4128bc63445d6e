import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, NopassError } from '../../src/errors.ts'
import { helmErrorLine, readHelmError } from '../../src/helm/read-helm-error.ts'

const cases: readonly {
  readonly name: string
  readonly stderr: string
  readonly code: ErrorCode
  readonly message: string
  /** Default: the code's own fix. */
  readonly hint?: string
}[] = [
  {
    name: 'another run at work',
    stderr: 'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress\n',
    code: 'HELM_PENDING',
    message: 'helm upgrade: the release is marked as being changed by another run',
  },
  {
    name: 'a server-side apply conflict of helm 4',
    stderr:
      'level=WARN msg="upgrade failed" name=a\nError: UPGRADE FAILED: conflict occurred while applying object t1/a apps/v1, Kind=Deployment: Apply failed with 1 conflict: conflict with "kubectl-scale" using apps/v1: .spec.replicas\n',
    code: 'HELM_CONFLICT',
    message: 'helm upgrade: kubectl-scale owns .spec.replicas of Deployment t1/a, which the chart sets too',
  },
  {
    name: 'a conflict about two fields, after the log line that says the same',
    stderr:
      'level=WARN msg="upgrade failed" name=a error="conflict occurred while applying object t1/a apps/v1, Kind=Deployment: Apply failed with 2 conflicts: conflicts with \\"kubectl\\" using apps/v1:\\n- .spec.a\\n- .spec.b"\nError: UPGRADE FAILED: conflict occurred while applying object t1/a apps/v1, Kind=Deployment: Apply failed with 2 conflicts: conflicts with "kubectl" using apps/v1:\n- .spec.a\n- .spec.b\n',
    code: 'HELM_CONFLICT',
    message: 'helm upgrade: kubectl owns .spec.a, .spec.b of Deployment t1/a, which the chart sets too',
  },
  {
    name: 'a conflict about a subresource, after the log line that says the same',
    stderr:
      'level=WARN msg="upgrade failed" error="conflict occurred while applying object t1/a apps/v1, Kind=Deployment: Apply failed with 1 conflict: conflict with \\"kubectl\\" with subresource \\"scale\\" using apps/v1: .spec.replicas"\nError: UPGRADE FAILED: conflict occurred while applying object t1/a apps/v1, Kind=Deployment: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas\n',
    code: 'HELM_CONFLICT',
    message:
      'helm upgrade: kubectl (subresource scale) owns .spec.replicas of Deployment t1/a, which the chart sets too',
  },
  {
    name: 'a kind whose CustomResourceDefinition is absent',
    stderr:
      'Error: UPGRADE FAILED: unable to build kubernetes objects from new release manifest: resource mapping not found for name: "acr-nopass" namespace: "acr-nopass" from "": no matches for kind "ServiceMonitor" in version "monitoring.coreos.com/v1"\nensure CRDs are installed first\n',
    code: 'HELM_CRD_MISSING',
    message: 'helm upgrade: the cluster does not serve ServiceMonitor of monitoring.coreos.com/v1',
  },
  {
    name: 'a kind that the deployed revision has and the cluster no longer serves',
    stderr:
      'Error: UPGRADE FAILED: current release manifest contains removed kubernetes api(s) for this kubernetes version and it is therefore unable to build the kubernetes objects for performing the diff. error from kubernetes: unable to recognize "": no matches for kind "Ingress" in version "extensions/v1beta1"\n',
    code: 'HELM_FAILED',
    message:
      'helm upgrade: UPGRADE FAILED: current release manifest contains removed kubernetes api(s) for this kubernetes version and it is therefore unable to build the kubernetes objects for performing the diff. error from kubernetes: unable to recognize "": no matches for kind "Ingress" in version "extensions/v1beta1"',
  },
  {
    name: 'a webhook without a Pod behind it',
    stderr:
      'Error: UPGRADE FAILED: failed to create resource: Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: Post "https://check.policy.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused\n',
    code: 'KUBE_SERVER_ERROR',
    message:
      'helm upgrade: UPGRADE FAILED: failed to create resource: Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: Post "https://check.policy.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused',
    hint: 'Make the webhook check.example.com work (its Service and Pods), or remove its configuration; then run again.',
  },
  {
    name: 'an etcd that does not answer in time',
    stderr: 'Error: UPGRADE FAILED: update: failed to update: etcdserver: request timed out\n',
    code: 'KUBE_SERVER_ERROR',
    message: 'helm upgrade: UPGRADE FAILED: update: failed to update: etcdserver: request timed out',
    hint: "Check the API server's etcd, then run again.",
  },
  {
    name: 'a namespace that is being deleted',
    stderr:
      'Error: create: failed to create: secrets "sh.helm.release.v1.a.v1" is forbidden: unable to create new content in namespace t1 because it is being terminated\n',
    code: 'KUBE_CONFLICT',
    message: 'helm upgrade: namespace t1 is being deleted',
    hint: 'Wait until the namespace is gone, or remove what keeps it; then run again.',
  },
  {
    name: 'a credential that has expired',
    stderr: 'Error: UPGRADE FAILED: query: failed to query with labels: Unauthorized\n',
    code: 'KUBE_UNAUTHORIZED',
    message: 'helm upgrade: the API server no longer accepts the credential of the kubeconfig',
    hint: 'Get a new kubeconfig that lives longer than the run, then run again.',
  },
  {
    name: 'a credential that the API server does not know, where helm calls the cluster unreachable',
    stderr: 'Error: kubernetes cluster unreachable: the server has asked for the client to provide credentials\n',
    code: 'KUBE_UNAUTHORIZED',
    message: 'helm upgrade: the API server no longer accepts the credential of the kubeconfig',
    hint: 'Get a new kubeconfig that lives longer than the run, then run again.',
  },
  {
    name: 'rights that the deployer may not grant',
    stderr:
      'Error: UPGRADE FAILED: clusterroles.rbac.authorization.k8s.io "a" is forbidden: user "ci" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["patch"]}\n',
    code: 'HELM_FORBIDDEN',
    message:
      'helm upgrade: UPGRADE FAILED: clusterroles.rbac.authorization.k8s.io "a" is forbidden: user "ci" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held: {APIGroups:[""], Resources:["secrets"], Verbs:["patch"]}',
    hint: 'Give the deployer the rights that the message lists: RBAC lets nobody grant what they do not have.',
  },
  {
    name: 'an object that an admission policy refuses',
    stderr: `Error: UPGRADE FAILED: failed to create resource: services "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: label team is missing\n`,
    code: 'HELM_INVALID_OBJECT',
    message: `helm upgrade: UPGRADE FAILED: failed to create resource: services "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: label team is missing`,
  },
  {
    name: 'a missing right',
    stderr:
      'Error: clusterroles.rbac.authorization.k8s.io is forbidden: User "ci" cannot create resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope\n',
    code: 'HELM_FORBIDDEN',
    message: 'helm upgrade: ci may not create clusterroles.rbac.authorization.k8s.io cluster-wide',
  },
  {
    name: 'a missing right in a namespace',
    stderr:
      'Error: query: failed to query with labels: secrets is forbidden: User "ci" cannot list resource "secrets" in API group "" in the namespace "system"\n',
    code: 'HELM_FORBIDDEN',
    message: 'helm upgrade: ci may not list secrets in namespace system',
  },
  {
    name: 'an object of another client',
    stderr:
      'Error: Unable to continue with install: ConfigMap "acr" in namespace "system" exists and cannot be imported into the current release: invalid ownership metadata\n',
    code: 'HELM_OWNERSHIP',
    message: 'helm upgrade: ConfigMap system/acr exists and belongs to no release, or to another release',
  },
  {
    name: 'the timeout of helm 3',
    stderr: 'Error: UPGRADE FAILED: timed out waiting for the condition\n',
    code: 'HELM_TIMEOUT',
    message: 'helm upgrade: UPGRADE FAILED: timed out waiting for the condition',
  },
  {
    name: 'the timeout of helm 4',
    stderr:
      'Error: UPGRADE FAILED: resource Deployment/system/acr not ready. status: InProgress, message: Available: 0/2\ncontext deadline exceeded\n',
    code: 'HELM_TIMEOUT',
    message:
      'helm upgrade: UPGRADE FAILED: resource Deployment/system/acr not ready. status: InProgress, message: Available: 0/2 context deadline exceeded',
  },
  {
    name: 'a cluster that is down',
    stderr:
      'Error: kubernetes cluster unreachable: Get "https://127.0.0.1:1/version": dial tcp 127.0.0.1:1: connect: connection refused\n',
    code: 'HELM_UNREACHABLE',
    message:
      'helm upgrade: kubernetes cluster unreachable: Get "https://127.0.0.1:1/version": dial tcp 127.0.0.1:1: connect: connection refused',
  },
  {
    name: 'values that the schema refuses',
    stderr:
      "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nacr-nopass:\n- at '/attach': value must be one of 'auto'\n",
    code: 'HELM_VALUES_REFUSED',
    message:
      "helm upgrade: the chart's schema rejected the values: acr-nopass: - at '/attach': value must be one of 'auto'",
  },
  {
    // kind/kind.go of github.com/santhosh-tekuri/jsonschema v6.0.3 (Pattern, Format, Maximum),
    // which Helm 3.18 to 4.x use.
    name: "values that the schema of a user's chart refuses, of which helm quotes a password",
    stderr: [
      "Error: values don't meet the specifications of the schema(s) in the following chart(s):",
      'app:',
      String.raw`- at '/password': 'Hunter2\' does not \n match' does not match pattern '^[a-z]+$'`,
      "- at '/pin': maximum: got 917,263, want 5",
      "- at '/mail': 'Hunter2' is not valid email: missing @ in Hunter2",
      "- at '/any': 'anyOf' failed",
      "  - at '/any': 'Hunter2' does not match pattern '^z'",
      "- at '/size': got string, want integer",
      '',
    ].join('\n'),
    code: 'HELM_VALUES_REFUSED',
    message:
      "helm upgrade: the chart's schema rejected the values: app: - at '/password': … does not match pattern '^[a-z]+$' - at '/pin': maximum: got …, want 5 - at '/mail': … is not valid email - at '/any': 'anyOf' failed - at '/any': … does not match pattern '^z' - at '/size': got string, want integer",
  },
  {
    name: 'an interrupted helm',
    stderr: 'Release acr has been cancelled.\nError: UPGRADE FAILED: context canceled\n',
    code: 'HELM_CANCELLED',
    message: 'helm upgrade: helm was interrupted',
  },
  {
    name: 'another helm that created the same revision',
    stderr: 'Error: UPGRADE FAILED: release: already exists\n',
    code: 'RELEASE_CHANGED',
    message: 'helm upgrade: another deployer began the same revision at the same time',
  },
  {
    name: 'anything else',
    stderr: 'Error: something new\n',
    code: 'HELM_FAILED',
    message: 'helm upgrade: something new',
  },
  { name: 'no word at all', stderr: '', code: 'HELM_FAILED', message: 'helm upgrade: exited without a message' },
]

for (const { name, stderr, code, message, hint } of cases) {
  test(`helm's message becomes an error with a fix: ${name}`, () => {
    const error = readHelmError(stderr, 'upgrade')
    assert.deepEqual({ code: error.code, message: error.message }, { code, message })
    assert.equal(error.hint, hint ?? new NopassError(code, '').hint)
  })
}

test('each form of a message that helm, its charts and API servers have becomes its code', () => {
  const forms: Partial<Record<ErrorCode, readonly string[]>> = {
    HELM_CHART: [
      'execution error at (a/templates/b.yaml:1:4): no',
      'a/templates/b.yaml:1:4: error calling include: no',
      'template: a/templates/b.yaml:1:4: no',
      'chart requires kubeVersion: >=1.99.0 which is incompatible with Kubernetes v1.37.0',
      'Chart.yaml file is missing',
      'failed to download "a" at version "9"',
      'chart "a" matching 9 not found in b index',
      'path "./a" not found',
      'open a: no such file or directory',
      'YAML parse error on a/templates/b.yaml: no',
      'digest mismatch',
    ],
    HELM_UNREACHABLE: [
      'dial tcp 10.0.0.1:443: connect: connection refused',
      'dial tcp: lookup a.example.com: no such host',
      'net/http: TLS handshake timeout',
      'dial tcp 10.0.0.1:443: i/o timeout',
      'x509: certificate signed by unknown authority',
    ],
    HELM_TIMEOUT: ['context deadline exceeded', 'resource not ready, name: a', 'resource Job/a/b not ready. status: x'],
    HELM_INVALID_OBJECT: [
      'Deployment.apps "a" is invalid: spec.selector',
      'spec.selector: field is immutable',
      'admission webhook "a" refused it',
      'policy b denied request: no',
      'policy b denied the request: no',
    ],
    HELM_CONFLICT: ['Apply failed with 12 conflicts: conflict with "a" using v1: .data'],
    HELM_FORBIDDEN: ['User "a" cannot get resource "pods"'],
    // A word that only begins like a word of these patterns decides nothing.
    HELM_FAILED: ['UnauthorizedUser', 'Apply failed with conflicts: ', 'etcdserver: 1', 'resource  not ready'],
  }
  for (const [code, texts] of Object.entries(forms))
    for (const text of texts) assert.equal(readHelmError(`Error: ${text}\n`, 'upgrade').code, code, text)
  const message = (text: string): string => readHelmError(`Error: ${text}\n`, 'upgrade').message
  assert.equal(message('User "a" cannot get resource "pods"'), 'helm upgrade: a may not get pods cluster-wide')
  const foreign = 'ClusterRole "a" in namespace "" exists and cannot be imported into the current release: no'
  assert.equal(message(foreign), 'helm upgrade: ClusterRole a exists and belongs to no release, or to another release')
})

test('in a long output the last error counts; without an error, the end counts', () => {
  const noise = `level=WARN msg="cluster unreachable"\n${'x'.repeat(20_000)}`
  assert.equal(readHelmError(`Error: first\n${noise}\nError: no luck\n`, 'upgrade').message, 'helm upgrade: no luck')
  assert.equal(readHelmError(`Error: first\n${noise}\nError: no luck\n`, 'upgrade').code, 'HELM_FAILED')
  assert.equal(readHelmError(`${noise}\nno luck`, 'upgrade').message, 'helm upgrade: no luck')
  assert.equal(readHelmError('Error: a \t tab\n', 'upgrade').message, 'helm upgrade: a tab')
  assert.equal(readHelmError('some words\n  \n', 'upgrade').message, 'helm upgrade: some words')
  const short = 'Error: first\nlevel=WARN msg="later"\nError: no luck\n   \nmore\n'
  assert.equal(readHelmError(short, 'upgrade').message, 'helm upgrade: no luck more')
  assert.equal(readHelmError('some words\n\n', 'upgrade').message, 'helm upgrade: some words')
  assert.equal(readHelmError(`Error: ${'y'.repeat(600)}`, 'get').message, `helm get: ${'y'.repeat(600)}`)
  assert.equal(readHelmError(`Error: ${'y'.repeat(601)}`, 'get').message, `helm get: ${'y'.repeat(597)}...`)
})

test("a command whose errors are all of one kind shows helm's own line", () => {
  assert.equal(helmErrorLine('level=WARN msg=x\nError: cluster unreachable\n'), 'cluster unreachable')
  assert.equal(helmErrorLine(''), 'exited without a message')
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
  assert.equal(helmErrorLine(`Error: PASSWORD=${token} refused`), 'PASSWORD=(redacted) refused')
})

test('a quota without room for an object is named with the limit to raise', () => {
  const refusal =
    'deployments.apps "acr-nopass" is forbidden: exceeded quota: team-limits, requested: count/deployments.apps=1, used: count/deployments.apps=5, limited: count/deployments.apps=5'
  const { code, message, hint } = readHelmError(`Error: UPGRADE FAILED: create: ${refusal}\n`, 'upgrade')
  assert.deepEqual([code, message], ['HELM_INVALID_OBJECT', `helm upgrade: UPGRADE FAILED: create: ${refusal}`])
  assert.equal(
    hint,
    'Raise `count/deployments.apps` of ResourceQuota team-limits, or delete what is not needed there; `kubectl describe resourcequota team-limits -n NAMESPACE` shows what is used.',
  )
})

test('each limit of a quota without room is named', () => {
  const refusal =
    'secrets "x" is forbidden: exceeded quota: small, requested: count/secrets=1,secrets=1, used: count/secrets=9,secrets=9, limited: count/secrets=9,secrets=9'
  const { hint } = readHelmError(`Error: INSTALLATION FAILED: ${refusal}\n`, 'upgrade')
  assert.match(hint, /^Raise `count\/secrets` and `secrets` of ResourceQuota small, /)
})

test("a webhook's text in place of a quota never becomes a part of a command", () => {
  const refusal = 'admission webhook "w" denied the request: exceeded quota: q;$(reboot), requested: pods=1'
  const { code, hint } = readHelmError(`Error: UPGRADE FAILED: ${refusal}\n`, 'upgrade')
  assert.equal(code, 'HELM_INVALID_OBJECT')
  assert.doesNotMatch(hint, /kubectl|reboot/)
})

test('an echo of a whole object is shortened', () => {
  const error = readHelmError(`Error: odd ${'x'.repeat(5000)}`, 'upgrade')
  assert.equal(error.message.length, 'helm upgrade: '.length + 600)
})

test('a token that a webhook quotes is not printed', () => {
  const quoted = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
  const stderr = `Error: UPGRADE FAILED: admission webhook "x" denied the request: env PASSWORD=${quoted}\n`
  const { message } = readHelmError(stderr, 'upgrade')
  assert.ok(message.includes('PASSWORD=(redacted)') && !message.includes('eyJ'), message)
})

const kept = `services "a" is forbidden: ValidatingAdmissionPolicy 'keep' with binding 'keep' denied request: not this one`
const forbidden = `leases.coordination.k8s.io "a" is forbidden: User "ci" cannot delete resource "leases" in API group "coordination.k8s.io" in the namespace "system"`
const stack = 'helm.go:92: 2026-11-29 13:44:17 +0000 UTC [debug] failed to delete release: a\nmain.main\n\thelm.go:91\n'

for (const [name, stderr, code, message] of [
  [
    'helm 4, an admission policy',
    `level=DEBUG msg="starting delete resource" name=a kind=Service\nlevel=DEBUG msg="uninstall: Failed to delete release" error="[${kept.replaceAll('"', '\\"')}]"\nError: failed to delete release: a\n`,
    'HELM_FAILED',
    `helm uninstall: an object could not be deleted: [${kept}]`,
  ],
  [
    'helm 3, a missing right',
    `client.go:518: 2026-11-29 [debug] Starting delete for "a" Lease\nuninstall.go:125: 2026-11-29 [debug] uninstall: Failed to delete release: [${forbidden}]\nError: failed to delete release: a\n${stack}`,
    'HELM_FORBIDDEN',
    'helm uninstall: ci may not delete leases.coordination.k8s.io in namespace system',
  ],
  [
    'helm 4, objects that stay',
    'level=DEBUG msg="resource not ready"\nError: 1 error occurred: context deadline exceeded\n',
    'HELM_TIMEOUT',
    'helm uninstall: 1 error occurred: context deadline exceeded',
  ],
  [
    'helm 3, objects that stay',
    `client.go:99: 2026-11-29 13:44:17 +0000 UTC [debug] dial tcp: i/o timeout\nError: timed out waiting for the condition\n${stack}`,
    'HELM_TIMEOUT',
    'helm uninstall: timed out waiting for the condition',
  ],
  ['helm 3, anything else', `Error: no luck\n${stack}`, 'HELM_FAILED', 'helm uninstall: no luck'],
] as const) {
  test(`an uninstall says why an object could not be deleted: ${name}`, () => {
    const error = readHelmError(stderr, 'uninstall')
    assert.deepEqual([error.code, error.message], [code, message])
  })
}
