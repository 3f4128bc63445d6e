import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { AdmissionFacts } from '../../src/doctor/read/read-admission.ts'
import { tryGuard } from '../../src/doctor/read/try-guard.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import type { BindingSpec, BoundPolicy, MatchResources, PolicySpec } from '../../src/installation/read-bound.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import { answeringReader } from './answering-reader.ts'
import { admission, fixture } from './fixture.ts'

const RENDERED = join(import.meta.dirname, '../contract/golden/chart/minimal-1.37.0.yaml')
const objects = parseManifest(readFileSync(RENDERED, 'utf8'))
const specOf = <T>(kind: string, name: string): T =>
  objects.find((one) => one.kind === kind && one.name === name)?.body.spec as T

/** The guard as the chart renders it, under the names of the fixture's release. */
const CHART: readonly BoundPolicy[] = objects
  .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  .map(({ name }) => {
    const spec = JSON.stringify(specOf<PolicySpec>('ValidatingAdmissionPolicy', name))
    return {
      name: `acr-nopass.acr-nopass.acr-nopass.${name.split('.').at(-1)}`,
      spec: JSON.parse(spec.replaceAll(/system:serviceaccount:[\w-]+:[\w-]+/g, USER())) as PolicySpec,
      bindings: [specOf<BindingSpec>('ValidatingAdmissionPolicyBinding', name)],
    }
  })

function USER(): string {
  return 'system:serviceaccount:acr-nopass:acr-nopass'
}

const guardOf = (change: Partial<AdmissionFacts>) =>
  diagnose(fixture({ admission: admission({ guard: CHART, ...change }) })).map(
    ({ id, severity, cause, message, objects }) => {
      return { id, severity, cause, message, objects }
    },
  )

/** The chart's guard with one policy changed. */
const changed = (kind: string, change: (policy: BoundPolicy) => Partial<BoundPolicy>) =>
  CHART.map((policy) => (policy.name.endsWith(`.${kind}`) ? { ...policy, ...change(policy) } : policy))
const withSpec = (kind: string, more: Partial<PolicySpec>) =>
  changed(kind, ({ spec }) => ({ spec: { ...spec, ...more } }))
const withBinding = (kind: string, more: Partial<BindingSpec>) =>
  changed(kind, ({ bindings }) => ({ bindings: bindings.map((one) => ({ ...one, ...more })) }))
const withConstraints = (kind: string, more: MatchResources) =>
  changed(kind, ({ spec }) => ({ spec: { ...spec, matchConstraints: { ...spec.matchConstraints, ...more } } }))
const withRule = (kind: string, more: Partial<NonNullable<MatchResources['resourceRules']>[number]>) =>
  changed(kind, ({ spec }) => {
    const resourceRules = spec.matchConstraints?.resourceRules?.map((rule) => ({ ...rule, ...more })) ?? []
    return { spec: { ...spec, matchConstraints: { ...spec.matchConstraints, resourceRules } } }
  })

test("doctor has nothing to report about the chart's own guard", () => {
  assert.ok(CHART.length >= 4)
  assert.deepEqual(guardOf({}), [])
})

test('a guard of all operations on all resources is not narrower than that of the chart', () => {
  for (const rule of [{ operations: ['*'] }, { resources: ['*'] }])
    assert.deepEqual(guardOf({ guard: withRule('leases', rule) }), [])
  const wider = changed('leases', ({ spec }) => {
    const { resourceRules = [], ...rest } = spec.matchConstraints ?? {}
    const constraints = { ...rest, resourceRules: [...resourceRules, { operations: ['DELETE'], resources: ['pods'] }] }
    return { spec: { ...spec, matchConstraints: constraints } }
  })
  assert.deepEqual(guardOf({ guard: wider }), [])
})

