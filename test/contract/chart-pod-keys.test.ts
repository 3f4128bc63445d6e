import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { CHART, openHelm, scenario } from '../support/chart/chart.ts'

const helm = await openHelm()
after(() => helm[Symbol.asyncDispose]())
const defaults = { name: 'values.yaml', text: await readFile(join(CHART, 'values.yaml'), 'utf8') }
const minimal = { name: 'minimal.yaml', text: await readFile(scenario('minimal'), 'utf8') }

interface PodSpec {
  readonly securityContext: object
  readonly containers: readonly [Container]
  readonly volumes: readonly { readonly name: string }[]
  readonly [key: string]: unknown
}

interface Container {
  readonly resources: object
  readonly securityContext: object
  readonly volumeMounts: readonly { readonly name: string }[]
}

interface Rendered {
  readonly kind: string
  readonly metadata: {
    readonly namespace?: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly strategy: object
    readonly revisionHistoryLimit?: number
    readonly selector: { readonly matchLabels: object }
    readonly template: { readonly metadata: Rendered['metadata']; readonly spec: PodSpec }
  } & Readonly<Record<string, unknown>>
}

/** Returns the objects that Helm renders from these values. */
async function rendered(...values: object[]): Promise<readonly Rendered[]> {
  const manifest = await helm.render({ values: [scenario('minimal'), ...values] })
  return parseManifest(manifest).map(({ body }) => body as unknown as Rendered)
}

async function objectOf(kind: string, ...values: object[]): Promise<Rendered> {
  const found = (await rendered(...values)).find((object) => object.kind === kind)
  assert.ok(found, kind)
  return found
}

const podOf = async (...values: object[]): Promise<PodSpec> =>
  (await objectOf('Deployment', ...values)).spec.template.spec

const STRICT = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
const POD = { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } }

test('the Pod has everything that Pod Security restricted requires, and every resource except CPU has a limit', async () => {
  const { securityContext, containers } = await podOf()
  assert.deepEqual([securityContext, containers[0].securityContext], [POD, STRICT])
  assert.deepEqual(containers[0].resources, {
    requests: { cpu: '20m', memory: '96Mi', 'ephemeral-storage': '64Mi' },
    limits: { memory: '256Mi', 'ephemeral-storage': '1Gi' },
  })
})

test('podSecurityContext and securityContext are merged over the strict defaults', async () => {
  const { securityContext, containers } = await podOf({
    podSecurityContext: { runAsUser: 1000670000, fsGroup: 2000, supplementalGroups: [3000] },
    securityContext: { readOnlyRootFilesystem: false },
  })
  assert.deepEqual(securityContext, { ...POD, runAsUser: 1000670000, fsGroup: 2000, supplementalGroups: [3000] })
  assert.deepEqual(containers[0].securityContext, { ...STRICT, readOnlyRootFilesystem: false })
})

// https://docs.openshift.com/container-platform/4.17/authentication/managing-security-context-constraints.html: restricted-v2 takes
// the IDs from the namespace's range, and rejects others.
test('null leaves user, group and seccomp profile to the cluster, as OpenShift needs it, in both locations', async () => {
  for (const values of [
    { podSecurityContext: { runAsUser: null, runAsGroup: null, seccompProfile: null } },
    { runAsUser: null, runAsGroup: null, podSecurityContext: { seccompProfile: null } },
  ]) {
    assert.deepEqual((await podOf(values)).securityContext, { runAsNonRoot: true }, JSON.stringify(values))
  }
})

test('an ID in podSecurityContext takes precedence over the top-level key, which still works', async () => {
  const top = { runAsUser: 1000, runAsGroup: 2000 }
  assert.deepEqual((await podOf(top)).securityContext, { ...POD, ...top })
  const both = (await podOf(top, { podSecurityContext: { runAsUser: 3000 } })).securityContext
  assert.deepEqual(both, { ...POD, runAsUser: 3000, runAsGroup: 2000 })
})

