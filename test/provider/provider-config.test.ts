import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchesImage } from '../../src/acr/match-image.ts'
import { isAcrHost } from '../../src/acr/registry-domains.ts'
import { expectConfigs, hashConfig } from '../../src/node/expected-configs.ts'
import { toNodeConfig } from '../../src/node/node-config.ts'
import { credentialProviderConfig, matchImages, type ProviderFiles } from '../../src/node/provider-config.ts'
import { mergeProviders } from '../../src/node/script/merge-providers.ts'
import { NODE_CONFIG } from '../../src/node/script/plan-node.ts'
import { PROVIDER as NAME } from '../../src/node/script/profiles.ts'
import { loadValues } from '../../src/values/load-values.ts'

// Kubernetes v1.37.2, pkg/credentialprovider/keyring_test.go, TestURLsMatch.
const KUBELET_CASES: readonly (readonly [pattern: string, image: string, isMatch: boolean])[] = [
  ['*.kubernetes.io', 'prefix.kubernetes.io', true],
  ['prefix.*.io', 'prefix.kubernetes.io', true],
  ['prefix.kubernetes.*', 'prefix.kubernetes.io', true],
  ['*-good.kubernetes.io', 'prefix-good.kubernetes.io', true],
  ['*.kubernetes.io/blah', 'prefix.kubernetes.io/blah', true],
  ['prefix.*.io/foo', 'prefix.kubernetes.io/foo/bar', true],
  ['*.kubernetes.io:1111/blah', 'prefix.kubernetes.io:1111/blah', true],
  ['prefix.*.io:1111/foo', 'prefix.kubernetes.io:1111/foo/bar', true],
  ['*.kubernetes.io', 'kubernetes.io', false],
  ['*.*.kubernetes.io', 'prefix.kubernetes.io', false],
  ['*.*.kubernetes.io', 'kubernetes.io', false],
  ['*kubernetes.io', 'a.kubernetes.io', false],
  ['*kubernetes.io', 'kubernetes.io', true],
  ['*.*.*.kubernetes.io', 'a.b.c.kubernetes.io', true],
  ['kubernetes.io', 'kubernetes.com', false],
  ['k*.io', 'quay.io', false],
  ['*.kubernetes.io:1234/blah', 'prefix.kubernetes.io:1111/blah', false],
  ['prefix.*.io/foo', 'prefix.kubernetes.io:1111/foo/bar', false],
]

test("patterns of images are matched as the kubelet does, by the cases of the kubelet's own test", () => {
  const results = KUBELET_CASES.map(([pattern, image]) => [pattern, image, matchesImage(pattern, image)])
  assert.deepEqual(results, KUBELET_CASES)
})

const FILES: ProviderFiles = { program: 'acr-nopass-provider', config: '/opt/acr-nopass/provider.json' }
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c123'

function valuesOf(registries: string, node: string) {
  const text = `registries:\n${registries}\nidentity: {type: worker-role}\nnode: ${node}\n`
  const { values, errors } = loadValues({ files: [{ name: 'values.yaml', text }] })
  assert.deepEqual(errors, [])
  assert.ok(values)
  return values
}
const ENTERPRISE = '- {name: prod, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou}'

test('the kubelet calls the program for every domain of an Enterprise instance, and for no other region', () => {
  const [pattern = '', ...more] = matchImages(valuesOf(ENTERPRISE, '{}').registries)
  assert.deepEqual([pattern, more], ['*.cn-hangzhou.cr.aliyuncs.com', []])
  const hosts = ['prod-registry.cn-hangzhou.cr.aliyuncs.com', 'prod-registry-vpc.cn-hangzhou.cr.aliyuncs.com']
  for (const host of hosts) assert.deepEqual([isAcrHost(host), matchesImage(pattern, `${host}/team/app`)], [true, true])
  assert.equal(matchesImage(pattern, 'prod-registry.cn-beijing.cr.aliyuncs.com/team/app'), false)
  assert.equal(matchesImage(pattern, 'cn-hangzhou.cr.aliyuncs.com/team/app'), false)
  // A domain of the new Personal Edition has one more label. Its login is static.
  assert.equal(matchesImage(pattern, 'crpi-1.cn-hangzhou.personal.cr.aliyuncs.com/team/app'), false)
})

