import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { formatPatch, OMIT_HEADERS, structuredPatch } from 'diff'
import { parse } from 'yaml'
import { type ManifestObject, parseManifest } from '../../src/helm/release/manifest.ts'
import { VERSION } from '../../src/version.ts'
import {
  CHART,
  listScenarios,
  NEWEST,
  openHelm,
  readGolden,
  scenario,
  withoutBlankLines,
} from '../support/chart/chart.ts'

const helm = await openHelm()
const scenarios = await listScenarios()
after(() => helm[Symbol.asyncDispose]())

/**
 * Renders each scenario for the newest Kubernetes, and some for older versions, where the chart
 * depends on the version.
 */
const renders = [
  ...scenarios.map(({ name }) => ({ name, kubeVersion: NEWEST })),
  { name: 'minimal', kubeVersion: '1.35.2-aliyun.1' },
  { name: 'minimal', kubeVersion: '1.36.0-aliyun.1' },
  { name: 'namespaces-scope', kubeVersion: '1.30.1-aliyun.1' },
  { name: 'no-guard', kubeVersion: '1.24.6-aliyun.1' },
]

/**
 * These scenarios are stored in full. The others are stored as diffs from the minimal chart, which
 * show what a value does.
 */
const FULL = [`minimal-${NEWEST}`, `everything-${NEWEST}`, `namespaces-scope-${NEWEST}`, 'no-guard-1.24.6-aliyun.1']

/** Returns the lines that differ, each with three lines of context. */
const differences = (from: string, to: string): string =>
  formatPatch(structuredPatch('minimal', 'this', from, to, '', '', { context: 3 }), OMIT_HEADERS)

for (const { name, kubeVersion } of renders) {
  test(`${name} on Kubernetes ${kubeVersion} renders as committed`, async () => {
    const manifest = withoutBlankLines(await helm.render({ values: [scenario(name)], kubeVersion }))
    const key = `${name}-${kubeVersion}`
    if (FULL.includes(key)) return assert.equal(manifest, await readGolden(`${key}.yaml`, manifest))
    const minimal = withoutBlankLines(await helm.render({ values: [scenario('minimal')], kubeVersion: NEWEST }))
    const shown = differences(minimal, manifest)
    assert.equal(shown, await readGolden(`${key}.diff`, shown))
  })
}

for (const { name, file } of scenarios) {
  test(`${name} passes helm lint --strict`, async () => {
    const { code, stdout, stderr } = await helm.run(['lint', '--strict', CHART, '--kube-version', NEWEST], [file])
    assert.equal(code, 0, stdout + stderr)
  })
}

test('another registry for the image changes only the image', async () => {
  const before = await helm.render({ values: [scenario('minimal')] })
  const mirror = await helm.render({ values: [scenario('minimal'), { image: { registry: 'mirror.example.com' } }] })
  const changed = mirror.split('\n').filter((line, index) => line !== before.split('\n')[index])
  assert.deepEqual(changed, [`        image: mirror.example.com/acr-nopass/acr-nopass:${VERSION}`])
})

test('an image is built from registry, repository, tag and digest; the global registry takes precedence', async () => {
  const image = async (values: object): Promise<unknown> => {
    const output = await helm.render({ values: [scenario('minimal'), values] })
    const deployment = object(parseManifest(output), 'Deployment')
    const { spec } = (deployment.body as { spec: { template: { spec: { containers: [{ image: string }] } } } }).spec
      .template
    return spec.containers[0].image
  }
  const digest = `sha256:${'a'.repeat(64)}`
  assert.equal(await image({}), `ghcr.io/acr-nopass/acr-nopass:${VERSION}`)
  assert.equal(await image({ image: { registry: '' } }), `acr-nopass/acr-nopass:${VERSION}`)
  assert.equal(await image({ image: { tag: 'edge', digest } }), `ghcr.io/acr-nopass/acr-nopass:edge@${digest}`)
  assert.equal(
    await image({ global: { imageRegistry: 'mirror:5000' }, image: { repository: 'x/y' } }),
    `mirror:5000/x/y:${VERSION}`,
  )
})