test("extra volumes and their mounts are added to the chart's own", async () => {
  const usual = await podOf()
  const volume = { name: 'proxy-ca', configMap: { name: 'proxy-ca' } }
  const mount = { name: 'proxy-ca', mountPath: '/etc/proxy-ca', readOnly: true }
  const pod = await podOf({ extraVolumes: [volume], extraVolumeMounts: [mount] })
  assert.deepEqual(pod.volumes, [...usual.volumes, volume])
  assert.deepEqual(pod.containers[0].volumeMounts, [...usual.containers[0].volumeMounts, mount])
})

test('dnsPolicy, dnsConfig and hostAliases are set on the Pod; with the host network it keeps its own policy', async () => {
  const { dnsPolicy: none } = await podOf()
  assert.equal(none, undefined)
  const dns = {
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['100.100.2.136'], searches: ['corp'], options: [{ name: 'ndots', value: '2' }] },
    hostAliases: [{ ip: '10.0.0.10', hostnames: ['images.example.com'] }],
  }
  const { dnsPolicy, dnsConfig, hostAliases } = await podOf(dns)
  assert.deepEqual({ dnsPolicy, dnsConfig, hostAliases }, dns)
  assert.equal((await podOf({ hostNetwork: true })).dnsPolicy, 'ClusterFirstWithHostNet')
  assert.equal((await podOf({ hostNetwork: true, dnsPolicy: 'Default' })).dnsPolicy, 'Default')
})

test('updateStrategy, revisionHistoryLimit and deploymentAnnotations are set on the Deployment', async () => {
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } }
  const annotations = { 'reloader.stakater.com/auto': 'true' }
  const values = { updateStrategy, revisionHistoryLimit: 0, deploymentAnnotations: annotations }
  const { metadata, spec } = await objectOf('Deployment', values)
  assert.deepEqual([spec.strategy, spec.revisionHistoryLimit, metadata.annotations], [updateStrategy, 0, annotations])
  assert.equal(spec.template.metadata.annotations?.['reloader.stakater.com/auto'], undefined)
})

test("commonLabels are on every object and on Pods, do not override an object's own labels, and are in no selector", async () => {
  const values = {
    commonLabels: { team: 'everyone', '42': 'yes' },
    podLabels: { team: 'platform' },
    serviceAccount: { labels: { team: 'accounts' } },
    metrics: {
      service: { labels: { team: 'metrics' }, annotations: { 'prometheus.io/scrape': 'true' } },
      serviceMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true },
    },
    networkPolicy: { enabled: true },
  }
  const own: Record<string, string> = { ServiceAccount: 'accounts', Service: 'metrics' }
  for (const { kind, metadata, spec } of await rendered(values)) {
    assert.equal(metadata.labels.team, own[kind] ?? 'everyone', kind)
    assert.equal(metadata.labels['42'], 'yes', kind)
    assert.equal(metadata.labels['app.kubernetes.io/name'], 'acr-nopass', kind)
    if (kind === 'Service') assert.deepEqual(metadata.annotations, { 'prometheus.io/scrape': 'true' })
    if (kind !== 'Deployment') continue
    assert.equal(spec.template.metadata.labels.team, 'platform')
    assert.equal(spec.template.metadata.labels['42'], 'yes')
    const selector = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'acr-nopass' }
    assert.deepEqual(spec.selector.matchLabels, selector)
  }
})