test('the kubelet calls the program for the domains of the Personal Edition and for custom domains, and names each once', () => {
  const registries = `- {name: old, edition: personal, region: cn-beijing, domains: [images.example.com/shop]}
- {name: prod, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou, domains: ["images.example.com:5000"]}
- {name: twin, edition: enterprise, instanceId: cri-abc124, region: cn-hangzhou}
- {name: fixed, edition: static, existingSecret: login, domains: [fixed.example.com]}`
  assert.deepEqual(matchImages(valuesOf(registries, '{}').registries), [
    '*.cn-hangzhou.cr.aliyuncs.com',
    'images.example.com/shop',
    'images.example.com:5000',
    'registry-internal.cn-beijing.aliyuncs.com',
    'registry-intl-internal.cn-beijing.aliyuncs.com',
    'registry-intl-vpc.cn-beijing.aliyuncs.com',
    'registry-intl.cn-beijing.aliyuncs.com',
    'registry-vpc.cn-beijing.aliyuncs.com',
    'registry.cn-beijing.aliyuncs.com',
  ])
})

// Kubernetes v1.30.14, k8s.io/kubelet/config/v1/types.go, CredentialProvider: name, matchImages,
// defaultCacheDuration, apiVersion, args, env.
test('with the identity of the node the configuration has no key that a kubelet before 1.34 does not know', () => {
  const values = valuesOf(ENTERPRISE, '{identity: worker-role}')
  assert.deepEqual(credentialProviderConfig(values, FILES), {
    apiVersion: 'kubelet.config.k8s.io/v1',
    kind: 'CredentialProviderConfig',
    providers: [
      {
        name: 'acr-nopass-provider',
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        matchImages: ['*.cn-hangzhou.cr.aliyuncs.com'],
        defaultCacheDuration: '0s',
        args: ['credential-provider', '--config', '/opt/acr-nopass/provider.json'],
      },
    ],
  })
})

test('with the identity of ServiceAccounts the kubelet passes a token for STS and the role in our annotation, and also calls for static Pods', () => {
  const attributes = (node: string) =>
    credentialProviderConfig(valuesOf(ENTERPRISE, node), FILES).providers[0]?.tokenAttributes
  const ours = {
    serviceAccountTokenAudience: 'sts.aliyuncs.com',
    cacheType: 'ServiceAccount',
    requireServiceAccount: false,
    optionalServiceAccountAnnotationKeys: ['acr-nopass.io/role-arn'],
  }
  assert.deepEqual(attributes(`{serviceAccount: {oidcProviderArn: "${PROVIDER}"}}`), ours)
  const keys = ['acr-nopass.io/role-arn', 'pod-identity.alibabacloud.com/role-name']
  assert.deepEqual(attributes(`{serviceAccount: {oidcProviderArn: "${PROVIDER}", useRrsaRole: true}}`), {
    ...ours,
    optionalServiceAccountAnnotationKeys: keys,
  })
})

test("the file on a node has the entries' settings and no name of a Secret", () => {
  const registries = `${ENTERPRISE}\n- {name: fixed, edition: static, existingSecret: login, domains: [fixed.example.com]}`
  const config = toNodeConfig(
    valuesOf(registries, `{fallback: worker-role, serviceAccount: {oidcProviderArn: "${PROVIDER}"}}`),
  )
  const { registries: entries, ...rest } = config
  assert.deepEqual(rest, {
    version: 1,
    identity: 'service-account',
    fallback: 'worker-role',
    oidcProviderArn: PROVIDER,
    useRrsaRole: false,
    region: '',
    network: 'auto',
    endpoints: {},
  })
  assert.deepEqual(
    entries.map(({ name, instanceId, repositories }) => [name, instanceId, repositories]),
    [['prod', 'cri-abc123', ['*']]],
  )
  assert.ok(!JSON.stringify(config).includes('login'))
})

