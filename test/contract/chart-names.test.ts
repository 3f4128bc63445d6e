import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { findRelease } from '../../src/installation/find-release.ts'
import { fullNameOf, serviceAccountOf } from '../../src/policy/helper-grants.ts'
import { CHART, openHelm, scenario } from '../support/chart/chart.ts'
import { type LabelledObject, labelledCluster, type Sign } from '../support/labelled-cluster.ts'

const helm = await openHelm()
after(() => helm[Symbol.asyncDispose]())

/** Parses rendered manifests as Helm does: YAML 1.1, in which 123 and 1e3 are numbers. */
function documents(manifest: string): readonly Record<string, unknown>[] {
  return parseAllDocuments(manifest, { version: '1.1' }).flatMap((one) => (one.toJS() ? [one.toJS()] : []))
}

/** Returns every value that is used as a name, with its path. */
function names(value: unknown, path = ''): readonly (readonly [path: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]): readonly (readonly [string, unknown])[] => {
    const here = `${path}.${key}`
    if (/^(name|namespace|serviceAccountName|priorityClassName|secretName|policyName)$/.test(key))
      return [[here, inner]]
    if (key === 'resourceNames') return (inner as readonly unknown[]).map((item) => [here, item] as const)
    return names(inner, here)
  })
}

const LISTED = {
  scope: 'namespaces',
  targets: { namespaces: { include: ['shop'], exclude: [], selector: {} } },
} as const
const REGISTRY = { name: 'old', edition: 'static', domains: ['a.example.com'], existingSecret: '123' }

// The schema accepted all of these as names, and the API server rejected them as numbers.
for (const [title, values] of [
  [
    'of everything',
    {
      registries: [REGISTRY],
      identity: { type: 'access-key', accessKey: { existingSecret: '456' } },
      serviceAccount: { name: '456' },
      priorityClassName: '1e3',
      attach: 'both',
      secretName: '789',
      targets: { serviceAccounts: { include: ['321', '1e5'] } },
      imagePullSecrets: [{ name: '0123' }],
    },
  ],
  [
    'of listed namespaces',
    { scope: 'namespaces', targets: { namespaces: { include: ['123', '1e3'], exclude: [], selector: {} } } },
  ],
] as const) {
  test(`names ${title} that look like numbers are rendered as text (${helm.name})`, async () => {
    const output = await helm.render({ values: [scenario('minimal'), values], release: '42', namespace: '123' })
    const found = documents(output).flatMap((document) => names(document, String(document.kind)))
    assert.deepEqual(
      found.filter(([, value]) => typeof value !== 'string'),
      [],
    )
    const flat = new Set(found.map(([, value]) => value))
    const expected = title === 'of everything' ? ['123', '456', '1e3', '789', '321', '0123'] : ['123', '1e3']
    for (const name of expected) assert.ok(flat.has(name), name)
  })
}