test('labels and annotations contain no null or empty value, and each object has a namespace or is cluster-scoped', async () => {
  for (const { file } of scenarios) {
    for (const { body, name, namespace, kind } of parseManifest(await helm.render({ values: [file] }))) {
      // The object comes from extraObjects, so it has the user's own labels.
      if (name.endsWith('-extra')) continue
      const { labels, annotations } = body.metadata as { labels?: object; annotations?: object }
      assert.notEqual(labels, null)
      assert.notEqual(annotations, null)
      assert.notDeepEqual(annotations, {})
      const wide = /^(Namespace|(ClusterRole|(Validating|Mutating)AdmissionPolicy)(Binding)?)$/.test(kind)
      assert.equal(namespace === undefined, wide, kind)
    }
  }
})

test('the chart has no hooks, no custom resource definitions, no lookups and nothing random', async () => {
  for (const { file } of scenarios) {
    const output = await helm.render({ values: [file] })
    assert.equal(output, await helm.render({ values: [file] }))
    assert.doesNotMatch(output, /helm\.sh\/hook|CustomResourceDefinition/)
  }
})

test("the Deployment's selector labels never change", async () => {
  const output = await helm.render({ values: [scenario('everything')] })
  const { spec } = object(parseManifest(output), 'Deployment').body as { spec: { selector: object } }
  assert.deepEqual(spec.selector, {
    matchLabels: { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'acr-nopass' },
  })
})

test('names are short enough and without dots, whatever the release name is', async () => {
  for (const release of ['a', 'a.b.c', 'r'.repeat(53), `${'r'.repeat(41)}-x`, 'my-acr-nopass', 'acr-nopass.eu']) {
    const output = await helm.render({ values: [scenario('everything')], release, namespace: 'n' })
    for (const { kind, name, namespace } of parseManifest(output)) {
      if (namespace !== undefined) assert.match(name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, `${kind} of ${release}`)
    }
  }
})

test('the chart works as a dependency of an umbrella chart, with values that are shared by all charts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-umbrella-'))
  try {
    await cp(CHART, join(folder, 'charts/acr-nopass'), { recursive: true })
    const dependencies = [{ name: 'acr-nopass', version: '*', condition: 'acr-nopass.enabled' }]
    const chart = { apiVersion: 'v2', name: 'umbrella', version: '1.0.0', dependencies }
    await writeFile(join(folder, 'Chart.yaml'), JSON.stringify(chart))
    const own = parse(await readFile(scenario('everything'), 'utf8')) as object
    const global = { imageRegistry: 'mirror.example.com', imagePullSecrets: ['of-another-chart'] }
    const on = await helm.render({ values: [{ global, 'acr-nopass': { ...own, enabled: true } }], chart: folder })
    assert.match(on, /image: mirror\.example\.com\/mirror\/acr-nopass:/)
    assert.ok(parseManifest(on).some(({ name }) => name === 'acr-nopass-dashboard'))
    const off = await helm.render({ values: [{ 'acr-nopass': { ...own, enabled: false } }], chart: folder })
    assert.deepEqual(parseManifest(off), [])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('chart, image tag and package have one version', async () => {
  const { version } = JSON.parse(await readFile(join(CHART, '../package.json'), 'utf8')) as { version: string }
  const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as Record<string, unknown>
  assert.equal(chart.version, version)
  assert.equal(chart.appVersion, version)
  const annotations = chart.annotations as Record<string, string>
  const read = (name: string): { image?: string; url?: string }[] => parse(annotations[`artifacthub.io/${name}`] ?? '')
  assert.deepEqual(
    read('images').map(({ image }) => image),
    [`ghcr.io/acr-nopass/acr-nopass:${version}`],
  )
  for (const { url = '' } of read('links')) {
    const [, path = ''] = new RegExp(`/blob/v${version.replaceAll('.', '\\.')}/(.+)$`).exec(url) ?? []
    assert.ok(path !== '' && existsSync(join(CHART, '..', path)), url)
  }
  assert.ok(read('changes').length > 0)
})

function object(objects: readonly ManifestObject[], kind: string): ManifestObject {
  const found = objects.find((candidate) => candidate.kind === kind)
  assert.ok(found, `no ${kind} was rendered`)
  return found
}
