import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import lists from '../../schemas/chart-lists.json' with { type: 'json' }
import { CHART, openHelm, scenario } from '../support/chart/chart.ts'

const helm = await openHelm()
after(() => helm[Symbol.asyncDispose]())

interface Refusal {
  readonly title: string
  readonly values?: object
  readonly kubeVersion?: string
  readonly release?: string
  readonly namespace?: string
  readonly message: RegExp
}

const refusals: readonly Refusal[] = [
  {
    title: 'a secretLabels label that identifies our Secrets, as `validate` does (P11)',
    values: { secretLabels: { 'app.kubernetes.io/managed-by': 'x' } },
    message: /the label app\.kubernetes\.io\/managed-by in secretLabels is set by acr-nopass itself/,
  },
  {
    title: 'ServiceAccounts with the role of the node, for which kubelets would get a right without use',
    values: {
      node: {
        identity: 'worker-role',
        serviceAccounts: [{ namespace: 'shop', name: 'web', role: 'acs:ram::1234567890123456:role/shop-pull' }],
      },
    },
    message:
      /node\.serviceAccounts has no effect with node\.identity: worker-role\. Remove it, or write identity: service-account\./,
  },
  {
    title: 'a variable that the chart sets',
    values: { extraEnv: [{ name: 'POD_IP', value: 'x' }] },
    message: /the variable POD_IP in extraEnv is set by the chart itself\./,
  },
  {
    title: 'a variable that disables the verification of certificates',
    values: { extraEnv: [{ name: 'NODE_TLS_REJECT_UNAUTHORIZED', value: '0' }] },
    message: /NODE_TLS_REJECT_UNAUTHORIZED in extraEnv can switch off .* caBundle adds authorities/,
  },
  {
    title: 'a variable that logs credentials',
    values: { extraEnv: [{ name: 'NODE_DEBUG', value: 'http' }] },
    message: /the variable NODE_DEBUG in extraEnv can write credentials into the log/,
  },
  ...[
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_COMPILE_CACHE',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'LD_AUDIT',
    'OPENSSL_CONF',
    'OPENSSL_MODULES',
    'OPENSSL_ENGINES',
  ].map((name) => ({
    title: `the variable ${name}, which can load code into the helper`,
    values: { extraEnv: [{ name, value: 'x' }] },
    message: new RegExp(`the variable ${name} in extraEnv can load code`),
  })),
  {
    title: 'a key without a default, as `--reuse-values` leaves it with a newer chart',
    values: { networkPolicy: { dnsPorts: null } },
    message: /networkPolicy\.dnsPorts is null.*`--reuse-values` with a newer chart: use --reset-then-reuse-values/,
  },
  // A literal U+0085 cannot be tested here, because Helm's reader folds it into a space.
  ...['\r', '\u2028', '\u2029'].map((end) => ({
    title: `a line of caBundle that ends with ${JSON.stringify(end)}, which leaves the YAML block it is rendered into`,
    values: { caBundle: `-----BEGIN CERTIFICATE-----${end}kind: Secret\n-----END CERTIFICATE-----\n` },
    message: /caBundle/,
  })),
  {
    title: 'the guard below Kubernetes 1.30, with what is not protected without it',
    kubeVersion: '1.28.3-aliyun.1',
    message:
      /guard: enabled needs Kubernetes 1\.30 or newer, and this is 1\.28\.3\..*service-account-token named acr-nopass, and so read the token of any ServiceAccount; and it could change any field of a ServiceAccount\. Upgrade the cluster, or accept that by writing guard: disabled\..*--kube-version/,
  },
  {
    title: 'attach: admission below Kubernetes 1.36, with the mode to use instead',
    values: { attach: 'admission' },
    kubeVersion: '1.35.9',
    message:
      /attach: admission needs MutatingAdmissionPolicy v1 of Kubernetes 1\.36 or newer, and this is 1\.35\.9\. Write attach: serviceAccounts, or leave it at auto\./,
  },
  {
    title: 'attach: both below Kubernetes 1.36',
    values: { attach: 'both' },
    kubeVersion: '1.35.9',
    message: /attach: both needs MutatingAdmissionPolicy/,
  },
  {
    title: 'Kubernetes below 1.24',
    kubeVersion: '1.23.17',
    values: { guard: 'disabled' },
    message: /chart requires kubeVersion: >=1\.24\.0-0/,
  },
  {
    title: 'scope: namespaces without namespace names',
    values: { scope: 'namespaces' },
    message:
      /scope: namespaces gives rights in listed namespaces only, and "\*" is a glob\. List the names in targets\.namespaces\.include\./,
  },
  {
    title: 'scope: namespaces with a glob in the targets of a registry',
    values: {
      scope: 'namespaces',
      targets: { namespaces: { include: ['shop'] } },
      registries: [
        {
          name: 'x',
          edition: 'static',
          domains: ['a.example.com'],
          existingSecret: 'x',
          targets: { namespaces: { include: ['team-*'] } },
        },
      ],
    },
    message: /and "team-\*" is a glob/,
  },
  {
    title: 'scope: namespaces with a selector',
    values: {
      scope: 'namespaces',
      targets: { namespaces: { include: ['shop'], selector: { matchLabels: { a: 'b' } } } },
    },
    message: /selectors do not work\. List the names/,
  },
  {
    // RelaxedServiceNameValidation, on from 1.36:
    // https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/features/kube_features.go
    title: 'a Service whose name would start with a digit, where Kubernetes rejects that',
    release: '2024-pull',
    kubeVersion: '1.35.9',
    message: /the Service 2024-pull-acr-nopass would begin with a digit, .* this is 1\.35\.9\. Set fullnameOverride/,
  },
  {
    title: 'a label that would be too long',
    release: 'a'.repeat(30),
    namespace: 'b'.repeat(40),
    message: /namespace and release together are 71 characters long .* Choose a shorter name for the release\./,
  },
  {
    title: 'two registries with one name',
    values: {
      registries: [
        { name: 'x', edition: 'static', domains: ['a.example.com'], existingSecret: 'x' },
        { name: 'x', edition: 'static', domains: ['b.example.com'], existingSecret: 'y' },
      ],
    },
    message: /two registries are named x/,
  },
  {
    title: 'a ServiceMonitor without a Service',
    values: { metrics: { enabled: false, serviceMonitor: { enabled: true } } },
    message: /serviceMonitor\.enabled needs the Service of metrics\.enabled/,
  },
]

