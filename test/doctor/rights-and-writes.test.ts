import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ManifestResult } from '../../src/acr/query-manifest.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { hasFindingOf } from '../../src/doctor/finding.ts'
import type { PodFacts } from '../../src/doctor/observed.ts'
import { type Row, testFindings } from './finding-table.ts'
import { admission, failure, fixture, HOST, IMAGE, NOW, registry, secret } from './fixture.ts'

const refused = (message: string, namespace = 'shop') => ({ ...failure('WRITE_REFUSED'), message, namespace })
const QUOTA =
  'the Secret acr-nopass was refused with 403: secrets "acr-nopass" is forbidden: exceeded quota: small, requested: count/secrets=1,secrets=1, used: count/secrets=0,secrets=0, limited: count/secrets=0,secrets=0'
const WEBHOOK =
  'the Secret acr-nopass was refused with 400: admission webhook "policy.example.com" denied the request: no'
const RBAC =
  'the Secret acr-nopass was refused with 403: secrets "acr-nopass" is forbidden: User "x" cannot patch resource "secrets" in API group ""'

const RRSA = {
  type: 'rrsa',
  rrsa: {
    roleArn: 'acs:ram::1234567890123456:role/r',
    oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/p',
  },
}

const ROWS: readonly Row[] = [
  {
    title: 'a quota that prevents the write, in two namespaces',
    observed: fixture({ status: { problems: [refused(QUOTA), refused(QUOTA, 'acr-nopass')] } }),
    finds: [['error', 'QUOTA_EXCEEDED', '2 namespaces']],
    message:
      /ResourceQuota small[\s\S]*Raise `count\/secrets` and `secrets` of that quota[\s\S]*kubectl -n shop describe resourcequota small/,
  },
  {
    title: 'a webhook that refuses, in two namespaces',
    observed: fixture({ status: { problems: [refused(WEBHOOK), refused(WEBHOOK, 'acr-nopass')] } }),
    finds: [['error', 'WEBHOOK_REFUSES', '2 namespaces']],
    message: /policy\.example\.com/,
  },
  {
    title: 'a write without the permission for it is reported once, with the missing permission',
    observed: fixture({ status: { problems: [refused(RBAC)] }, missingRights: ['patch secrets/acr-nopass'] }),
    finds: [['error', 'RIGHTS_MISSING', 'ServiceAccount acr-nopass/acr-nopass']],
    message: /helm -n acr-nopass get manifest/,
  },
  {
    title: 'a policy that refuses the write',
    observed: fixture({
      status: { problems: [refused('refused with 422: ValidatingAdmissionPolicy no-secrets denied')] },
    }),
    finds: [['error', 'WRITE_REFUSED', 'namespace shop']],
    message: /no-secrets/,
  },
  {
    title: 'a mutating webhook that changes the write',
    observed: fixture({
      status: { problems: [{ ...failure('WRITE_MUTATED'), namespace: 'shop', message: 'the helper leaves …' }] },
    }),
    finds: [['error', 'WRITE_REFUSED', 'namespace shop']],
    message: /A mutating webhook or policy changes[\s\S]*kubectl get mutatingwebhookconfigurations$/,
  },
  {
    title: 'a Secret that cannot be replaced',
    observed: fixture({ status: { problems: [{ ...failure('SECRET_NEEDS_DELETE'), namespace: 'shop' }] } }),
    finds: [['error', 'SECRET_STUCK', 'namespace shop']],
    message: /kubectl -n shop delete secret acr-nopass/,
  },
  // No printed command deletes an object that is not provably ours.
  {
    title: 'a Secret of another owner that cannot be replaced',
    observed: fixture({
      config: { adopt: true },
      secrets: new Map([
        ['shop', secret({ ours: false })],
        ['acr-nopass', secret()],
      ]),
      status: { problems: [{ ...failure('SECRET_NEEDS_DELETE'), namespace: 'shop' }] },
    }),
    finds: [
      ['error', 'SECRET_STUCK', 'namespace shop'],
      ['warning', 'SECRET_FOREIGN', 'namespace shop'],
    ],
    message: /the owner renames or deletes it\.[\s\S]*kubectl -n shop describe secret acr-nopass$/,
  },
  {
    title: 'a lost lease is a problem like any other',
    observed: fixture({ status: { problems: [failure('LEASE_LOST')] } }),
    finds: [['warning', 'HELPER_PROBLEM', 'helper']],
  },
  {
    title: 'a guard without its binding',
    observed: fixture({ admission: admission({ bound: ['acr-nopass.acr-nopass.acr-nopass.secrets'] }) }),
    finds: [['warning', 'GUARD_MISSING', 'ValidatingAdmissionPolicy acr-nopass.acr-nopass.acr-nopass.serviceaccounts']],
  },
  {
    title: 'a guard that was disabled',
    observed: fixture({ config: { guard: 'disabled' }, admission: admission({ bound: [] }) }),
    finds: [],
  },
  {
    title: 'a Kubernetes without guards',
    observed: fixture({ admission: admission({ canGuard: false }) }),
    finds: [['warning', 'KUBERNETES_OLD', 'guard']],
  },
  {
    title: 'a Kubernetes without mutating policies',
    observed: fixture({ config: { attach: 'admission' }, admission: admission({ canMutate: false }) }),
    finds: [['error', 'KUBERNETES_OLD', 'attach: admission']],
    message: /attach=serviceAccounts/,
  },
  {
    title: 'a policy that does nothing',
    observed: fixture({
      config: { attach: 'admission' },
      admission: admission({ tried: new Map([['shop', 'unreferenced']]) }),
    }),
    finds: [['error', 'POLICY_INACTIVE', 'MutatingAdmissionPolicy acr-nopass.acr-nopass.acr-nopass']],
  },
  {
    title: 'a policy for each selector',
    observed: fixture({
      config: {
        attach: 'admission',
        registries: [
          { name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' },
          {
            name: 'more',
            edition: 'static',
            domains: ['r.example.com'],
            existingSecret: 'x',
            targets: { namespaces: { selector: { matchLabels: { team: 'x' } } } },
          },
        ],
      },
      registries: [registry(), registry({ name: 'more' })],
    }),
    finds: [
      ['error', 'POLICY_MISSING', 'MutatingAdmissionPolicy acr-nopass.acr-nopass.acr-nopass.2'],
      ['warning', 'SECRET_INCOMPLETE', 'namespace acr-nopass'],
    ],
  },
  {
    title: 'a Lease that a ghost holds, with a renewal in the future that was written an hour ago',
    observed: fixture({ lease: { holder: 'ghost_1', renewedAt: NOW + 9e9, writtenAt: NOW - 3_600_000 } }),
    finds: [
      ['error', 'HELPER_LEADERLESS', 'helper acr-nopass/acr-nopass'],
      ['warning', 'CLOCK_SKEW', 'node of ghost'],
    ],
    message: /ghost_1 renewed it last/,
  },
  {
    title: 'a Lease with a renewal in the future whose holder is not a Pod of the helper',
    observed: fixture({ lease: { holder: 'ghost_1', renewedAt: NOW + 9e9 } }),
    finds: [['error', 'HELPER_LEADERLESS', 'helper acr-nopass/acr-nopass']],
  },
  {
    title: 'a Lease with a renewal in the future, whose holder may be a Pod of the helper',
    observed: fixture({ helperPods: undefined, lease: { holder: 'acr-nopass-1_x', renewedAt: NOW + 9e9 } }),
    finds: [],
  },
  {
    title: "the clock of the helper's node is ahead",
    observed: fixture({ lease: { holder: 'h_1', renewedAt: NOW + 90_000, writtenAt: NOW - 1000 } }),
    finds: [['warning', 'CLOCK_SKEW', 'node of h']],
    message: /NTP/,
  },
  {
    title: "this machine's clock is behind",
    observed: fixture({ aheadMs: -90_000 }),
    finds: [['warning', 'CLOCK_SKEW', 'this machine']],
    message: /timedatectl/,
  },
  // Expiry times and the lease are judged by the API server's clock.
  {
    title: "this machine's clock is two hours ahead of a healthy cluster",
    observed: fixture({ aheadMs: 7_200_000 }),
    finds: [['warning', 'CLOCK_SKEW', 'this machine']],
    message: /NTP/,
  },
  {
    title: 'a machine and a node with wrong clocks',
    observed: fixture({ aheadMs: 60_000, lease: { holder: 'h_1', renewedAt: NOW + 90_000, writtenAt: NOW - 1000 } }),
    finds: [
      ['warning', 'CLOCK_SKEW', 'this machine'],
      ['warning', 'CLOCK_SKEW', 'node of h'],
    ],
  },
  {
    title: 'P5 a release that cannot be read does not count as missing',
    observed: fixture({ release: null, unread: [{ what: 'ConfigMaps of all namespaces', why: 'no' }] }),
    finds: [['warning', 'RELEASE_UNREADABLE', 'release']],
  },
  {
    title: 'a role that trusts another principal, with the required one',
    observed: fixture({
      config: {
        identity: RRSA,
      },
      issuer: 'https://issuer.example.com',
      registries: [registry({ state: 'failing', error: failure('IDENTITY_NOT_TRUSTED') })],
    }),
    finds: [['error', 'ROLE_NOT_TRUSTED', 'registry demo']],
    message:
      /oidc:sub system:serviceaccount:acr-nopass:acr-nopass, oidc:iss https:\/\/issuer\.example\.com[\s\S]*--issuer https:\/\/issuer\.example\.com --oidc-provider-arn acs:ram::1234567890123456:oidc-provider\/p/,
  },
  {
    title: 'a role that STS does not know is no missing instance',
    observed: fixture({
      registries: [
        registry({ state: 'failing', error: { ...failure('CLOUD_NOT_FOUND'), reason: 'EntityNotExist.Role' } }),
      ],
    }),
    finds: [['error', 'ROLE_MISSING', 'registry demo']],
    message: /\nacr-nopass policy -f values\.yaml$/,
  },
  {
    title: 'a user that the Personal Edition does not know is no missing instance',
    observed: fixture({
      registries: [registry({ state: 'failing', error: { ...failure('CLOUD_NOT_FOUND'), reason: 'USER_NOT_EXIST' } })],
    }),
    finds: [['error', 'REGISTRY_FAILING', 'registry demo']],
    message: /let it\nacr-nopass refresh$/,
  },
  {
    // Source: terraform-provider-alicloud alicloud/service_alicloud_cr_ee.go. The instance is not
    // in a state that supports the operation.
    title: 'an instance that is not running, by the code of ACR',
    observed: fixture({
      registries: [
        registry({ state: 'failing', error: { ...failure('CLOUD_REJECTED'), reason: 'INSTANCE_STATUS_NOT_SUPPORT' } }),
      ],
    }),
    finds: [['error', 'INSTANCE_NOT_RUNNING', 'registry demo']],
    message: /aliyun cr GetInstance --region cn-hangzhou --InstanceId cri-abc123$/,
  },
  {
    title: 'an instance by name that is not running is looked up in the list',
    observed: fixture({
      registries: [
        registry({
          state: 'failing',
          instanceId: undefined as never,
          error: { ...failure('CLOUD_REJECTED'), reason: 'INSTANCE_STATUS_NOT_SUPPORT' },
        }),
      ],
    }),
    finds: [['error', 'INSTANCE_NOT_RUNNING', 'registry demo']],
    message: /aliyun cr ListInstance --region cn-hangzhou$/,
  },
  // A writer of the status object must not choose which command a reader of the report runs.
  {
    title: 'a report with shell commands in it, of an instance that is not running',
    observed: fixture({
      registries: [
        registry({
          state: 'failing',
          instanceId: 'x; id',
          region: '$(id)',
          error: { ...failure('CLOUD_REJECTED'), reason: 'INSTANCE_STATUS_NOT_SUPPORT' },
        }),
      ],
    }),
    finds: [['error', 'INSTANCE_NOT_RUNNING', 'registry demo']],
    message: /aliyun cr GetInstance --region '\$\(id\)' --InstanceId 'x; id'$/,
  },
  {
    title: 'a report with shell commands in it, of an instance that does not exist',
    observed: fixture({
      registries: [registry({ state: 'failing', region: '$(id)', error: failure('CLOUD_NOT_FOUND') })],
    }),
    finds: [['error', 'INSTANCE_NOT_FOUND', 'registry demo']],
    message: /aliyun cr ListInstance --region '\$\(id\)'$/,
  },
  {
    title: 'a report with shell commands in it, of a failed write',
    observed: fixture({ status: { problems: [{ ...failure('SECRET_CONFLICT'), namespace: '$(id)' }] } }),
    finds: [['warning', 'SECRET_CONFLICT', 'namespace $(id)']],
    message: /\nundefined$/,
  },
  {
    title: 'a report whose codes are names of what every object has',
    observed: fixture({
      registries: [registry({ state: 'failing', error: { ...failure('toString'), reason: 'constructor' } })],
    }),
    finds: [['error', 'REGISTRY_FAILING', 'registry demo']],
    message: /\nacr-nopass refresh$/,
  },
  {
    title: 'a role that does not trust the helper of an alias in an umbrella chart',
    observed: fixture({
      release: { name: 'apps-base-pull', fullname: 'apps-base-pull', helmRelease: 'apps' },
      admission: undefined,
      config: {
        release: {
          name: 'apps-base-pull',
          namespace: 'acr-nopass',
          fullname: 'apps-base-pull',
          serviceAccount: 'apps-base-pull',
          lease: 'apps-base-pull',
          status: 'apps-base-pull-status',
        },
        identity: RRSA,
      },
      issuer: 'https://issuer.example.com',
      registries: [registry({ state: 'failing', error: failure('IDENTITY_NOT_TRUSTED') })],
    }),
    finds: [['error', 'ROLE_NOT_TRUSTED', 'registry demo']],
    message: /--release apps-base-pull --service-account apps-base-pull --issuer/,
  },
  ...(
    [
      ['IDENTITY_UNAVAILABLE', 'IDENTITY_MISSING'],
      ['CREDENTIALS_MISSING', 'IDENTITY_MISSING'],
      ['CREDENTIALS_REFUSED', 'CREDENTIALS_REFUSED'],
      ['CLOUD_UNREACHABLE', 'CLOUD_OUT_OF_REACH'],
      ['REGISTRY_NOT_FOUND', 'INSTANCE_NOT_FOUND'],
      ['CLOUD_CLOCK', 'CLOCK_SKEW'],
      ['REGISTRY_LOGIN_REFUSED', 'REGISTRY_REFUSES'],
      ['CLOUD_THROTTLED', 'REGISTRY_FAILING'],
    ] as const
  ).map(
    ([code, id]): Row => ({
      title: `a registry that fails with ${code}`,
      observed: fixture({ registries: [registry({ state: 'failing', error: failure(code) })] }),
      finds: [['error', id, 'registry demo']],
    }),
  ),
]

testFindings(ROWS)

const RUNNING: PodFacts = {
  uid: 'uid-web-1',
  isReplaced: false,
  namespace: 'shop',
  name: 'web-1',
  serviceAccount: 'default',
  references: ['acr-nopass'],
  optedOut: false,
  owner: undefined,
  node: 'n1',
  containers: [{ name: 'app', image: IMAGE, running: true, pullPolicy: 'IfNotPresent' }],
}
const NODE = { name: 'n1', version: 'v1.37.2', platform: 'linux/arm64', cachePolicy: undefined }
const found = { result: 'found', detail: `${HOST} responded with HTTP 200`, platforms: ['linux/arm64'] } as const

test('doctor pod: a Pod that runs from the cache proves nothing until the registry is queried', () => {
  const ids = (responses: readonly (readonly [string, ManifestResult])[], node = NODE): string[] =>
    diagnose(fixture({ focus: { pod: RUNNING, node, responses: new Map(responses) } })).map(({ id }) => id)
  assert.deepEqual(ids([]), ['POD_CACHED'])
  assert.deepEqual(ids([[IMAGE, found]]), [])
  assert.deepEqual(ids([[IMAGE, found]], { ...NODE, version: 'v1.34.1' }), ['KUBELET_LENIENT'])
})

test('doctor pod: a running Pod that could not pull again is a warning', () => {
  const pod = { ...RUNNING, references: [] }
  const [finding] = diagnose(fixture({ focus: { pod, node: NODE, responses: new Map() } }))
  assert.deepEqual([finding?.id, finding?.severity], ['POD_TOO_OLD', 'warning'])
  assert.match(finding?.message ?? '', /app runs, but could not pull .* again/)
})

test("doctor pod: the registry's own response takes precedence over the node's message", () => {
  const waiting = { name: 'app', image: IMAGE, waiting: 'ErrImagePull', detail: 'dial tcp 10.1.2.3:443: i/o timeout' }
  const pod = { ...RUNNING, containers: [waiting] }
  const verdict = (response: object): unknown => {
    const responses = new Map([[IMAGE, { detail: 'x responded with HTTP 404', platforms: [], ...response } as never]])
    return diagnose(fixture({ focus: { pod, node: NODE, responses } }))[0]?.id
  }
  assert.equal(verdict({ result: 'tag-absent' }), 'POD_TAG_ABSENT')
  assert.equal(verdict({ result: 'repository-absent' }), 'POD_IMAGE_ABSENT')
  assert.equal(verdict({ result: 'denied' }), 'POD_DENIED')
  assert.equal(verdict({ result: 'login-refused' }), 'POD_LOGIN_REFUSED')
  assert.equal(verdict({ result: 'throttled' }), 'POD_THROTTLED')
  assert.equal(verdict({ result: 'found', platforms: ['linux/amd64'] }), 'POD_ARCHITECTURE')
  assert.equal(verdict({ result: 'unreachable' }), 'POD_NETWORK')
  assert.equal(verdict({ result: 'skipped' }), 'POD_NETWORK')
})

test('doctor pod: registries that its images do not use are not mentioned', () => {
  const others = [registry(), registry({ name: 'other', domains: ['other.example.com'], verified: 'refused' })]
  const observed = fixture({
    registries: others,
    focus: { pod: RUNNING, node: NODE, responses: new Map([[IMAGE, found]]) },
  })
  assert.deepEqual(diagnose(observed), [])
})

test('doctor: --fail-on counts findings of its severity or worse', () => {
  const findings = diagnose(
    fixture({
      secrets: new Map([
        ['shop', secret({ intact: false })],
        ['acr-nopass', secret()],
      ]),
    }),
  )
  assert.deepEqual(
    (['error', 'warning', 'info'] as const).map((severity) => hasFindingOf(findings, severity)),
    [false, true, true],
  )
})

test('doctor: values that have given no credential yet do not mean that nothing can be pulled', () => {
  const [finding] = diagnose(
    fixture({ registries: [registry({ state: 'pending', error: failure('CLOUD_NOT_FOUND') })] }),
  )
  assert.equal(
    finding?.message,
    'no new credential (CLOUD_NOT_FOUND); the current values have given no credential yet, so pulls use the credential of earlier values, which stays in the Secrets',
  )
})