const namespaceSelector = { matchLabels: { team: 'none' } }
const OFF: readonly (readonly [title: string, change: Partial<AdmissionFacts>, cause: RegExp])[] = [
  [
    'a binding that only audits',
    { guard: withBinding('secrets', { validationActions: ['Audit'] }) },
    /secrets: its binding has the validationActions \[Audit\], without Deny\.$/,
  ],
  [
    'a binding that only audits and warns',
    { guard: withBinding('secrets', { validationActions: ['Audit', 'Warn'] }) },
    /secrets: its binding has the validationActions \[Audit, Warn\], without Deny\.$/,
  ],
  [
    'a binding that matches no namespace',
    { guard: withBinding('serviceaccounts', { matchResources: { namespaceSelector } }) },
    /serviceaccounts: its binding does not match everything/,
  ],
  [
    'a matchCondition that is false',
    { guard: withSpec('leases', { matchConditions: [{ expression: 'false' }] }) },
    /leases: it has the matchCondition `false`/,
  ],
  [
    'validations that are true',
    { guard: withSpec('secrets', { validations: [{ expression: 'true' }] }) },
    /secrets: it has no rule about the type of a Secret/,
  ],
  [
    'a failurePolicy that ignores failures',
    { guard: withSpec('configmaps', { failurePolicy: 'Ignore' }) },
    /configmaps: its failurePolicy is Ignore/,
  ],
  [
    'constraints that leave a namespace out',
    { guard: withSpec('secrets', { matchConstraints: { namespaceSelector } }) },
    /secrets: its matchConstraints leave writes out/,
  ],
  [
    'constraints that leave updates out',
    { guard: withRule('leases', { operations: ['CREATE'] }) },
    /leases: its matchConstraints leave writes out/,
  ],
  [
    'constraints without a rule',
    { guard: withConstraints('leases', { resourceRules: [] }) },
    /leases: its matchConstraints leave writes out/,
  ],
  [
    'constraints of other resources',
    { guard: withRule('leases', { resources: ['pods'] }) },
    /leases: its matchConstraints leave writes out/,
  ],
  [
    'constraints of one name',
    { guard: withRule('leases', { resourceNames: ['other'] }) },
    /leases: its matchConstraints leave writes out/,
  ],
  [
    'constraints that except a resource',
    { guard: withConstraints('leases', { excludeResourceRules: [{}] }) },
    /leases: its matchConstraints leave writes out/,
  ],
  [
    'constraints that leave objects out',
    { guard: withConstraints('leases', { objectSelector: { matchExpressions: [{}] } }) },
    /leases: its matchConstraints leave writes out/,
  ],
  [
    'a binding with a parameter that may not exist',
    { guard: withBinding('leases', { paramRef: {} }) },
    /leases: its binding does not match everything/,
  ],
  [
    'a write that it accepted in a dry run',
    { accepted: [{ kind: 'leases', what: 'labels' }] },
    /leases: in a dry run it allowed the helper to change labels/,
  ],
]

for (const [title, change, cause] of OFF) {
  test(`doctor reports a guard that was switched off: ${title}`, () => {
    const [finding, ...more] = guardOf(change)
    assert.deepEqual(
      [finding?.id, finding?.severity, finding?.objects?.length, more],
      ['GUARD_INACTIVE', 'warning', 1, []],
    )
    assert.match(finding?.cause ?? '', cause)
    assert.match(
      finding?.message ?? '',
      /^changed, so that the policy does not limit the helper like the chart's policy: acr-nopass\./,
    )
  })
}

test('doctor reports rights of the helper that the chart never gives', () => {
  const findings = diagnose(fixture({ excessRights: ['list secrets', 'get secrets'] }))
  assert.deepEqual(
    findings.map(({ id, severity, message }) => [id, severity, message]),
    [['RIGHTS_WIDE', 'warning', 'the helper may do more than the chart allows it: list secrets, get secrets']],
  )
})

const nameOf = (kind: string): string => `guard.${kind}`
/** The path of a created object is the path of its list. */
const kindOf = (path: string): string => path.split('/').at(path.endsWith('/events') ? -1 : -2) ?? ''
const deny = (path: string) =>
  new KubeApiError(
    422,
    `PATCH returned 422: x is forbidden: ValidatingAdmissionPolicy 'guard.${kindOf(path)}' with binding 'b' denied request: no`,
  )

/** Returns doctor's conclusions from the responses to its dry runs. */
async function tryWith(respond: (call: KubeCall) => unknown, config: object = {}) {
  const { release } = fixture({ config: { attach: 'both', ...config } })
  assert.ok(release)
  const { reader, calls } = answeringReader(respond)
  const accepted = await tryGuard(reader, release, nameOf)
  return { accepted, calls, unread: reader.unread }
}