// Source of the label `job`:
// https://github.com/prometheus-operator/prometheus-operator/blob/main/Documentation/api-reference/api.md
// (jobLabel). For a ServiceMonitor it is the name of the Service, for a PodMonitor
// <namespace>/<name> of the monitor.
test('both monitors scrape the same Pods from any namespace, with the label that alerts select by', async () => {
  const own = {
    enabled: true,
    namespace: 'monitoring',
    labels: { release: 'prometheus' },
    honorLabels: true,
    relabelings: [{ targetLabel: 'cluster', replacement: 'prod' }],
    metricRelabelings: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'nodejs_.*' }],
  }
  const endpoint = {
    port: 'http',
    path: '/metrics',
    interval: '30s',
    scrapeTimeout: '10s',
    honorLabels: true,
    metricRelabelings: own.metricRelabelings,
  }
  const job = { targetLabel: 'job', replacement: 'acr-nopass' }
  const scraped = {
    namespaceSelector: { matchNames: ['acr-system'] },
    selector: { matchLabels: { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'acr-nopass' } },
  }
  const byService = await objectOf('ServiceMonitor', { metrics: { serviceMonitor: own } })
  // The operator's default is included, because Argo CD would report its absence as a difference:
  // https://github.com/prometheus-operator/kube-prometheus/pull/2041.
  const relabelings = own.relabelings.map((one) => ({ ...one, action: 'replace' }))
  assert.deepEqual(byService.spec, { endpoints: [{ ...endpoint, relabelings }], ...scraped })
  const byPod = await objectOf('PodMonitor', { metrics: { enabled: false, podMonitor: own } })
  assert.deepEqual(byPod.spec, {
    podMetricsEndpoints: [{ ...endpoint, relabelings: [{ ...job, action: 'replace' }, ...relabelings] }],
    ...scraped,
  })
  for (const { metadata } of [byService, byPod])
    assert.deepEqual([metadata.namespace, metadata.labels.release], ['monitoring', 'prometheus'])
})

const volumes = [{ name: 'a', emptyDir: {} }]
const mounts = (...paths: string[]): object[] => paths.map((mountPath) => ({ name: 'a', mountPath }))

/**
 * Values that weaken the helper or collide with it, and values with another type than in
 * Kubernetes. The API server judges the rest of the Pod.
 */