test('the file on a node has a provider only for ServiceAccounts, and certificate authorities only where the values have some', () => {
  const caBundle = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
  const values = valuesOf(ENTERPRISE, `{serviceAccount: {oidcProviderArn: "${PROVIDER}"}}`)
  const rrsa = {
    type: 'rrsa',
    rrsa: { roleArn: 'acs:ram::1234567890123456:role/r', oidcProviderArn: PROVIDER },
  } as const
  const parts = (change: object) => {
    const { oidcProviderArn, caBundle: authorities } = toNodeConfig({ ...values, ...change })
    return [oidcProviderArn, authorities]
  }
  assert.deepEqual(parts({}), [PROVIDER, undefined])
  assert.deepEqual(parts({ caBundle }), [PROVIDER, caBundle])
  const node = { ...values.node, serviceAccount: { useRrsaRole: false } }
  assert.deepEqual(parts({ node, identity: rrsa }), [PROVIDER, undefined])
  assert.deepEqual(parts({ node: { ...node, identity: 'worker-role' }, identity: rrsa }), [undefined, undefined])
})

test('values without the OIDC provider or without a usable registry are refused with the key to set', () => {
  const values = valuesOf(ENTERPRISE, '{}')
  assert.throws(() => toNodeConfig(values), {
    code: 'NODE_PROVIDER_MISSING',
    hint: /node\.serviceAccount\.oidcProviderArn/,
  })
  const fixed = valuesOf(
    '- {name: f, edition: static, existingSecret: s, domains: [f.example.com]}',
    '{identity: worker-role}',
  )
  assert.throws(() => credentialProviderConfig(fixed, FILES), { code: 'NODE_NO_REGISTRY' })
})

test('an entry that selects namespaces by labels is refused, because a node cannot read them, until that is accepted', () => {
  const registries = `- {name: a, edition: personal, region: cn-hangzhou, targets: {namespaces: {selector: {matchLabels: {team: a}}}}}`
  const node = (more: string) => valuesOf(registries, `{serviceAccount: {oidcProviderArn: "${PROVIDER}"}${more}}`)
  assert.throws(() => toNodeConfig(node('')), {
    code: 'VALUES_NODE_UNBOUNDED',
    message: /labels of namespaces .* registry a needs/,
  })
  assert.equal(toNodeConfig(node(', unbounded: true')).registries.length, 1)
})

test('a node is recognized by the hash of what the script writes, whatever the values of `node` are', () => {
  const registries = [
    { edition: 'enterprise' as const, region: 'cn-hangzhou', domains: ['b.example.com', 'a.example.com'] },
  ]
  const expected = expectConfigs(registries)
  const entry =
    '- {name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou, domains: [a.example.com, b.example.com]}'
  for (const [node, identity] of [
    ['{identity: worker-role}', 'worker-role'],
    [`{serviceAccount: {oidcProviderArn: "${PROVIDER}"}}`, 'service-account'],
    [`{serviceAccount: {oidcProviderArn: "${PROVIDER}", useRrsaRole: true}}`, 'service-account'],
  ] as const) {
    const config = credentialProviderConfig(valuesOf(entry, node), { program: NAME, config: NODE_CONFIG })
    const printed = `${JSON.stringify(config, null, 2)}\n`
    const written = mergeProviders([], { path: '', text: printed }).text ?? ''
    assert.deepEqual(
      [printed, written].map((text) => expected?.identities.get(hashConfig([text]))),
      [identity, identity],
    )
  }
  assert.equal(expectConfigs([{ edition: 'static', domains: ['a.example.com'] }]), undefined)
})

test('the hash of a configuration is over the length of each file and its content', () => {
  // printf '\0\0\0\0\0\0\0\2{}' | sha256sum
  assert.equal(hashConfig(['{}']), 'sha256:7cf4b3ea3b7fb829169af19d641905eb04c1a23d6057cbe10a975ba5bcfaa21e')
  assert.notEqual(hashConfig(['a', 'b']), hashConfig(['ab']))
})