for (const { title, values = {}, message, ...options } of refusals) {
  test(`rejected with cause and fix: ${title}`, async () => {
    assert.match(await helm.refusal({ values: [scenario('minimal'), values], ...options }), message)
  })
}

test('a key set to null is either omitted or rejected by its name, never by an error of a template', async () => {
  const defaults = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as object
  const refused: string[] = []
  for (const path of allPaths(defaults)) {
    const values = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), null) as object
    const args = ['template', 'acr-nopass', CHART, '--kube-version', '1.37.0']
    const { code, stderr } = await helm.run(args, [scenario('minimal'), values])
    if (code === 0) continue
    refused.push(path.join('.'))
    const name = path.join('\\.')
    assert.match(
      stderr,
      new RegExp(`${name}[a-zA-Z.]* is null, and so has no value|missing propert.*registries`),
      stderr,
    )
  }
  // The action's check of values rejects the same values.
  const needed = allPaths(defaults)
    .map((path) => path.join('.'))
    .filter(
      (path) => path === 'registries' || lists.neededKeys.some((key) => key === path || key.startsWith(`${path}.`)),
    )
  assert.deepEqual(refused.sort(), needed.sort())
})

test('a pull secret name that others commonly use requires adopt', async () => {
  for (const secretName of [...lists.commonSecretNames, 'acr-credential-abc']) {
    const stderr = await helm.refusal({ values: [scenario('minimal'), { secretName }] })
    assert.match(stderr, /is a name that others commonly use.* Choose a name of its own, or take such Secrets over/)
  }
  await helm.render({ values: [scenario('minimal'), { secretName: 'regcred', adopt: true }] })
})

function allPaths(value: object, path: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key]
    const isMap = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    return [here, ...(isMap ? allPaths(inner as object, here) : [])]
  })
}

test('without a helper, nothing that only the helper needs is refused', async () => {
  const off = { helper: { enabled: false }, attach: 'admission', guard: 'enabled' }
  const rendered = await helm.render({ values: [scenario('minimal'), off], kubeVersion: '1.28.3-aliyun.1' })
  assert.deepEqual(rendered.match(/^kind: .*$/gm), ['kind: ConfigMap'])
})
