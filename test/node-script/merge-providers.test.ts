import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { mergeProviders } from '../../src/node/script/merge-providers.ts'

const OURS = {
  path: 'ours',
  text: JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1',
    kind: 'CredentialProviderConfig',
    providers: [{ name: 'acr-nopass-provider', matchImages: ['*.cn-hangzhou.cr.aliyuncs.com'] }],
  }),
}
/** The example of https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/ */
const ECR = `# Written by our image build.
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: ecr-credential-provider # from AWS
    matchImages:
      - "*.dkr.ecr.*.amazonaws.com"
    defaultCacheDuration: "12h"
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    args:
      - --v=3
    env:
      - name: AWS_PROFILE
        value: example_profile
`
const config = (...providers: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig', providers })
const file = (text: string, path = '/etc/providers.yaml') => ({ path, text })
const namesOf = (text = ''): readonly string[] => parse(text).providers.map(({ name }: { name: string }) => name)

test('without another provider the configuration is ours', () => {
  const { text, others } = mergeProviders([], OURS)
  assert.deepEqual(parse(text ?? ''), JSON.parse(OURS.text))
  assert.deepEqual(others, [])
})

test('another provider keeps all of its settings and comments, and ours comes last', () => {
  const { text = '', others } = mergeProviders([file(ECR)], OURS)
  assert.ok(text.startsWith('# Written by our image build.\n'))
  assert.ok(text.includes('# from AWS'))
  assert.deepEqual(parse(text).providers, [...parse(ECR).providers, ...JSON.parse(OURS.text).providers])
  assert.deepEqual(others, ['ecr-credential-provider'])
})

test('a second merge changes nothing, and removing ours leaves the others as they were', () => {
  const once = mergeProviders([file(ECR)], OURS).text ?? ''
  assert.equal(mergeProviders([file(once)], OURS).text, once)
  const alone = mergeProviders([], OURS).text ?? ''
  assert.equal(mergeProviders([file(alone)], OURS).text, alone)
  const back = mergeProviders([file(once)], undefined)
  assert.deepEqual(parse(back.text ?? ''), parse(ECR))
  assert.deepEqual(mergeProviders([file(OURS.text)], undefined), { text: undefined, others: [] })
})

test('a file that already holds our provider keeps its bytes, however it is written', () => {
  const text = `${ECR}  - {name: acr-nopass-provider,    matchImages: ["*.cn-hangzhou.cr.aliyuncs.com"]}\n`
  assert.equal(mergeProviders([file(text)], OURS).text, text)
})

test('a folder of files becomes one file in the order of the names', () => {
  const files = [file(config({ name: 'b' }), '/d/1.yaml'), file(config({ name: 'a' }), '/d/2.json')]
  assert.deepEqual(namesOf(mergeProviders(files, OURS).text), ['b', 'a', 'acr-nopass-provider'])
})

for (const version of ['v1beta1', 'v1alpha1']) {
  test(`an old file of ${version} becomes v1, and the protocol of its provider stays`, () => {
    const api = `credentialprovider.kubelet.k8s.io/${version}`
    const old = config({ name: 'old', apiVersion: api }).replace(
      'kubelet.config.k8s.io/v1',
      `kubelet.config.k8s.io/${version}`,
    )
    const merged = parse(mergeProviders([file(old)], OURS).text ?? '')
    assert.equal(merged.apiVersion, 'kubelet.config.k8s.io/v1')
    assert.equal(merged.providers[0].apiVersion, api)
  })
}

const refused: readonly (readonly [situation: string, text: string, message: RegExp])[] = [
  ['broken YAML', 'providers: [', /is not valid YAML/],
  ['two documents', `${config({ name: 'a' })}\n---\n${config({ name: 'b' })}\n`, /is not one YAML or JSON document/],
  ['an empty file', '', /is not one YAML or JSON document/],
  ['another kind', 'kind: KubeletConfiguration\n', /is not a CredentialProviderConfig/],
  ['an unknown version', config().replace('/v1"', '/v2"'), /unknown apiVersion kubelet\.config\.k8s\.io\/v2/],
  ['no list', config().replace('[]', '{}'), /has no list of providers/],
  ['a list', '[1]', /is not a mapping/],
  ['a name that is a path', config({ name: '../x' }), /without a usable name/],
  ['a provider without a name', config({}), /without a usable name/],
  ['a name twice', config({ name: 'a' }, { name: 'a' }), /two providers with the name a/],
  ['a key twice', 'kind: a\nkind: b\n', /is not valid YAML/],
]
for (const [situation, text, message] of refused) {
  test(`what is not understood is not merged: ${situation}`, () => {
    assert.throws(() => mergeProviders([file(text)], OURS), { code: 'NODE_PROVIDERS', message })
  })
}
