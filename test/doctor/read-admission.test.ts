import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAcrHost } from '../../src/acr/registry-domains.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { readAdmission } from '../../src/doctor/read/read-admission.ts'
import type { NamespaceView } from '../../src/installation/object-views.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import { answeringReader } from './answering-reader.ts'
import { admission, fixture, namespace } from './fixture.ts'

/** By the API server's clock. */
const NOW = Date.parse('2026-11-30T12:00:00Z')
const RESOURCES = { resources: [{ name: 'mutatingadmissionpolicies' }, { name: 'validatingadmissionpolicies' }] }

/**
 * Returns the facts that doctor reads for `attach: admission`, given the labels of the release's
 * namespace and the response to a Pod.
 */
async function admissionOf(
  labels: Readonly<Record<string, string>>,
  respond: (call: KubeCall) => object,
  namespaces?: readonly NamespaceView[],
  config: object = {},
) {
  const { release } = fixture({ config: { attach: 'admission', guard: 'disabled', ...config } })
  assert.ok(release)
  const pods: KubeCall[] = []
  const { reader } = answeringReader((call) => {
    if (call.path === '/apis/admissionregistration.k8s.io/v1') return RESOURCES
    if (call.path === '/api/v1/namespaces/acr-nopass') {
      return { metadata: { name: 'acr-nopass', uid: 'u', resourceVersion: '1', labels } }
    }
    if (call.method !== 'POST') return { metadata: { resourceVersion: '1' }, items: [] }
    pods.push(call)
    return respond(call)
  })
  const facts = await readAdmission(reader, release, Promise.resolve(namespaces), { now: NOW, isReadOnly: false })
  return { tried: facts?.tried && Object.fromEntries(facts.tried), pods, unread: reader.unread.map(({ what }) => what) }
}

/**
 * Returns the writes that the guard did not refuse, if it refuses nothing before the n-th dry run.
 */
async function guardOf(created: string, from: number) {
  const { release } = fixture({ config: { attach: 'serviceAccounts', guard: 'enabled' } })
  assert.ok(release)
  let tried = 0
  const { reader } = answeringReader(({ path, actAs }) => {
    if (path === '/apis/admissionregistration.k8s.io/v1') return RESOURCES
    if (actAs !== undefined) {
      tried += 1
      if (tried < from) return {}
      const kind = path.split('/').at(path.endsWith('/events') ? -1 : -2)
      throw new KubeApiError(422, `ValidatingAdmissionPolicy 'acr-nopass.acr-nopass.acr-nopass.${kind}' denied request`)
    }
    const metadata = { name: 'g', creationTimestamp: created }
    return { metadata: { resourceVersion: '1' }, items: [{ metadata, spec: { policyName: 'g' } }] }
  })
  return (await readAdmission(reader, release, Promise.resolve([]), { now: NOW, isReadOnly: false }))?.accepted?.length
}

test('a guard that was created a moment ago is tried again, because an API server applies a policy some time after its creation', async () => {
  assert.equal(await guardOf('2026-11-30T11:59:30Z', 5), 0)
})

test('a guard that has been there for long and does not refuse is reported at once', async () => {
  assert.equal(await guardOf('2026-11-30T11:58:00Z', 5), 4)
})

const withReference = () => ({ spec: { imagePullSecrets: [{ name: 'acr-nopass' }] } })
const without = () => ({ spec: {} })

test("doctor creates a Pod as a dry run in the release's namespace if it may not list all namespaces", async () => {
  const [given, none] = [await admissionOf({}, withReference), await admissionOf({}, without)]
  assert.deepEqual([given.tried, none.tried], [{ 'acr-nopass': 'referenced' }, { 'acr-nopass': 'unreferenced' }])
  assert.deepEqual(
    given.pods.map(({ path, query }) => [path, query]),
    [['/api/v1/namespaces/acr-nopass/pods', { dryRun: 'All' }]],
  )
})

// In that namespace the policy correctly does not apply. Doctor must not print the command that
// deletes the policy.
test("doctor creates no Pod as a dry run if the release's namespace opted out", async () => {
  const { tried, pods, unread } = await admissionOf({ 'acr-nopass.io/skip': 'true' }, without)
  assert.deepEqual([tried, pods, unread], [undefined, [], []])
})

// The API server responds with 500 for a webhook that is down, and with 504 for a slow webhook:
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy
for (const status of [400, 403, 422, 429, 500, 503, 504]) {
  test(`doctor continues, and reports what it could not check, when another webhook fails a Pod with ${status}`, async () => {
    const { tried, unread } = await admissionOf({}, () => {
      throw new KubeApiError(
        status,
        `POST /api/v1/namespaces/acr-nopass/pods returned ${status}: failed calling webhook`,
      )
    })
    assert.deepEqual([tried, unread], [{}, ['A Pod created as a dry run in namespace acr-nopass']])
  })
}

test('doctor continues when several slow webhooks exceed its timeout', async () => {
  const { tried, unread } = await admissionOf({}, () => {
    throw new KubeApiError(0, 'did not complete within 30 s', { code: 'KUBE_TIMEOUT' })
  })
  assert.deepEqual([tried, unread], [{}, ['A Pod created as a dry run in namespace acr-nopass']])
})