test('doctor tries the guard as the helper, by dry runs whose responses hold no Secret', async () => {
  const { accepted, calls, unread } = await tryWith(({ path }) => {
    throw deny(path)
  })
  assert.deepEqual([accepted, unread], [[], []])
  const how = new Set(
    calls.map(({ method, query, actAs, accept }) => JSON.stringify([method, query?.dryRun, actAs, accept])),
  )
  assert.deepEqual(
    [...how],
    ['PATCH', 'POST'].map((method) =>
      JSON.stringify([method, 'All', USER(), 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1']),
    ),
  )
  assert.deepEqual([...new Set(calls.map(({ path }) => kindOf(path)))].sort(), [
    'configmaps',
    'events',
    'leases',
    'secrets',
    'serviceaccounts',
  ])
})

test('doctor names each write that the guard accepted', async () => {
  const { accepted } = await tryWith(({ path, body }) => {
    const { metadata } = body as { readonly metadata: object }
    if (path.includes('/leases/') && 'finalizers' in metadata) return {}
    throw deny(path)
  })
  assert.deepEqual(accepted, [{ kind: 'leases', what: 'finalizers' }])
})

// If the guard accepted these writes, a stolen token could stop every helper without changing a
// label.
for (const [kind, what, isIt] of [
  ['leases', 'leaseDurationSeconds', ({ spec }) => 'leaseDurationSeconds' in (spec ?? {})],
  ['leases', 'leaseTransitions', ({ spec }) => 'leaseTransitions' in (spec ?? {})],
  ['configmaps', 'a second key', ({ data }) => 'more' in (data ?? {})],
  ['events', 'finalizers', ({ metadata }) => 'finalizers' in metadata],
] as const satisfies readonly (readonly [string, string, (body: Body) => boolean])[]) {
  test(`doctor finds a guard of ${kind} that accepts ${what}`, async () => {
    const { accepted } = await tryWith(({ path, body }) => {
      if (kindOf(path) === kind && isIt(body as Body)) return {}
      throw deny(path)
    })
    assert.deepEqual(accepted, [{ kind, what }])
  })
}

interface Body {
  readonly metadata: object
  readonly spec?: object
  readonly data?: object
}

test('doctor tries the guard on a ServiceAccount that every namespace has, if the helper may write that ServiceAccount', async () => {
  const triedWith = async (...include: readonly string[]) => {
    const { calls } = await tryWith(
      ({ path }) => {
        throw deny(path)
      },
      { targets: { serviceAccounts: { include, exclude: [] } } },
    )
    return new Set(
      calls.filter(({ path }) => kindOf(path) === 'serviceaccounts').map(({ path }) => path.split('/').at(-1)),
    )
  }
  assert.deepEqual(await triedWith('builder', 'default'), new Set(['default']))
  assert.deepEqual(await triedWith('ci-*'), new Set(['default']))
  assert.deepEqual(await triedWith('builder'), new Set(['builder']))
})

test('with attach: admission doctor tries no ServiceAccount, which the helper may not write', async () => {
  const { calls } = await tryWith(
    ({ path }) => {
      throw deny(path)
    },
    { attach: 'admission' },
  )
  assert.deepEqual(
    calls.filter(({ path }) => path.includes('/serviceaccounts/')),
    [],
  )
})

// Sources:
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation; the
// ClusterRoles that allow it: Kubernetes,
// plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
test('without the right to impersonate the helper, doctor reports that the effect of the guard was not checked', async () => {
  // The message of Kubernetes 1.37, where impersonation can be limited to verbs. Older versions say
  // `cannot impersonate resource`.
  const message =
    'PATCH returned 403: secrets "acr-nopass" is forbidden: User "jane" cannot impersonate-on:serviceaccount:patch resource "secrets" in API group "" in the namespace "acr-nopass"'
  const { accepted, calls, unread } = await tryWith(() => {
    throw new KubeApiError(403, message)
  })
  assert.deepEqual(
    [accepted, calls.length, unread.map(({ what, why }) => `${what}: ${why}`)],
    [undefined, 1, [`The guard's effect (dry runs as the helper): ${message.replace('PATCH returned 403: ', '')}`]],
  )
})

test('a dry run that something else refused proves nothing about the guard', async () => {
  const { accepted, unread } = await tryWith(({ path }) => {
    if (!path.includes('/configmaps/')) throw deny(path)
    throw new KubeApiError(400, 'PATCH returned 400: admission webhook "x" does not support dry run')
  })
  assert.deepEqual(accepted, [])
  assert.equal(unread.length, 5)
  assert.match(`${unread[0]?.what}: ${unread[0]?.why}`, /The guard of configmaps \(labels\): something else refused/)
})
