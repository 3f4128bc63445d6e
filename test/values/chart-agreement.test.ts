import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { stringify } from 'yaml'
import lists from '../../schemas/chart-lists.json' with { type: 'json' }
import { regionHint } from '../../src/values/checks/check-regions.ts'
import { loadValues } from '../../src/values/load-values.ts'

const chart = new URL('../../chart/', import.meta.url)
const defaults = { name: 'chart/values.yaml', text: await readFile(new URL('values.yaml', chart), 'utf8') }

const registry = { name: 'prod', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }

/** The messages for working values with these changes. */
function refusals(changes: object): readonly string[] {
  const text = stringify({ registries: [registry], identity: { type: 'worker-role' }, ...changes })
  const { errors } = loadValues({ files: [{ name: 'a.yaml', text }], defaults })
  for (const { message, hint } of errors) assert.match(hint ?? '', /^\S.*[.:]/, message)
  return errors.map(({ message }) => message)
}

/** Returns values that have only this key, such as `metrics.service`. */
const valuesAt = (dotted: string, value: unknown): object =>
  dotted.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object

test('validate refuses every name of a pull secret that the chart refuses, unless it is adopted', () => {
  for (const name of [...lists.commonSecretNames, 'acr-credential-prod']) {
    assert.deepEqual(refusals({ secretName: name }), [`\`secretName\` is "${name}", a name that others commonly use`])
    assert.deepEqual(refusals({ secretName: name, adopt: true }), [])
  }
  assert.deepEqual(refusals({ secretName: 'my-acr-credential-prod' }), [])
})

test('validate refuses null for every key whose default the chart needs', () => {
  for (const key of lists.neededKeys) {
    assert.deepEqual(refusals(valuesAt(key, null)), [`\`${key}\` is null, which removes its default`])
  }
})

test('validate refuses every label that the chart sets, on every object, and rights for roles of users', () => {
  const set = (label: string, path: string) => `the label \`${label}\` in \`${path}\` is set by acr-nopass itself`
  for (const path of lists.keysOfLabels) {
    for (const label of [
      'acr-nopass.io/x',
      'app.kubernetes.io/managed-by',
      'app.kubernetes.io/instance',
      'app.kubernetes.io/name',
      'app.kubernetes.io/version',
      'helm.sh/chart',
    ])
      assert.deepEqual(refusals(valuesAt(path, { [label]: 'x' })), [set(label, path)])
    assert.deepEqual(refusals(valuesAt(path, { 'example.com/acr-nopass.io': 'x' })), [])
  }
  for (const label of ['acr-nopass.io/x', ...lists.labelsOfSecrets])
    assert.deepEqual(refusals({ secretLabels: { [label]: 'x' } }), [set(label, 'secretLabels')])
  assert.deepEqual(refusals({ secretLabels: { 'helm.sh/chart': 'x' } }), [])
  const aggregated = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
  assert.deepEqual(refusals({ commonLabels: aggregated }), [
    "the label `rbac.authorization.k8s.io/aggregate-to-view` in `commonLabels` would give the helper's rights, including those on pull secrets, to everyone with that role",
  ])
  assert.deepEqual(refusals({ podLabels: aggregated }), [])
})

test('validate refuses annotations that make the helper a hook, weaken its Pod or change its identity', () => {
  const hook = 'helm.sh/hook-weight'
  for (const path of ['podAnnotations', 'deploymentAnnotations'])
    assert.deepEqual(refusals({ [path]: { [hook]: '1' } }), [
      `the annotation \`${hook}\` in \`${path}\` would make the helper a hook, which Helm does not keep`,
    ])
  for (const name of [
    'seccomp.security.alpha.kubernetes.io/pod',
    'container.seccomp.security.alpha.kubernetes.io/helper',
    'container.apparmor.security.beta.kubernetes.io/helper',
  ])
    assert.deepEqual(refusals({ podAnnotations: { [name]: 'unconfined' } }), [
      `the annotation \`${name}\` in \`podAnnotations\` would replace a security default of the Pod`,
    ])
  const role = 'k8s.aliyun.com/eci-ram-role-name'
  assert.deepEqual(refusals({ podAnnotations: { [role]: 'x' } }), [
    `the annotation \`${role}\` in \`podAnnotations\` would give the helper another identity`,
  ])
  assert.deepEqual(refusals({ podAnnotations: { 'my.helm.sh/hook': 'x', 'my.seccomp.security.x/y': 'x' } }), [])
})

