import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { InputName } from '../../src/rollout/inputs/input-table.ts'
import { type LoadedSettings, loadSettings } from '../../src/rollout/inputs/load-settings.ts'
import { prepareClusters } from '../../src/rollout/inputs/prepare-cluster.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import { tarParts } from '../../tools/tar.ts'

const chartFolder = resolve(import.meta.dirname, '..', '..', 'chart')
const VALUES =
  'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\nidentity: { type: worker-role }\n'

async function load(
  files: Readonly<Record<string, string | Buffer>>,
  given: Partial<Record<InputName, string>>,
  environment: NodeJS.ProcessEnv = {},
): Promise<LoadedSettings> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-settings-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    return loadSettings(
      readInputs((name) => given[name]),
      { environment, workingDirectory: folder, chartFolder },
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

const list = `- name: a
  ack: { clusterId: c0123456789abcdef, region: cn-hangzhou }
  valuesFiles: [own.yaml]
  values: { secretName: p3 }
- name: b
  wave: 1
  kubeconfig: { env: KUBECONFIG_B, context: admin }
  release: other
`

test('values are merged in order: files of all, inline of all, files of the entry, values of the entry', async () => {
  const files = {
    'clusters.yaml': list,
    'values.yaml': VALUES,
    'own.yaml': 'secretName: p2\nlogLevel: debug\n',
  }
  const inputs = { 'clusters-file': 'clusters.yaml', 'values-files': 'values.yaml', values: 'secretName: p1' }
  const { settings, errors } = await load(files, inputs, { KUBECONFIG_B: 'apiVersion: v1' })
  assert.deepEqual(errors, [])
  assert.deepEqual(
    settings?.clusters.map(({ layers }) => layers.map(({ name }) => name)),
    [
      ['values.yaml', 'values', 'own.yaml', 'values of a'],
      ['values.yaml', 'values'],
    ],
  )
  assert.ok(settings)
  const { clusters } = prepareClusters(settings)
  assert.deepEqual(
    clusters.map(({ values }) => [values?.secretName, values?.logLevel]),
    [
      ['p3', 'debug'],
      ['p1', 'info'],
    ],
  )
  assert.deepEqual(
    settings.clusters.map(({ release, namespace }) => `${namespace}/${release}`),
    ['acr-nopass/acr-nopass', 'acr-nopass/other'],
  )
})

for (const [title, path, from] of [
  ['the folder of its file', 'lists/clusters.yaml', 'lists'],
  ['the working directory, given as text', '', ''],
] as const) {
  test(`a relative path of the list starts at ${title}, and is shown relative to the working directory`, async () => {
    const entries = list.replace('{ env: KUBECONFIG_B, context: admin }', '{ file: kubeconfigs/b }')
    const own = join(from, 'own.yaml')
    const { settings, errors } = await load(
      { 'lists/clusters.yaml': entries, [own]: 'secretName: p2\n', 'values.yaml': VALUES },
      { 'values-files': 'values.yaml', ...(path === '' ? { clusters: entries } : { 'clusters-file': path }) },
    )
    assert.deepEqual(errors, [])
    const [a, b] = settings?.clusters ?? []
    assert.deepEqual(
      a?.layers.map(({ name }) => name),
      ['values.yaml', own, 'values of a'],
    )
    assert.ok(b?.access.kind === 'kubeconfig-file')
    assert.match(b.access.file, from === '' ? /acr-nopass-settings-\w+\/kubeconfigs\/b$/ : /\w\/lists\/kubeconfigs\/b$/)
  })
}

test('every missing file and variable is named in one error', async () => {
  const { errors } = await load(
    { 'clusters.yaml': list },
    { 'clusters-file': 'clusters.yaml', 'values-files': 'absent.yaml' },
  )
  assert.deepEqual(
    errors.map(({ code, message }) => `${code} ${message}`),
    [
      'INPUT_INVALID values-files: absent.yaml does not exist',
      'INPUT_INVALID valuesFiles of cluster a: own.yaml does not exist',
      'KUBECONFIG_MISSING the variable KUBECONFIG_B is not set',
    ],
  )
  const own = errors.find(({ message }) => message.startsWith('valuesFiles'))
  assert.deepEqual(own?.place, { file: 'clusters.yaml', line: 3, column: 17 })
  assert.match(own?.hint ?? '', /^A relative path starts at \//)
})

test('an error in a shared file is reported once for all clusters; an error in an entry is reported at its own location', async () => {
  const bad = list.replace('secretName: p3', 'replicas: many')
  const files = { 'clusters.yaml': bad, 'values.yaml': VALUES.replace('worker-role', 'worker'), 'own.yaml': '' }
  const { settings } = await load(
    files,
    { 'clusters-file': 'clusters.yaml', 'values-files': 'values.yaml' },
    { KUBECONFIG_B: 'apiVersion: v1' },
  )
  assert.ok(settings)
  const places = prepareClusters(settings).errors.map(({ place }) => `${place.file}:${place.line}`)
  assert.deepEqual(places.sort(), ['clusters.yaml:4', 'values.yaml:2'])
})

test('a list of ACK and self-built clusters with rrsa: RAM is written for ACK, and the role that the values name is left alone', async () => {
  const role =
    '{ roleArn: acs:ram::1427736501988243:role/helper, oidcProviderArn: acs:ram::1427736501988243:oidc-provider/own }'
  const files = {
    'clusters.yaml': list,
    'values.yaml': VALUES.replace('worker-role', 'rrsa'),
    'own.yaml': '',
    'role.yaml': `identity: { rrsa: ${role} }\n`,
  }
  const own = { ...files, 'clusters.yaml': `${list}  valuesFiles: [role.yaml]\n` }
  const modes = async (ram: string): Promise<unknown> => {
    const given = { 'clusters-file': 'clusters.yaml', 'values-files': 'values.yaml', ram }
    const { settings } = await load(own, given, { KUBECONFIG_B: 'apiVersion: v1' })
    assert.ok(settings)
    return prepareClusters(settings).clusters.map((cluster) => [cluster.name, cluster.ram])
  }
  assert.deepEqual(await modes('auto'), [
    ['a', 'rrsa'],
    ['b', 'none'],
  ])
  assert.deepEqual(await modes('none'), [
    ['a', 'none'],
    ['b', 'none'],
  ])
})

test('for a list with rrsa, an error names each cluster without ack, because its ARNs are not filled in', async () => {
  const files = {
    'clusters.yaml': `${list}- { name: d, kubeconfig: { env: KUBECONFIG_B } }\n`,
    'values.yaml': VALUES.replace('worker-role', 'rrsa'),
    'own.yaml': '',
  }
  const { settings } = await load(
    files,
    { 'clusters-file': 'clusters.yaml', 'values-files': 'values.yaml' },
    { KUBECONFIG_B: 'apiVersion: v1' },
  )
  assert.ok(settings)
  const { errors, clusters } = prepareClusters(settings)
  assert.deepEqual(
    errors.map(({ code, message, place }) => `${place.file}:${place.line} ${code} ${message}`),
    ['b', 'd'].map(
      (name) =>
        `values.yaml:2 SCHEMA_MISSING cluster ${name}: \`rrsa\` is missing in \`identity\`: \`type: rrsa\` needs it`,
    ),
  )
  assert.match(errors[0]?.hint ?? '', /^Only for clusters given by `ack` .* fill the ARNs in; here add `rrsa: /)
  assert.deepEqual(
    clusters.map(({ name }) => name),
    ['a'],
  )
  assert.deepEqual(prepareClusters(settings, 'later').errors, [])
})

test('the single-cluster inputs make one entry', async () => {
  const { settings } = await load(
    {},
    { 'ack-cluster-id': 'c1x', region: 'cn-hangzhou', values: VALUES, 'worker-roles': 'r1,r2' },
  )
  const [cluster] = settings?.clusters ?? []
  assert.deepEqual(cluster?.access, { kind: 'ack', clusterId: 'c1x', region: 'cn-hangzhou', privateEndpoint: false })
  assert.deepEqual([cluster?.name, cluster?.workerRoles], ['c1x', ['r1', 'r2']])
})

test('the input cluster selects entries, and an unknown name is rejected with the existing names', async () => {
  const files = { 'clusters.yaml': list, 'own.yaml': '' }
  const inputs = { 'clusters-file': 'clusters.yaml', values: VALUES }
  const { settings } = await load(files, { ...inputs, cluster: 'b' }, { KUBECONFIG_B: 'apiVersion: v1' })
  assert.deepEqual([settings?.clusters.length, settings?.selected.map(({ name }) => name)], [2, ['b']])
  await assert.rejects(load(files, { ...inputs, cluster: 'c' }, { KUBECONFIG_B: 'apiVersion: v1' }), {
    code: 'CLUSTER_UNKNOWN',
    hint: 'Use one of a, b.',
  })
})

test("a deploy role uses the job's own OIDC provider only if both are in one account", async () => {
  const entry = (account: string): string =>
    `- name: a\n  ack: { clusterId: c0123456789abcdef, region: cn-hangzhou }\n  deployRole: acs:ram::${account}:role/deploy\n`
  const inputs = {
    values: VALUES,
    'oidc-provider-arn': 'acs:ram::1234567890123456:oidc-provider/github',
    'role-to-assume': 'acs:ram::1234567890123456:role/job',
  }
  const providers = await Promise.all(
    ['1234567890123456', '6543210987654321'].map(
      async (account) =>
        (await load({}, { ...inputs, clusters: entry(account) })).settings?.clusters[0]?.oidcProviderArn,
    ),
  )
  assert.deepEqual(providers, ['acs:ram::1234567890123456:oidc-provider/github', undefined])
})

test('a kubeconfig on one line is accepted, and no message quotes a kubeconfig in Base64', async () => {
  const oneLine =
    '{"apiVersion":"v1","clusters":[{"name":"c","cluster":{"server":"https://c.example.com"}}],"users":[]}'
  const { settings } = await load({}, { kubeconfig: oneLine, values: VALUES })
  assert.deepEqual(settings?.clusters[0]?.access, {
    kind: 'kubeconfig-text',
    text: oneLine,
    from: 'kubeconfig',
    context: undefined,
  })
  const { errors } = await load({}, { kubeconfig: 'QUJD//'.repeat(400), values: VALUES })
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['KUBECONFIG_INVALID'],
  )
  assert.doesNotMatch(errors.join(), /QUJD/)
})

test('a matrix job needs neither the kubeconfig secrets nor the values files of the entries that it does not select', async () => {
  // Secrets of a GitHub environment. Each job has only its own secrets.
  const entry = (name: string) =>
    `- name: ${name}\n  kubeconfig: { env: KUBECONFIG_${name.toUpperCase()} }\n  valuesFiles: [${name}.yaml]\n`
  const clusters = ['a', 'b', 'c'].map(entry).join('')
  const { settings, errors } = await load(
    { 'b.yaml': 'secretName: p3\n' },
    { clusters, values: VALUES, cluster: 'b' },
    { KUBECONFIG_B: 'apiVersion: v1' },
  )
  assert.deepEqual(errors, [])
  assert.ok(settings)
  assert.deepEqual(
    settings.clusters.map(({ name, access }) => [name, access.kind === 'kubeconfig-text' && access.text]),
    [
      ['a', ''],
      ['b', 'apiVersion: v1'],
      ['c', ''],
    ],
  )
  assert.deepEqual(
    settings.clusters.map(({ layers }) => layers.map(({ name }) => name)),
    [[], ['values', 'b.yaml'], []],
  )
  const { clusters: prepared, errors: problems } = prepareClusters(settings)
  assert.deepEqual(problems, [])
  assert.deepEqual(
    prepared.map(({ name, values }) => [name, values?.secretName]),
    [['b', 'p3']],
  )
})

test('the list of a matrix job is still checked as a whole', async () => {
  const entry = (name: string) => `- name: ${name}\n  kubeconfig: { env: KUBECONFIG_B }\n`
  const clusters = ['a', 'b', 'a'].map(entry).join('')
  const { errors } = await load({}, { clusters, values: VALUES, cluster: 'b' }, { KUBECONFIG_B: 'apiVersion: v1' })
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['CLUSTERS_SAME_RELEASE', 'CLUSTERS_SAME_RELEASE', 'CLUSTERS_NAME_TWICE'],
  )
})

test('a list with errors is corrected before its waves are counted', async () => {
  const clusters = '- { name: a, wave: 3, kubeconfg: { file: a } }\n'
  const { errors } = await load({}, { mode: 'validate', clusters, values: VALUES, waves: '2' })
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['SCHEMA_UNKNOWN_KEY'],
  )
})

test('an entry that the list does not have is named with the entries that it has', async () => {
  const clusters = '- { name: a, kubeconfig: { file: a } }\n- { name: b, kubeconfig: { file: b } }\n'
  await assert.rejects(load({}, { clusters, values: VALUES, cluster: 'a, c' }), {
    code: 'CLUSTER_UNKNOWN',
    message: 'cluster: the list has no entry "c"',
    hint: 'Use one of a, b.',
  })
  const { settings } = await load({}, { clusters, values: VALUES, cluster: 'b' })
  assert.deepEqual(
    [settings?.clusters, settings?.selected].map((all) => all?.map(({ name }) => name)),
    [['a', 'b'], ['b']],
  )
  // The errors of the list itself come first.
  const { errors } = await load({}, { clusters: `${clusters}- { name: a }\n`, values: VALUES, cluster: 'c' })
  assert.ok(errors.length > 0 && errors.every(({ code }) => code !== 'CLUSTER_UNKNOWN'))
})

for (const [title, values, says, hint] of [
  ['a file', 'values.yaml', 'and that is a file', /`values-files: values\.yaml`\.$/],
  ['a folder', 'sub', 'and that is a folder', /`values-files`\.$/],
  ['nothing', 'absent', 'and no file has that name', /`values-files`\.$/],
] as const) {
  test(`the name of ${title} in place of inline values is refused`, async () => {
    const files = { 'values.yaml': VALUES, 'sub/x': '' }
    await assert.rejects(load(files, { mode: 'validate', values }), {
      code: 'INPUT_INVALID',
      message: `values: "${values}" is not YAML with keys, ${says}`,
      hint,
    })
  })
}

test('inline values are told from the name of a file by a key', async () => {
  for (const values of ['secretName: p1', 'secretName:', '{secretName: p1}', 'values.yaml\n']) {
    const { errors } = await load({ 'values.yaml': '' }, { mode: 'validate', kubeconfig: 'k', values }).catch(
      (error: { readonly message: string }) => ({ errors: [error] }),
    )
    const isName = values.startsWith('values')
    assert.equal(errors.length > 0, isName, values)
  }
})

test("with the endpoints of another cloud, an entry of the list may be in that cloud's region", async () => {
  const clusters = '- { name: a, ack: { clusterId: c0123456789, region: my-region } }\n'
  const codes = async (endpoints: string) =>
    (await load({}, { mode: 'validate', clusters, values: VALUES, endpoints })).errors.map(({ code }) => code)
  assert.equal((await codes('')).length, 1)
  assert.deepEqual(await codes('ram: https://ram.example'), [])
})

test('all entries share the release of the inputs', async () => {
  const clusters = '- { name: a, kubeconfig: { file: a } }\n- { name: b, release: other, kubeconfig: { file: a } }\n'
  const { settings, errors } = await load({}, { clusters, values: VALUES, release: 'mine', namespace: 'home' })
  assert.deepEqual(errors, [])
  assert.deepEqual(
    settings?.clusters.map(({ release, namespace }) => `${namespace}/${release}`),
    ['home/mine', 'home/other'],
  )
  // Two entries of one cluster and one release are an error, by whatever name the release is given.
  const twice = clusters.replace('release: other', 'release: mine')
  const { errors: same } = await load({}, { clusters: twice, values: VALUES, release: 'mine' })
  assert.deepEqual([...new Set(same.map(({ code }) => code))], ['CLUSTERS_SAME_RELEASE'])
})

test('waves: a wave of the list without a job in the workflow is an error', async () => {
  const entry = (name: string, wave: number) => `- name: ${name}\n  wave: ${wave}\n  kubeconfig: { file: ${name} }\n`
  const clusters = entry('a', 0) + entry('b', 1) + entry('c', 5)
  const given = { mode: 'validate', clusters, values: VALUES }
  const message = 'waves: the workflow has jobs for 2 waves, but the list has 3 (wave 0, 1, 5)'
  const messages = async (waves: string) => (await load({}, { ...given, waves })).errors.map((error) => error.message)
  assert.deepEqual([await messages('2'), await messages('3'), await messages('0')], [[message], [], []])
})

test('the name of a single cluster must match the pattern of a list because it becomes part of file names', async () => {
  for (const name of ['prod/eu', '../leak', 'a b', 'Prod', 'x\n::warning::y', '-a']) {
    await assert.rejects(load({}, { name, kubeconfig: 'k', values: VALUES }), { code: 'INPUT_INVALID' })
  }
  assert.deepEqual((await load({}, { name: 'prod-eu1', kubeconfig: 'k', values: VALUES })).errors, [])
})

/** An archive of a chart, in the form that `helm package` writes. */
function archiveOf(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).map(([path, text]) => ({
    path,
    kind: 'file' as const,
    content: Buffer.from(text),
  }))
  return gzipSync(Buffer.concat([...tarParts(entries)]))
}

test('our own chart as an archive is our chart: its values are checked, and RAM follows them', async () => {
  const files = {
    'acr-nopass/Chart.yaml': 'name: acr-nopass\nversion: 1.0.0\n',
    'acr-nopass/values.yaml': 'secretName: p7\n',
    'acr-nopass/charts/other/Chart.yaml': 'name: other\n',
  }
  const inputs = { chart: 'acr-nopass-1.0.0.tgz', kubeconfig: 'k', values: VALUES, ram: 'worker-role' }
  const { settings, errors } = await load({ 'acr-nopass-1.0.0.tgz': archiveOf(files) }, inputs)
  assert.deepEqual(errors, [])
  assert.equal(settings?.chart.ours, true)
  assert.equal(settings?.chart.defaults?.text, 'secretName: p7\n')
  const { clusters } = prepareClusters(settings ?? assert.fail())
  assert.deepEqual(
    clusters.map(({ ram, values }) => [ram, values?.registries[0]?.name]),
    [['worker-role', 'prod']],
  )
})

test("another chart's archive is not ours, whatever its file and its subcharts are called", async () => {
  const files = {
    'platform/charts/acr-nopass/Chart.yaml': 'name: acr-nopass\n',
    'platform/Chart.yaml': 'name: platform\n',
  }
  const { settings } = await load(
    { 'acr-nopass-1.0.0.tgz': archiveOf(files) },
    { chart: 'acr-nopass-1.0.0.tgz', kubeconfig: 'k' },
  )
  assert.equal(settings?.chart.ours, false)
})

for (const { name, chart, code, message, hint } of [
  {
    name: 'an address of another kind',
    chart: 'https://example.com/acr-nopass-1.0.0.tgz',
    code: 'INPUT_INVALID',
    message: 'chart: https://example.com/acr-nopass-1.0.0.tgz is neither a folder, an archive, nor oci://',
    hint: /helm pull/,
  },
  {
    name: 'a chart of a repository',
    chart: 'acr/acr-nopass',
    code: 'HELM_CHART',
    message: /^chart: \S+\/acr\/acr-nopass does not exist$/,
    hint: /`repo\/name`, has to be pulled in an earlier step/,
  },
  {
    name: 'a file that is no archive',
    chart: 'values.yaml',
    code: 'HELM_CHART',
    message: 'chart: values.yaml is neither a folder nor the archive of a chart',
    hint: /./,
  },
  {
    name: 'a folder without a chart',
    chart: '.',
    code: 'HELM_CHART',
    message: 'chart: . has no Chart.yaml with a name',
    hint: /./,
  },
] as const) {
  test(`an input \`chart\` that is no chart is refused before helm runs: ${name}`, async () => {
    await assert.rejects(load({ 'values.yaml': VALUES }, { chart, kubeconfig: 'k' }), { code, message, hint })
  })
}

for (const [value, code, message] of [
  ['  \n', 'KUBECONFIG_MISSING', 'the variable KUBECONFIG_B is empty'],
  ['/home/runner/.kube/config', 'KUBECONFIG_INVALID', 'the variable KUBECONFIG_B holds no kubeconfig'],
  ['YXBpVmVyc2lvbjogdjE=', 'KUBECONFIG_INVALID', 'the variable KUBECONFIG_B holds no kubeconfig'],
] as const) {
  test(`a variable that holds ${JSON.stringify(value)} in place of a kubeconfig is named`, async () => {
    const clusters = '- { name: b, kubeconfig: { env: KUBECONFIG_B } }\n'
    const { errors } = await load({}, { clusters, values: VALUES }, { KUBECONFIG_B: value })
    assert.deepEqual(
      errors.map((error) => [error.code, error.message, error.place.cluster]),
      [[code, message, 'b']],
    )
  })
}

test('an uninstall that leaves RAM alone needs no values: the release has its own', async () => {
  const uninstall = async (given: Partial<Record<InputName, string>>) => {
    const { settings } = await load({}, { mode: 'uninstall', kubeconfig: 'k', ...given })
    const { clusters, errors } = prepareClusters(settings ?? assert.fail())
    return [clusters.map(({ ram }) => ram), errors.map(({ code }) => code)]
  }
  assert.deepEqual(await uninstall({}), [['none'], []])
  assert.deepEqual(await uninstall({ ram: 'none', 'ram-cleanup': 'true' }), [['none'], []])
  assert.deepEqual((await uninstall({ 'ram-cleanup': 'true' }))[0], [])
  assert.deepEqual(await uninstall({ values: 'secretNam: x' }), [[], ['SCHEMA_UNKNOWN_KEY']])
})