// Without names of their own, two aliases overwrite each other's objects, or the installation
// fails.
test('two aliases of the chart in one umbrella chart share no object and no selector labels', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-aliases-'))
  try {
    const aliases = ['shop-pull', 'Base_Pull']
    await cp(CHART, join(folder, 'charts/acr-nopass'), { recursive: true })
    const dependencies = aliases.map((alias) => ({ name: 'acr-nopass', version: '*', alias }))
    const chart = { apiVersion: 'v2', name: 'umbrella', version: '1.0.0', dependencies }
    await writeFile(join(folder, 'Chart.yaml'), JSON.stringify(chart))
    const own = {
      attach: 'both',
      networkPolicy: { enabled: true },
      metrics: { dashboard: { enabled: true } },
    }
    const registries = [{ name: 'p', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }]
    const each = { ...own, registries, identity: { type: 'worker-role' } }
    const values = [Object.fromEntries(aliases.map((alias) => [alias, each]))]
    const objects = documents(await helm.render({ values, chart: folder, release: 'apps' })) as readonly {
      readonly kind: string
      readonly metadata: { readonly name: string; readonly namespace?: string }
      readonly data?: Record<string, string>
      readonly spec?: { readonly selector?: { readonly matchLabels?: Record<string, string> } }
    }[]
    const keys = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
    assert.equal(new Set(keys).size, keys.length, keys.toSorted().join('\n'))
    const deployments = objects.filter(({ kind }) => kind === 'Deployment')
    assert.deepEqual(deployments.map(({ metadata }) => metadata.name).toSorted(), ['apps-base-pull', 'apps-shop-pull'])
    assert.deepEqual(
      deployments.map(({ spec }) => spec?.selector?.matchLabels?.['app.kubernetes.io/instance']).toSorted(),
      ['apps-base-pull', 'apps-shop-pull'],
    )
    const configs = objects.flatMap(({ data }) => data?.['config.yaml'] ?? [])
    const releases = configs.flatMap((text) => documents(text).map(({ release }) => Object(release).name as unknown))
    assert.deepEqual(releases.toSorted(), ['apps-base-pull', 'apps-shop-pull'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

// Ports of the DNS behind the Service: 5353 in
// https://github.com/openshift/cluster-dns-operator/blob/master/assets/dns/daemonset.yaml, 8053 in
// https://github.com/gardener/gardener/blob/master/pkg/component/networking/coredns/constants/constants.go
test('user, group and DNS ports are values; null leaves user and group to the cluster', async () => {
  const render = async (values: object): Promise<string> => helm.render({ values: [scenario('minimal'), values] })
  const usual = await render({ networkPolicy: { enabled: true } })
  assert.match(usual, /runAsGroup: 65532\n\s+runAsNonRoot: true\n\s+runAsUser: 65532\n/)
  assert.deepEqual(usual.match(/port: 53\n/g)?.length, 2)
  const open = await render({ runAsUser: null, runAsGroup: null, networkPolicy: { enabled: true, dnsPorts: [5353] } })
  assert.doesNotMatch(open, /runAsUser|runAsGroup|port: 53\n/)
  assert.match(open, /runAsNonRoot: true/)
  assert.equal(open.match(/port: 5353\n/g)?.length, 2)
})

test('the names of the objects are those that policies and checks expect, by release, nameOverride and fullnameOverride', async () => {
  for (const release of ['ci', 'acr-nopass', 'my.acr-nopass', 'pull-eu', 'r'.repeat(53), `${'r'.repeat(41)}-x`]) {
    for (const own of [
      { nameOverride: '', fullnameOverride: '' },
      { nameOverride: 'pull', fullnameOverride: '' },
      { nameOverride: 'pull', fullnameOverride: 'image-pull' },
    ]) {
      const values = [scenario('minimal'), own, { metrics: { dashboard: { enabled: true } } }]
      const objects = documents(await helm.render({ values, release, namespace: 'n' })) as readonly {
        readonly kind: string
        readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels: object }
        readonly data?: Record<string, string>
      }[]
      const fullname = fullNameOf(release, own)
      const config = objects.flatMap(({ data }) => data?.['config.yaml'] ?? []).flatMap(documents)
      assert.deepEqual(Object(config[0]).release, {
        name: release,
        namespace: 'n',
        fullname,
        serviceAccount: serviceAccountOf(release, {
          ...own,
          serviceAccount: { name: '', annotations: {}, labels: {} },
        }),
        lease: fullname,
        status: `${fullname}-status`,
      })
      const inside = objects.filter(({ metadata }) => metadata.namespace !== undefined)
      const names = [...new Set(inside.map(({ metadata }) => metadata.name))].sort()
      assert.deepEqual(names, [fullname, `${fullname}-dashboard`, `${fullname}-status`])
      // Outside the namespace, and in labels, the release name is used, so that no override makes
      // two releases collide.
      for (const { metadata } of objects) {
        if (metadata.namespace === undefined) assert.ok(metadata.name.startsWith(`acr-nopass.n.${release}`))
        assert.equal(new Map(Object.entries(metadata.labels)).get('app.kubernetes.io/name'), 'acr-nopass')
      }
    }
  }
})

/** Returns the objects of a rendered release with the fields that identify it in the API server. */
function appliedCluster(manifest: string) {
  type Rendered = LabelledObject & { readonly kind: string }
  const objects = documents(manifest) as unknown as readonly Rendered[]
  const kinds = {
    ClusterRoleBinding: 'ClusterRoleBinding',
    ClusterRole: 'ClusterRole',
    ValidatingAdmissionPolicy: 'Guard',
  }
  const signs = Object.entries(kinds).flatMap(([kind, sign]) =>
    objects.filter((one) => one.kind === kind).map(({ metadata }) => [sign as Sign, metadata.name] as const),
  )
  return { configMaps: objects.filter(({ kind }) => kind === 'ConfigMap'), signs }
}

for (const [title, values, signs, evidence] of [
  ['of the whole cluster', {}, ['ClusterRoleBinding', 'ClusterRole', 'Guard'], 'proven'],
  ['of the whole cluster without the guard', { guard: 'disabled' }, ['ClusterRoleBinding', 'ClusterRole'], 'proven'],
  ['of listed namespaces with the guard', LISTED, ['Guard'], 'proven'],
  ['of listed namespaces without the guard, which has to be named', { ...LISTED, guard: 'disabled' }, [], 'missing'],
] as const) {
  test(`objects that the chart renders outside of its namespace prove a release: ${title}`, async () => {
    const rendered = await helm.render({ values: [scenario('minimal'), values], release: 'a.b', namespace: 'n' })
    const { configMaps, signs: all } = appliedCluster(rendered)
    const named = { namespace: 'n', release: 'a.b' }
    const found = await findRelease(labelledCluster({ configMaps, signs: all }).reader, named)
    assert.deepEqual([found.chosen?.evidence, found.others], [evidence, []])
    // Each of these labels and names identifies the release without the others.
    assert.deepEqual([...new Set(all.map(([sign]) => sign))].toSorted(), [...signs].toSorted())
    for (const sign of signs) {
      const only = labelledCluster({ configMaps, signs: all.filter(([one]) => one === sign) })
      assert.equal((await findRelease(only.reader, named)).chosen?.evidence, 'proven')
    }
  })
}

test('an alias that is too long for names is rejected: two with the same prefix would become one release', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-aliases-'))
  try {
    const alias = 'acr-nopass-production-eu'
    await cp(CHART, join(folder, 'charts/acr-nopass'), { recursive: true })
    const dependencies = [{ name: 'acr-nopass', version: '*', alias }]
    await writeFile(
      join(folder, 'Chart.yaml'),
      JSON.stringify({ apiVersion: 'v2', name: 'umbrella', version: '1.0.0', dependencies }),
    )
    const registries = [{ name: 'p', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }]
    const values = [{ [alias]: { registries, identity: { type: 'worker-role' } } }]
    assert.match(
      await helm.refusal({ values, chart: folder, release: 'apps' }),
      /the alias acr-nopass-production-eu has 24 characters/,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