const refusals: readonly (readonly [title: string, values: object, code: string])[] = [
  [
    'a static login without a helper, which alone could write it',
    {
      helper: { enabled: false },
      registries: [{ name: 'a', edition: 'static', domains: ['images.example.com'], existingSecret: 'login' }],
    },
    'VALUES_NO_EFFECT',
  ],
  ...['96 MiB', '96MB', '-96Mi', '1e', 'Mi', -1].map((memory): readonly [string, object, string] => [
    `a request of ${memory} memory`,
    { resources: { requests: { memory } } },
    typeof memory === 'number' ? 'SCHEMA_RANGE' : 'SCHEMA_FORM',
  ]),
  ['a request of 20 m CPU', { resources: { requests: { cpu: '20 m' } } }, 'SCHEMA_FORM'],
  ['a limit below the default request', { resources: { limits: { memory: '256m' } } }, 'VALUES_COLLISION'],
  [
    'a request above its limit, with an exponent',
    { resources: { requests: { cpu: '2e3' }, limits: { cpu: '1.9k' } } },
    'VALUES_COLLISION',
  ],
  ['a limit of 0', { resources: { limits: { memory: 0 } } }, 'VALUES_COLLISION'],
  ['a request above the default limit', { resources: { requests: { memory: '1Gi' } } }, 'VALUES_COLLISION'],
  [
    'a request above its limit, in other units',
    { resources: { requests: { cpu: '1001m' }, limits: { cpu: 1 } } },
    'VALUES_COLLISION',
  ],
  ['helper.enabled set to null', { helper: { enabled: null } }, 'VALUES_NULL'],
  ['a privileged container', { securityContext: { privileged: true } }, 'SCHEMA_UNKNOWN_KEY'],
  ['privilege escalation', { securityContext: { allowPrivilegeEscalation: true } }, 'SCHEMA_CHOICE'],
  ['an added capability', { securityContext: { capabilities: { add: ['NET_ADMIN'] } } }, 'SCHEMA_UNKNOWN_KEY'],
  ['only some capabilities dropped', { securityContext: { capabilities: { drop: ['CHOWN'] } } }, 'SCHEMA_CHOICE'],
  ['no capabilities dropped', { securityContext: { capabilities: { drop: [] } } }, 'SCHEMA_LIST'],
  ['capabilities set to null', { securityContext: { capabilities: null } }, 'VALUES_NULL'],
  ['a key that every JavaScript object has', { securityContext: { constructor: 1 } }, 'SCHEMA_UNKNOWN_KEY'],
  ['the root user', { podSecurityContext: { runAsUser: 0 } }, 'SCHEMA_RANGE'],
  ['runAsNonRoot: false', { podSecurityContext: { runAsNonRoot: false } }, 'SCHEMA_CHOICE'],
  ['runAsNonRoot set to null', { podSecurityContext: { runAsNonRoot: null } }, 'VALUES_NULL'],
  ['no seccomp filter', { podSecurityContext: { seccompProfile: { type: 'Unconfined' } } }, 'SCHEMA_CHOICE'],
  ['a hostPath volume', { extraVolumes: [{ name: 'a', hostPath: { path: '/' } }] }, 'SCHEMA_UNKNOWN_KEY'],
  [
    "a volume with the name of one of the chart's",
    { extraVolumes: [{ name: 'token', emptyDir: {} }] },
    'VALUES_COLLISION',
  ],
  [
    'a mount inside the configuration',
    { extraVolumes: volumes, extraVolumeMounts: mounts('/etc/acr-nopass/secrets') },
    'VALUES_COLLISION',
  ],
  [
    "a mount above the helper's token",
    { extraVolumes: volumes, extraVolumeMounts: mounts('/var/run') },
    'VALUES_COLLISION',
  ],
  ...['/etc/./acr-nopass', '/var/run/../run/secrets', '//', '/a//b'].map(
    (path) =>
      [
        `a mount whose path is not normalized: ${path}`,
        { extraVolumes: volumes, extraVolumeMounts: mounts(path) },
        'SCHEMA_FORM',
      ] as const,
  ),
  ...['/app', '/nodejs/bin', '/proc', '/dev/shm'].map(
    (path) =>
      [
        `a mount over files that the container needs: ${path}`,
        { extraVolumes: volumes, extraVolumeMounts: mounts(path) },
        'VALUES_COLLISION',
      ] as const,
  ),
  [
    'no AppArmor profile',
    { podAnnotations: { 'container.apparmor.security.beta.kubernetes.io/helper': 'unconfined' } },
    'VALUES_COLLISION',
  ],
  [
    'an entry with targets of its own and the role of the node',
    {
      registries: [
        { name: 'a', edition: 'personal', region: 'cn-hangzhou', targets: { namespaces: { include: ['shop'] } } },
      ],
      node: { fallback: 'worker-role' },
    },
    'VALUES_NODE_UNBOUNDED',
  ],
  ['node keys set to null', { node: null }, 'VALUES_NULL'],
  ...Object.entries({
    fallback: 'worker-role',
    serviceAccount: { useRrsaRole: true },
    serviceAccounts: [{ namespace: 'shop', name: 'web', role: 'acs:ram::1234567890123456:role/shop-pull' }],
  }).map(
    ([key, value]) =>
      [
        `node.${key} with the role of the node`,
        { node: { identity: 'worker-role', [key]: value } },
        'VALUES_NO_EFFECT',
      ] as const,
  ),
  [
    'the OIDC provider of ServiceAccounts with the role of the node',
    {
      node: {
        identity: 'worker-role',
        serviceAccount: { oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c123' },
      },
    },
    'VALUES_NO_EFFECT',
  ],
  ['another identity on ECI', { podAnnotations: { 'k8s.aliyun.com/eci-ram-role-name': 'admin' } }, 'VALUES_COLLISION'],
  [
    'a hook annotation on the Deployment',
    { deploymentAnnotations: { 'helm.sh/hook': 'pre-delete' } },
    'VALUES_COLLISION',
  ],
  ["the name of the namespace's default ServiceAccount", { fullnameOverride: 'default' }, 'VALUES_COLLISION'],
  [
    "the name of Alibaba's helper as ServiceAccount",
    { serviceAccount: { name: 'aliyun-acr-credential-helper' } },
    'VALUES_COLLISION',
  ],
  ['a user ID that Kubernetes does not accept', { podSecurityContext: { runAsUser: 2147483648 } }, 'SCHEMA_RANGE'],
  ['a label that the chart sets', { commonLabels: { 'app.kubernetes.io/instance': 'a' } }, 'VALUES_COLLISION'],
  [
    "a label that gives other clients the helper's permissions",
    { commonLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
    'VALUES_COLLISION',
  ],
  [
    "another tool's label that gives other clients the helper's permissions",
    { commonLabels: { 'rbac.crossplane.io/aggregate-to-crossplane': 'true' } },
    'VALUES_COLLISION',
  ],
  [
    'a ServiceMonitor and a PodMonitor',
    { metrics: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
    'VALUES_COLLISION',
  ],
  [
    'an alert threshold without effect',
    { metrics: { prometheusRule: { alerts: { AcrNopassDown: { threshold: 1 } } } } },
    'VALUES_NO_EFFECT',
  ],
  [
    'an alert that does not exist',
    { metrics: { prometheusRule: { alerts: { AcrNopassFoo: { enabled: false } } } } },
    'SCHEMA_FORM',
  ],
  ['more than all Pods disrupted', { podDisruptionBudget: { maxUnavailable: '200%' } }, 'SCHEMA_FORM'],
  ['a label of 64 characters', { nodeSelector: { ['a'.repeat(64)]: 'a' } }, 'SCHEMA_FORM'],
  ['a Secret that is not a name', { imagePullSecrets: [{ name: 'A b' }] }, 'SCHEMA_FORM'],
  ...[{ csi: { readOnly: true } }, { persistentVolumeClaim: {} }].map(
    (source) =>
      [
        `a volume without what its type requires: ${Object.keys(source)}`,
        { extraVolumes: [{ name: 'a', ...source }] },
        'SCHEMA_MISSING',
      ] as const,
  ),
  [
    'a token without a path',
    { extraVolumes: [{ name: 'a', projected: { sources: [{ serviceAccountToken: {} }] } }] },
    'SCHEMA_MISSING',
  ],
  ['an affinity of the wrong type', { affinity: { nodeAffinity: 'soon' } }, 'SCHEMA_TYPE'],
  ['a variable whose value is a number', { extraEnv: [{ name: 'A', value: 5 }] }, 'SCHEMA_TYPE'],
  ...['serviceMonitor', 'podMonitor'].flatMap((monitor) => [
    [
      `a scrape timeout above the interval: ${monitor}`,
      { metrics: { [monitor]: { enabled: true, interval: '1m', scrapeTimeout: '61s' } } },
      'VALUES_NO_EFFECT',
    ] as const,
  ]),
  [
    'an interval below the default scrape timeout',
    { metrics: { podMonitor: { enabled: true, interval: '5s' } } },
    'VALUES_NO_EFFECT',
  ],
  ...[
    [
      'app.kubernetes.io/managed-by',
      'app.kubernetes.io/instance',
      'app.kubernetes.io/name',
      'app.kubernetes.io/version',
      'helm.sh/chart',
      'acr-nopass.io/probe',
    ].map((label) => [label, (labels: object): object => ({ podLabels: labels })] as const),
    [
      ['serviceAccount', (labels: object): object => ({ serviceAccount: { labels } })] as const,
      ...['service', 'serviceMonitor', 'podMonitor', 'prometheusRule', 'dashboard'].map(
        (key) => [key, (labels: object): object => ({ metrics: { [key]: { labels } } })] as const,
      ),
    ].map(([, values]) => ['app.kubernetes.io/instance', values] as const),
  ].flatMap((rows) =>
    rows.map(
      ([label, values]) =>
        [
          `a label that the chart sets itself: ${JSON.stringify(values({ [label]: 'x' }))}`,
          values({ [label]: 'x' }),
          'VALUES_COLLISION',
        ] as const,
    ),
  ),
]

for (const [title, values, code] of refusals) {
  test(`rejected by \`validate\`, and by Helm: ${title}`, async () => {
    const { errors } = loadValues({ files: [minimal, { name: 'own.yaml', text: JSON.stringify(values) }], defaults })
    assert.deepEqual(
      errors.map((error) => error.code),
      [code],
    )
    await helm.refusal({ values: [scenario('minimal'), values] })
  })
}

test('similar values that both accept: addresses, percentages, a Localhost profile, a scrape timeout equal to its interval, requests equal to their limits', async () => {
  const values = {
    hostAliases: [
      '10.0.0.1',
      '::1',
      '::',
      'fe80::',
      '2001:db8:0:1:2:3:4:5',
      '2001:db8::1:0',
      '1:2:3:4:5:6:7::',
      '64:ff9b::192.0.2.33',
      '::192.0.2.1',
    ].map((ip) => ({
      ip,
      hostnames: ['a'],
    })),
    dnsConfig: { nameservers: ['100.100.2.136', 'fd00::a'] },
    updateStrategy: { rollingUpdate: { maxSurge: '200%', maxUnavailable: '100%' } },
    podSecurityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'profiles/a.json' } },
    metrics: { podMonitor: { enabled: true, interval: '1m', scrapeTimeout: '60s', labels: { release: 'prometheus' } } },
    podLabels: { 'app.kubernetes.io/component': 'helper' },
    resources: {
      requests: {
        cpu: '1100m',
        memory: '1.5Gi',
        'ephemeral-storage': '1e9',
        'example.com/a': 1,
        'example.com/b': '.1k',
      },
      limits: { cpu: 1.1, memory: '1536Mi', 'ephemeral-storage': '1G', 'example.com/a': '+1', 'example.com/b': '100.' },
    },
  }
  const { errors } = loadValues({ files: [minimal, { name: 'own.yaml', text: JSON.stringify(values) }], defaults })
  assert.deepEqual(
    errors.map(({ message }) => message),
    [],
  )
  const deployment = await objectOf('Deployment', values)
  assert.deepEqual(deployment.spec.template.spec.hostAliases, values.hostAliases)
})

test('an interval and a timeout that are null are left to Prometheus', async () => {
  for (const [monitor, kind, key] of [
    ['serviceMonitor', 'ServiceMonitor', 'endpoints'],
    ['podMonitor', 'PodMonitor', 'podMetricsEndpoints'],
  ] as const) {
    const values = { metrics: { [monitor]: { enabled: true, interval: null, scrapeTimeout: null } } }
    const own = { name: 'own.yaml', text: JSON.stringify(values) }
    assert.deepEqual(loadValues({ files: [minimal, own], defaults }).errors, [])
    const { spec } = await objectOf(kind, values)
    const [endpoint] = spec[key] as [object]
    assert.deepEqual(
      Object.keys(endpoint).filter((name) => name === 'interval' || name === 'scrapeTimeout'),
      [],
    )
    const half = { metrics: { [monitor]: { enabled: true, interval: null } } }
    const [other] = (await objectOf(kind, half)).spec[key] as [{ scrapeTimeout?: string }]
    assert.equal(other.scrapeTimeout, '10s')
  }
})

// The sources of the names are
// https://github.com/cert-manager/cert-manager/blob/master/deploy/charts/cert-manager/values.yaml
// and
// https://github.com/external-secrets/external-secrets/blob/main/deploy/charts/external-secrets/values.yaml
for (const [theirs, ours] of [
  ['replicaCount', 'replicas'],
  ['strategy', 'updateStrategy'],
  ['containerSecurityContext', 'securityContext'],
  ['volumes', 'extraVolumes'],
  ['volumeMounts', 'extraVolumeMounts'],
  ['podDnsPolicy', 'dnsPolicy'],
  ['podDnsConfig', 'dnsConfig'],
  ['topologySpreadConstraints', 'topologySpread'],
  ['env', 'extraEnv'],
  ['imagePullSecret', 'imagePullSecrets'],
] as const) {
  test(`a key with the name that other charts use for ${ours} gets our name as the fix: ${theirs}`, () => {
    const own = { name: 'own.yaml', text: JSON.stringify({ region: 'cn-hangzhou', [theirs]: [] }) }
    const { errors } = loadValues({ files: [minimal, own], defaults })
    assert.deepEqual(
      errors.map((error) => [error.code, error.hint]),
      [['SCHEMA_UNKNOWN_KEY', `Did you mean \`${ours}\`?`]],
    )
  })
}

test('Pod fields that are left out on purpose are rejected with the reason', () => {
  const own = { name: 'own.yaml', text: 'extraVolumes:\n  - name: a\n    hostPath: { path: / }\n' }
  const [error] = loadValues({ files: [minimal, own], defaults }).errors
  assert.match(error?.hint ?? '', /a folder of the node may contain data of other workloads/)
})