// The Pod has what Pod Security `restricted` requires
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted), and nothing
// that OpenShift's restricted-v2 rejects. That policy accepts only users in the namespace's range,
// so no fixed user works
// (https://docs.redhat.com/en/documentation/openshift_container_platform/4.18/html/authentication_and_authorization/managing-pod-security-policies).
test("the Pod of doctor's dry run sets no user, which OpenShift would reject", async () => {
  const { pods } = await admissionOf({}, withReference)
  const [{ body } = { body: undefined }] = pods
  const { spec } = body as { readonly spec: { readonly containers: readonly { readonly securityContext: object }[] } }
  assert.deepEqual(
    spec.containers.map(({ securityContext }) => securityContext),
    [
      {
        allowPrivilegeEscalation: false,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    ],
  )
})

const placeOf = ({ path }: KubeCall): string => path.split('/')[4] ?? ''

test('doctor finds the one target namespace that a changed policy leaves out', async () => {
  const all = ['a', 'b', 'c'].map((name) => namespace(name))
  const closed = [namespace('out', { optedOut: true }), namespace('gone', { terminating: true })]
  const { tried, unread } = await admissionOf({}, (call) => (placeOf(call) === 'b' ? without() : withReference()), [
    ...all,
    ...closed,
  ])
  assert.deepEqual([tried, unread], [{ a: 'referenced', b: 'unreferenced', c: 'referenced' }, []])
  const [finding] = diagnose(
    fixture({ config: { attach: 'admission' }, admission: admission({ tried: new Map(Object.entries(tried ?? {})) }) }),
  )
  assert.deepEqual([finding?.id, finding?.objects], ['POLICY_INACTIVE', ['b']])
  assert.match(finding?.message ?? '', /did not get the reference in 1 namespace of 3: b$/)
})

test("doctor's Pod has a list of its own, so that only the policy can add the reference", async () => {
  const { pods } = await admissionOf({}, withReference, [namespace('a')], { attach: 'both', admissionImages: 'acr' })
  const [{ body } = { body: undefined }] = pods
  const { spec } = body as { readonly spec: { imagePullSecrets: object; containers: { image: string }[] } }
  assert.deepEqual(spec.imagePullSecrets, [{ name: 'acr-nopass-doctor' }])
  assert.ok(isAcrHost(spec.containers[0]?.image.split('/')[0] ?? ''))
})

// Kubernetes, plugin/pkg/admission/serviceaccount/admission.go.
test('a namespace without the ServiceAccount needs no dry run, unless no namespace has the ServiceAccount', async () => {
  const config = { targets: { serviceAccounts: { include: ['puller'], exclude: [] } } }
  const missing = (call: KubeCall) => {
    const name = placeOf(call)
    throw new KubeApiError(
      403,
      `POST returned 403: pods "x" is forbidden: error looking up service account ${name}/puller: serviceaccount "puller" not found`,
    )
  }
  const both = [namespace('a'), namespace('b')]
  const some = await admissionOf({}, (call) => (placeOf(call) === 'a' ? withReference() : missing(call)), both, config)
  assert.deepEqual([some.tried, some.unread], [{ a: 'referenced' }, []])
  const none = await admissionOf({}, missing, both, config)
  assert.deepEqual([none.tried, none.unread], [{}, ['Pods created as a dry run']])
})

test('a namespace that lacks one of the ServiceAccounts is tried with the others, and reported if ServiceAccounts may have any name', async () => {
  const missing = (call: KubeCall, has: Readonly<Record<string, string>>) => {
    const { serviceAccountName } = (call.body as { readonly spec: { readonly serviceAccountName: string } }).spec
    if (has[placeOf(call)] === serviceAccountName) return placeOf(call) === 'b' ? without() : withReference()
    throw new KubeApiError(
      403,
      'POST returned 403: pods "x" is forbidden: error looking up service account x/y: serviceaccount "y" not found',
    )
  }
  const all = ['a', 'b', 'c'].map((name) => namespace(name))
  const named = { targets: { serviceAccounts: { include: ['builder', 'deployer'], exclude: [] } } }
  const has = { a: 'builder', b: 'deployer' }
  const tried = await admissionOf({}, (call) => missing(call, has), all, named)
  assert.deepEqual([tried.tried, tried.unread], [{ a: 'referenced', b: 'unreferenced' }, []])
  const globs = { targets: { serviceAccounts: { include: ['builder', 'team-*'], exclude: [] } } }
  const open = await admissionOf({}, (call) => missing(call, has), all, globs)
  assert.deepEqual(
    [open.tried, open.unread],
    [{ a: 'referenced' }, ['A Pod created as a dry run in 2 of 3 namespaces']],
  )
})

test('without the right to create Pods, doctor makes only eight requests in a cluster of a hundred namespaces', async () => {
  const many = Array.from({ length: 100 }, (_, index) => namespace(`team-${index}`))
  const { pods, unread } = await admissionOf(
    {},
    () => {
      throw new KubeApiError(403, 'POST returned 403: pods is forbidden: User "x" cannot create resource "pods" in …')
    },
    many,
  )
  assert.deepEqual([pods.length, unread], [8, ['A Pod created as a dry run in 100 of 100 namespaces']])
})

test('a right to create Pods in one namespace is enough for doctor to try all others', async () => {
  const many = Array.from({ length: 20 }, (_, index) => namespace(`team-${index}`))
  const { pods, unread } = await admissionOf(
    {},
    (call) => {
      if (placeOf(call) === 'team-0') return withReference()
      throw new KubeApiError(403, 'POST returned 403: pods is forbidden: User "x" cannot create resource "pods" in …')
    },
    many,
  )
  assert.deepEqual([pods.length, unread], [20, ['A Pod created as a dry run in 19 of 20 namespaces']])
})