test('validate refuses a name of the helper that every namespace or the vendor’s add-on has', () => {
  for (const name of lists.reservedNames) {
    const taken = (key: string) => [`\`${key}\` is ${name}, which is the name of something else`]
    assert.deepEqual(refusals({ fullnameOverride: name }), taken('fullnameOverride'))
    assert.deepEqual(refusals({ serviceAccount: { name } }), taken('serviceAccount.name'))
    assert.deepEqual(refusals({ fullnameOverride: `my-${name}` }), [])
  }
})

test('validate refuses variables that the chart sets or that load code, and two that leak or open connections', () => {
  const refused = (name: string, more: object = {}) => refusals({ extraEnv: [{ name, value: 'x' }], ...more })
  const why = (name: string, reason: string) => [`the variable \`${name}\` in \`extraEnv\` ${reason}`]
  for (const name of lists.ownVariables) assert.deepEqual(refused(name), why(name, 'is set by the chart itself'))
  for (const name of lists.loadingVariables)
    assert.deepEqual(refused(name), why(name, 'can load code into the helper, or open it to a debugger'))
  const tls = 'NODE_TLS_REJECT_UNAUTHORIZED'
  assert.deepEqual(refused(tls), why(tls, 'can switch off the verification of certificates'))
  assert.deepEqual(refused('NODE_DEBUG'), why('NODE_DEBUG', 'can write credentials into the log'))
  assert.deepEqual([refused('NODE_EXTRA_CA_CERTS'), refused('HTTPS_PROXY')], [[], []])
  const caBundle = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
  assert.deepEqual(
    refused('NODE_EXTRA_CA_CERTS', { caBundle }),
    why('NODE_EXTRA_CA_CERTS', 'is set by the chart itself'),
  )
})

test('validate refuses volumes of the chart and mounts over, above or below what the helper reads', () => {
  for (const name of lists.ownVolumes)
    assert.deepEqual(refusals({ extraVolumes: [{ name, emptyDir: {} }] }), [
      `the volume \`${name}\` in \`extraVolumes\` is one of the chart's own`,
    ])
  const mount = (mountPath: string) => refusals({ extraVolumeMounts: [{ name: 'a', mountPath }] })
  const covers = (path: string, own: string) => [
    `the mount at ${path} in \`extraVolumeMounts\` would cover what the helper reads from ${own}`,
  ]
  for (const path of lists.ownPaths) {
    const own = path.slice(0, -1)
    for (const place of [own, path, `${path}below`]) assert.deepEqual(mount(place), covers(place, own))
    assert.deepEqual(mount(`${own}-beside`), [])
  }
  assert.deepEqual(
    mount('/var/run/secrets/acr-nopass'),
    covers('/var/run/secrets/acr-nopass', '/var/run/secrets/acr-nopass/oidc'),
  )
})

test('validate refuses monitors that scrape twice, that Prometheus would ignore, and thresholds without effect', () => {
  const monitors = (change: object) => refusals({ metrics: change })
  const on = { enabled: true }
  assert.deepEqual(monitors({ serviceMonitor: on, podMonitor: on }), [
    '`metrics.serviceMonitor` and `metrics.podMonitor` are both enabled, so every sample would be scraped twice',
  ])
  assert.deepEqual([monitors({ serviceMonitor: on }), monitors({ enabled: false, podMonitor: on })], [[], []])
  for (const name of ['serviceMonitor', 'podMonitor']) {
    const scraped = (interval: string, scrapeTimeout: string, enabled = true) =>
      monitors({ [name]: { enabled, interval, scrapeTimeout } })
    const ignored = (most: number, between: number) => [
      `\`metrics.${name}.scrapeTimeout\` (${most} s) is above its \`interval\` (${between} s), so Prometheus would ignore the monitor`,
    ]
    assert.deepEqual(scraped('30s', '31s'), ignored(31, 30))
    assert.deepEqual(scraped('1m', '61s'), ignored(61, 60))
    assert.deepEqual(scraped('1h', '61m'), ignored(3660, 3600))
    assert.deepEqual(scraped('60s', '1m'), [])
    assert.deepEqual(scraped('30s', '31s', false), [])
  }
  for (const alert of lists.alertsWithoutThreshold)
    assert.deepEqual(monitors({ prometheusRule: { alerts: { [alert]: { threshold: 1 } } } }), [
      `the alert \`${alert}\` has no threshold that could be set`,
    ])
})

