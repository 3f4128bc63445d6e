import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { formatError } from '../../src/errors.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY, SKIP } from '../../src/kube/names.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { CHART, listScenarios, openHelm, scenario } from '../support/chart/chart.ts'

const helm = await openHelm('helm4')
after(() => helm[Symbol.asyncDispose]())
const scenarios = await listScenarios()

/** The fields that the tests read from an object. */
interface Rendered {
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Readonly<Record<string, string>>
  readonly rules?: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[]
  readonly spec?: { readonly template?: { readonly metadata: { readonly annotations: object } } }
}

async function rendered(name: string, kind: string, ...more: object[]): Promise<Rendered[]> {
  const output = await helm.render({ values: [scenario(name), ...more] })
  return parseManifest(output)
    .filter((object) => object.kind === kind)
    .map(({ body }) => body as unknown as Rendered)
}

for (const { name, file } of scenarios) {
  test(`the action's check accepts the values of ${name}`, async () => {
    const [values, defaults] = await Promise.all(
      [file, join(CHART, 'values.yaml')].map((each) => readFile(each, 'utf8')),
    )
    assert.ok(values !== undefined && defaults !== undefined)
    const files = [{ name, text: values }]
    const { errors } = loadValues({ files, defaults: { name: 'values.yaml', text: defaults } })
    assert.deepEqual(errors.map(formatError), [])
  })

  test(`the helper accepts the configuration that ${name} renders`, async () => {
    const maps = await rendered(name, 'ConfigMap')
    const texts = maps.flatMap(({ data }) => (data?.['config.yaml'] === undefined ? [] : [data['config.yaml']]))
    assert.equal(texts.length, 1)
    const { config } = loadConfig(texts[0] as string)
    const { release } = config
    assert.deepEqual([release.name, release.namespace, release.lease], ['acr-nopass', 'acr-system', release.fullname])
    assert.match(config.attach, /^(admission|serviceAccounts|both)$/)
    const leases = await rendered(name, 'Lease')
    const accounts = await rendered(name, 'ServiceAccount')
    assert.deepEqual(
      [...leases, ...accounts, ...maps.filter(({ data }) => !data)].map(({ metadata }) => metadata.name),
      config.helper.enabled ? [release.lease, release.serviceAccount, release.status] : [],
    )
  })
}

test('guard and Pod policy use the labels that the helper sets', async () => {
  const policies = await rendered('minimal', 'ValidatingAdmissionPolicy')
  const secrets = policies.find(({ metadata }) => metadata.name.endsWith('.secrets'))
  const text = JSON.stringify(secrets)
  assert.ok(text.includes(`object.metadata.labels['${LABEL_MANAGED_BY}'] == '${MANAGED_BY}'`))
  assert.ok(text.includes(`object.metadata.labels['${LABEL_INSTANCE}'] == 'acr-system.acr-nopass'`))
  const [policy] = (await rendered('minimal', 'MutatingAdmissionPolicy')) as [object]
  assert.equal(JSON.stringify(policy).split(`"key":"${SKIP}"`).length, 3)
})

test('P8 no template contains the two forms of the Pod policy that crash the API server', async () => {
  for (const file of await readdir(join(CHART, 'templates'))) {
    const text = (await readFile(join(CHART, 'templates', file), 'utf8')).replaceAll(/^\s*#.*$/gm, '')
    assert.doesNotMatch(text, /\bObject\.spec|ApplyConfiguration|applyConfiguration|namespaceObject/, file)
  }
})

test('the Pod policy is rendered if the API server is to attach, and only then', async () => {
  const count = async (values: object): Promise<number> =>
    (await rendered('minimal', 'MutatingAdmissionPolicy', values)).length
  assert.equal(await count({ attach: 'admission' }), 1)
  assert.equal(await count({ attach: 'both' }), 1)
  assert.equal(await count({ attach: 'serviceAccounts' }), 0)
  // Pods would reference Secrets that are never written.
  assert.equal(await count({ attach: 'both', retire: true }), 0)
})

test('P5 without any target the helper can change no ServiceAccount, instead of all', async () => {
  const values = { attach: 'serviceAccounts', targets: { serviceAccounts: { include: [] } } }
  const [role] = await rendered('minimal', 'ClusterRole', values)
  const verbs = role?.rules?.filter(({ resources }) => resources.includes('serviceaccounts')).map((rule) => rule.verbs)
  assert.deepEqual(verbs, [['list', 'watch']])
})

test('a change that new Pods have to verify creates new Pods; one that can be reloaded does not', async () => {
  const annotations = async (values: object): Promise<unknown> => {
    const [deployment] = await rendered('minimal', 'Deployment', values)
    assert.ok(deployment?.spec?.template)
    return deployment.spec.template.metadata.annotations
  }
  const registry = { name: 'prod', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }
  const before = await annotations({})
  for (const values of [
    { registries: [{ ...registry, instanceId: 'cri-def456' }] },
    { identity: { workerRole: { imdsV1: true } } },
    { region: 'cn-hangzhou' },
    { registries: [{ ...registry, ...LIMITED }] },
    { endpoints: { cr: 'https://cr.example.com' } },
    { caBundle: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
  ]) {
    assert.notDeepEqual(await annotations(values), before, JSON.stringify(values))
  }
  for (const values of [
    { registries: [{ ...registry, repositories: ['shop/*'], targets: { namespaces: { include: ['shop'] } } }] },
    { targets: { namespaces: { include: ['shop'] } } },
    { logLevel: 'debug', adopt: true },
  ]) {
    assert.deepEqual(await annotations(values), before, JSON.stringify(values))
  }
  const limited = await annotations({ registries: [{ ...registry, ...LIMITED }] })
  const longer = { ...registry, ...LIMITED, repositories: ['shop/*', 'base/*'] }
  assert.notDeepEqual(await annotations({ registries: [longer] }), limited, 'another list of a limited entry')
  const elsewhere = { ...registry, ...LIMITED, targets: { namespaces: { include: ['shop'] } } }
  assert.deepEqual(await annotations({ registries: [elsewhere] }), limited, 'other targets of a limited entry')
})

const LIMITED = {
  limit: 'repositories',
  repositories: ['shop/*'],
  assumeRole: [{ roleArn: 'acs:ram::1234567890123456:role/puller' }],
}
