import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { loadConfig } from '../../src/installation/load-config.ts'
import { createTargets } from '../../src/installation/targets.ts'
import { scenario } from '../support/chart/chart.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'

interface PodSpec {
  imagePullSecrets?: { name: string }[]
}

const ACR = 'prod-registry.cn-hangzhou.cr.aliyuncs.com/shop/app:1'

const chart = await openChartCluster('chart-images')
after(() => chart[Symbol.asyncDispose]())
await chart.createNamespace('plain')
// Registries with different namespaces and labels, and therefore two policies that overlap in some
// namespaces.
await chart.install('images', 'sys', scenario('acr-images'))
await chart.install('labels', 'sys', scenario('admission'), { secretName: 'by-labels' })
await eventually(async () => assert.deepEqual(await entries('plain', [ACR]), ['acr-nopass']), 20_000)

const rows: readonly [string, readonly string[], boolean][] = [
  ['an Enterprise instance', [ACR], true],
  [
    'the VPC domain of an Enterprise instance',
    [`prod-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/app@sha256:${'a'.repeat(64)}`],
    true,
  ],
  ['an Enterprise instance with a port', ['prod-registry.cn-hangzhou.cr.aliyuncs.com:443/shop/app'], true],
  ['the Personal Edition', ['registry.cn-hangzhou.aliyuncs.com/shop/app'], true],
  ['the VPC domain of the Personal Edition', ['registry-vpc.cn-hangzhou.aliyuncs.com/shop/app'], true],
  ['the classic network domain of the Personal Edition', ['registry-internal.cn-hangzhou.aliyuncs.com/shop/app'], true],
  ['the international Personal Edition', ['registry-intl.ap-southeast-1.aliyuncs.com/shop/app'], true],
  [
    'the VPC domain of the international Personal Edition',
    ['registry-intl-vpc.ap-southeast-1.aliyuncs.com/shop/app'],
    true,
  ],
  ['another host with the same prefix', ['registry-x.cn-hangzhou.aliyuncs.com/shop/app'], false],
  ['the new Personal Edition', ['crpi-abc.cn-hangzhou.personal.cr.aliyuncs.com/shop/app'], true],
  ['a custom domain', ['images.example.com/shop/app'], true],
  ['a custom domain with a port', ['registry.example.com:5000/shop/app'], true],
  ['the same domain without the port', ['registry.example.com/shop/app'], false],
  ['our namespace in a shared domain', ['shared.example.com/team/app'], true],
  ['another namespace in a shared domain', ['shared.example.com/others/app'], false],
  ['a namespace with the same prefix', ['shared.example.com/teams/app'], false],
  ['the image of a second container', ['busybox', ACR], true],
  ['an image without a registry', ['busybox'], false],
  ['another registry', ['ghcr.io/shop/app'], false],
  ['a domain with the same suffix', ['evilcr.aliyuncs.com/shop/app'], false],
  ['a domain with the same prefix', ['registry.cn-hangzhou.aliyuncs.com.evil.example/shop/app'], false],
  ['another service of the cloud', ['oss.cn-hangzhou.aliyuncs.com/shop/app'], false],
  ['a domain in the path', ['evil.example/prod-registry.cn-hangzhou.cr.aliyuncs.com/app'], false],
]

for (const [title, images, matches] of rows) {
  test(`P8 admissionImages: acr ${matches ? 'adds' : 'does not add'} the reference for ${title}: ${images[0]?.slice(0, 60)}`, async () => {
    assert.deepEqual(await entries('plain', images), matches ? ['acr-nopass'] : [])
  })
}

test('P8 admissionImages: acr also checks init containers and image volumes', async () => {
  const initContainers = [{ name: 'first', image: ACR }]
  const volumes = [
    { name: 'data', image: { reference: ACR } },
    { name: 'tmp', emptyDir: {} },
  ]
  assert.deepEqual(await entries('plain', ['busybox'], { initContainers }), ['acr-nopass'])
  assert.deepEqual(await entries('plain', ['busybox'], { volumes }), ['acr-nopass'])
  assert.deepEqual(await entries('plain', ['busybox'], { volumes: volumes.slice(1) }), [])
})

test('P8 the mirror of a static Pod, which must not reference a Secret, is admitted unchanged', async () => {
  const annotations = { 'kubernetes.io/config.mirror': 'a', 'kubernetes.io/config.source': 'file' }
  assert.deepEqual(await entries('plain', [ACR], { nodeName: 'node' }, annotations), [])
})

const byLabels: readonly [string, Readonly<Record<string, string>>, boolean][] = [
  ['web', {}, true],
  ['team-a', {}, true],
  ['team-secret', {}, false],
  ['team-a-test', {}, false],
  ['shop-a', {}, true],
  ['shop-a-test', {}, false],
  ['other', {}, false],
  // The exclusion does not apply to registries that require the label.
  ['team-b-test', { acr: 'enabled' }, true],
  ['other-labelled', { acr: 'enabled' }, false],
  ['team-both', { acr: 'enabled' }, true],
]

for (const [namespace, labels, matches] of byLabels) {
  test(`P8 registries with different targets: ${namespace} with ${JSON.stringify(labels)} ${matches ? 'is a target' : 'is not a target'}`, async () => {
    await chart.createNamespace(namespace, labels)
    const check = async (): Promise<void> => {
      assert.deepEqual(await entries(namespace, ['busybox']), matches ? ['by-labels'] : [])
    }
    await eventually(check)
  })
}

test('P8 the helper writes the Secret to exactly the namespaces where the API server adds the reference', async () => {
  const { data } = await chart.admin.request<{ data: Record<string, string> }>({
    method: 'GET',
    path: '/api/v1/namespaces/sys/configmaps/labels-acr-nopass',
  })
  const targets = createTargets(loadConfig(data['config.yaml'] ?? '').config)
  for (const [name, labels, matches] of byLabels) {
    const view = { name, labels, optedOut: false, terminating: false, uid: 'u', resourceVersion: '1' }
    assert.equal(targets.includes(view), matches, name)
  }
})

test('P8 each release adds its own entry, once', async () => {
  assert.deepEqual((await entries('team-both', [ACR])).sort(), ['acr-nopass', 'by-labels'])
})

async function entries(
  namespace: string,
  images: readonly string[],
  more: object = {},
  annotations: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const containers = images.map((image, index) => ({ name: `c${index}`, image }))
  const made = await chart.admin.request<{ spec: PodSpec }>({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { dryRun: 'All' },
    body: { metadata: { name: 'probe', annotations }, spec: { containers, ...more } },
  })
  return (made.spec.imagePullSecrets ?? []).map(({ name }) => name)
}