test('validate shows the value and what is expected as data too', () => {
  const dataOf = (changes: object) => {
    const text = stringify({ registries: [registry], identity: { type: 'worker-role' }, ...changes })
    return loadValues({ files: [{ name: 'a.yaml', text }], defaults }).errors.map(({ value, expected }) => [
      value,
      expected,
    ])
  }
  assert.deepEqual(dataOf({ secretName: 'regcred' }), [['regcred', 'a name of its own, such as acr-nopass']])
  assert.deepEqual(dataOf({ region: 'cn-bejing' }), [['cn-bejing', 'a region, such as cn-beijing']])
  assert.deepEqual(dataOf({ region: 'moon-1' }), [['moon-1', 'a region, such as cn-hangzhou']])
  const both = { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } }
  assert.deepEqual(dataOf({ metrics: both }), [['true', undefined]])
})

test('a city instead of a region gets the region of that city', () => {
  const or = 'For a cloud with its own regions, set `x`.'
  assert.equal(regionHint('Shanghai', '`x`'), `Did you mean cn-shanghai? ${or}`)
  assert.equal(regionHint('hongkong', '`x`'), `Did you mean cn-hongkong? ${or}`)
  assert.equal(regionHint('moon', '`x`'), `Write the id of a region, such as cn-hangzhou. ${or}`)
})

test('validate refuses a pull secret that is also the Secret of a login or of an AccessKey', () => {
  const read = (name: string) =>
    `the Secret "${name}" is read here and is also the pull secret (\`secretName\`), which the helper overwrites`
  const identity = { type: 'access-key', accessKey: { existingSecret: 'mine' } }
  assert.deepEqual(refusals({ identity, secretName: 'mine' }), [read('mine')])
  assert.deepEqual(refusals({ identity, secretName: 'another' }), [])
})

test('a registry with its own namespaces takes the global exclusions', () => {
  const targets = { namespaces: { include: ['kube-system', 'shop'] } }
  assert.deepEqual(refusals({ registries: [{ ...registry, targets }] }), [
    '`registries[0].targets.namespaces.include[0]`: "kube-system" can never match: "kube-*" of `targets.namespaces.exclude` excludes it',
  ])
})

test('a value of the wrong type is refused by its type alone', () => {
  const wrong = (namespaces: object) => refusals({ scope: 'namespaces', targets: { namespaces } })
  for (const message of [...wrong({ include: [5] }), ...wrong({ include: ['shop'], exclude: [5] })])
    assert.match(message, /is the number 5; expected text$/)
  const personal = { name: 'p', edition: 'personal', instanceId: 'crpi-abc123', region: 'cn-hangzhou' }
  const [message, ...more] = refusals({ registries: [personal] })
  assert.match(message ?? '', /crpi-/)
  assert.deepEqual(more, [])
})

test('an entry is found by the line of its name, wherever the name stands in it', () => {
  const { name, ...rest } = registry
  const assumeRole = [{ roleArn: 'acs:ram::1234567890123456:role/pull' }]
  const entries = [
    { ...rest, assumeRole, name, limit: 'repositories', repositories: ['a/*'] },
    { ...rest, assumeRole, name: 'open', repositories: ['b/*'] },
  ]
  const [message = ''] = refusals({ registries: entries }).filter((text) => text.includes('is limited'))
  const text = stringify({ registries: entries })
  const line = text.split('\n').findIndex((one) => one.endsWith('name: prod')) + 1
  assert.ok(line > 2, text)
  assert.match(
    message,
    new RegExp(`^\`registries\\[1\\]\` and \`registries\\[0\\]\` \\(line ${line}\\) are for the same namespaces`),
  )
})
