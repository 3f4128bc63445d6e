import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OurSide } from '../../../src/migrate/remove/our-side.ts'
import type { HelperConfig } from '../../../src/values/generated/helper-config.ts'
import type { FakeApiServer, FakeObject } from '../../support/fake-api-server.ts'
import { ADMITTED, HOST, IMAGE, release } from '../remove/our-fixture.ts'
import { account, judge, loginOf, object, pod, podSpec, pullSecret, REGCRED, workload } from './password-cluster.ts'

interface Row {
  readonly title: string
  readonly objects: readonly FakeObject[]
  readonly ours?: Partial<OurSide>
  readonly canGo: 'yes' | 'no' | 'unknown'
  /** A part of the first reason. */
  readonly why: string
  /** The subjects of what names the Secret, those that block first. */
  readonly users?: readonly string[]
  readonly fix?: string
}

const repositories = (...globs: string[]): Partial<OurSide> => {
  const registries = [{ name: 'shop', edition: 'enterprise', repositories: globs }]
  return { release: release({ registries } as unknown as Partial<HelperConfig>) }
}
const OTHER = 'base-registry.cn-beijing.cr.aliyuncs.com'
const TEMPLATE = workload('Deployment', 'web', podSpec(['regcred']))
const SET = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', controller: true }
const replicaSet = object('ReplicaSet', 'shop', 'web-1', {
  metadata: { ownerReferences: [SET] },
  spec: { template: { spec: podSpec(['regcred']) } },
})
const REFLECTOR = 'reflector.v1.k8s.emberstack.com'
const role = (kind: string, namespace: string | undefined): FakeObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata: { name: 'ci', ...(namespace !== undefined && { namespace }) },
  rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['regcred'], verbs: ['get'] }],
})
const OF_SET = { kind: 'ReplicaSet', name: 'web-1' }

const ROWS: readonly Row[] = [
  {
    title: 'nothing names the Secret, and acr-nopass covers its host',
    objects: [REGCRED],
    canGo: 'yes',
    why: 'nothing that was read names it',
    users: [],
  },
  {
    title: 'everything that names the Secret also names that of acr-nopass',
    objects: [REGCRED, account('default', 'regcred', 'acr-nopass'), pod('web', podSpec(['regcred', 'acr-nopass']))],
    canGo: 'yes',
    why: 'everything that names it also pulls with acr-nopass',
    users: ['ServiceAccount shop/default', 'Pod shop/web'],
  },
  {
    title: 'a ServiceAccount names only the Secret',
    objects: [REGCRED, account('default', 'regcred')],
    canGo: 'no',
    why: 'it names the Secret and not acr-nopass',
    users: ['ServiceAccount shop/default'],
    fix: 'Make it a target',
  },
  {
    title: 'the template of a Deployment names only the Secret',
    objects: [REGCRED, TEMPLATE],
    canGo: 'no',
    why: 'its template names the Secret and not acr-nopass',
    users: ['Deployment shop/web'],
    fix: 'Write acr-nopass there instead.',
  },
  ...['StatefulSet', 'CronJob', 'Job'].map((kind) => ({
    title: `the template of a ${kind} names only the Secret`,
    objects: [REGCRED, workload(kind, 'night', podSpec(['regcred']))],
    canGo: 'no' as const,
    why: 'its template names the Secret',
    users: [`${kind} shop/night`],
  })),
  {
    title: 'the API server adds our Secret to the Pods of the template',
    objects: [REGCRED, TEMPLATE],
    ours: { admission: ADMITTED },
    canGo: 'yes',
    why: 'everything that names it also pulls',
    users: ['Deployment shop/web'],
  },
  {
    title: 'it could not be tried whether the API server adds our Secret to the Pods of the namespace',
    objects: [REGCRED, TEMPLATE, account('default', 'regcred')],
    ours: { admission: { ...ADMITTED, tried: new Map() } },
    canGo: 'unknown',
    why: 'ServiceAccount shop/default: it names the Secret and not acr-nopass; nothing was tried',
    users: ['Deployment shop/web', 'ServiceAccount shop/default'],
  },
  {
    title: 'a Pod created as a dry run did not get our Secret',
    objects: [REGCRED, TEMPLATE],
    ours: { admission: { ...ADMITTED, tried: new Map([['shop', 'unreferenced']]) } },
    canGo: 'no',
    why: 'its template names the Secret and not acr-nopass; a Pod created in namespace shop as a dry run did not get',
    fix: 'Run `acr-nopass doctor`',
  },
  {
    title: 'the API server adds our Secret only to Pods with other images',
    objects: [REGCRED, TEMPLATE],
    ours: { admission: { ...ADMITTED, includesImage: () => false } },
    canGo: 'no',
    why: '`admissionImages: acr` leaves out',
    fix: 'Add the host to `domains`',
  },
  {
    title: 'the Pods of a template without a list of its own have opted out of what the API server adds',
    objects: [
      REGCRED,
      account('default', 'regcred'),
      workload(
        'CronJob',
        'night',
        { containers: [{ name: 'app', image: IMAGE }] },
        { labels: { 'acr-nopass.io/skip': 'true' } },
      ),
    ],
    ours: { admission: ADMITTED },
    canGo: 'no',
    why: 'its ServiceAccount names the Secret and not acr-nopass; its Pods opted out',
    users: ['CronJob shop/night', 'ServiceAccount shop/default'],
  },
  {
    title: 'the Pods of the template have opted out of what the API server adds',
    objects: [
      REGCRED,
      workload('Deployment', 'web', podSpec(['regcred']), { labels: { 'acr-nopass.io/skip': 'true' } }),
    ],
    ours: { admission: ADMITTED },
    canGo: 'no',
    why: 'its template names',
  },
  {
    title: 'old Pods of a Deployment that was changed keep the old list',
    objects: [
      REGCRED,
      workload('Deployment', 'web', podSpec([])),
      replicaSet,
      ...['a', 'b'].map((name) => pod(name, podSpec(['regcred']), OF_SET)),
    ],
    canGo: 'no',
    why: 'its Pods were created before',
    users: ['deployment/web in shop'],
    fix: 'Restart it.',
  },
  {
    title: 'a restart does not help while the ServiceAccount names only the Secret',
    objects: [
      REGCRED,
      account('default', 'regcred'),
      workload('Deployment', 'web', podSpec([])),
      replicaSet,
      pod('a', podSpec(['regcred']), OF_SET),
    ],
    canGo: 'no',
    why: 'it names the Secret and not',
    users: ['ServiceAccount shop/default', 'deployment/web in shop'],
  },
  {
    title: 'a Pod without a controller keeps the old list',
    objects: [REGCRED, pod('alone', podSpec(['regcred']))],
    canGo: 'no',
    why: 'it was created before',
    fix: 'Create it again from its manifest.',
  },
  {
    title: 'a finished Pod needs nothing',
    objects: [REGCRED, { ...pod('done', podSpec(['regcred'])), status: { phase: 'Succeeded' } }],
    canGo: 'yes',
    why: 'nothing that was read names it',
  },
  {
    title: 'a Pod that names the Secret pulls nothing from its host',
    objects: [REGCRED, pod('nginx', podSpec(['regcred'], {}, 'nginx:1'))],
    canGo: 'yes',
    why: 'everything that names it pulls with acr-nopass too, or pulls nothing with these logins',
    users: ['Pod shop/nginx'],
  },
  {
    title: 'a Pod of another namespace names a Secret of the same name',
    objects: [REGCRED, { ...pod('web', podSpec(['regcred'])), metadata: { namespace: 'other', name: 'web' } }],
    canGo: 'yes',
    why: 'nothing that was read names it',
    users: [],
  },
  {
    title: 'a Pod mounts the Secret to build images',
    objects: [
      REGCRED,
      pod('kaniko', podSpec(['acr-nopass'], { volumes: [{ name: 'd', secret: { secretName: 'regcred' } }] })),
    ],
    canGo: 'no',
    why: 'it uses the Secret in a volume',
    users: ['Pod shop/kaniko'],
  },
  {
    title: 'the `secrets` of a ServiceAccount have the Secret',
    objects: [REGCRED, object('ServiceAccount', 'shop', 'builder', { secrets: [{ name: 'regcred' }] })],
    canGo: 'no',
    why: 'it uses the Secret',
    users: ['ServiceAccount shop/builder'],
  },
  {
    title: 'the text of a ConfigMap of any namespace has the name',
    objects: [
      REGCRED,
      object('ConfigMap', 'ci', 'runner', { data: { 'config.toml': 'image_pull_secrets = ["regcred"]' } }),
    ],
    canGo: 'unknown',
    why: 'ConfigMap ci/runner: its text has the name',
    users: ['ConfigMap ci/runner'],
  },
  {
    title: 'a text has the name only as a part of another word',
    objects: [REGCRED, object('ConfigMap', 'ci', 'runner', { data: { text: 'regcred-2 my-regcred regcred.v2' } })],
    canGo: 'yes',
    why: 'nothing that was read names it',
  },
  {
    title: 'a custom object has a Pod template that names the Secret',
    objects: [
      REGCRED,
      {
        ...object('Rollout', 'shop', 'web', { spec: { template: { spec: podSpec(['regcred']) } } }),
        apiVersion: 'argoproj.io/v1alpha1',
      },
    ],
    canGo: 'no',
    why: 'its template names the Secret',
    users: ['Rollout shop/web'],
  },
  {
    title: 'the image is on a host that acr-nopass does not have',
    objects: [pullSecret({ [OTHER]: loginOf() }), pod('web', podSpec(['regcred', 'acr-nopass'], {}, `${OTHER}/a/b:1`))],
    canGo: 'no',
    why: 'no registry of acr-nopass has the domain',
  },
  {
    title: 'nothing pulls from the host now, and acr-nopass does not have it',
    objects: [pullSecret({ [OTHER]: loginOf() })],
    canGo: 'unknown',
    why: `no registry of acr-nopass has ${OTHER}`,
  },
  {
    title: 'the image is in a repository that acr-nopass does not pull',
    objects: [REGCRED, pod('web', podSpec(['regcred', 'acr-nopass']))],
    ours: repositories('other/*'),
    canGo: 'no',
    why: 'no `repositories` of the registry include',
  },
  {
    title: 'acr-nopass pulls only some repositories of the host, and nothing pulls others now',
    objects: [REGCRED, pod('web', podSpec(['regcred', 'acr-nopass']))],
    ours: repositories('shop/*'),
    canGo: 'unknown',
    why: 'acr-nopass pulls only shop/*',
  },
  {
    title: 'acr-nopass is not installed, and a Pod pulls',
    objects: [REGCRED, pod('web', podSpec(['regcred']))],
    ours: { release: undefined },
    canGo: 'no',
    why: 'acr-nopass is not installed here',
  },
  {
    title: 'acr-nopass is not installed, and nothing names the Secret',
    objects: [REGCRED],
    ours: { release: undefined },
    canGo: 'unknown',
    why: 'the cluster: acr-nopass is not installed here',
  },
  {
    title: 'no Pod of acr-nopass is ready',
    objects: [REGCRED],
    ours: { available: 0 },
    canGo: 'unknown',
    why: 'none of its Pods is ready',
  },
  {
    title: 'the namespace is not a target',
    objects: [pullSecret({ [HOST]: loginOf() }, {}, 'other')],
    canGo: 'unknown',
    why: 'namespace other has no current pull secret acr-nopass',
  },
  {
    title: 'a template names the Secret and pulls nothing from its host, but a webhook may set another image',
    objects: [REGCRED, workload('CronJob', 'night', podSpec(['regcred'], {}, 'docker.io/library/backup:1'))],
    canGo: 'unknown',
    why: 'CronJob shop/night: its template names the Secret and not acr-nopass; its images are elsewhere, and a webhook or an operator may set others',
    users: ['CronJob shop/night'],
  },
  {
    title: 'a custom object names the Secret, and its operator puts the image together',
    objects: [
      REGCRED,
      {
        ...object('VMAgent', 'shop', 'agent', {
          spec: {
            image: { repository: `${HOST}/shop/vmagent`, tag: 'v1' },
            imagePullSecrets: [{ name: 'regcred' }],
            containers: [{ name: 'side', image: 'docker.io/library/busybox:1' }],
          },
        }),
        apiVersion: 'operator.victoriametrics.com/v1beta1',
      },
    ],
    canGo: 'unknown',
    why: 'a webhook or an operator may set others',
    users: ['VMAgent shop/agent'],
  },
  {
    title: 'a template with images elsewhere names also the Secret of acr-nopass',
    objects: [REGCRED, workload('CronJob', 'night', podSpec(['regcred', 'acr-nopass'], {}, 'busybox:1'))],
    canGo: 'yes',
    why: 'everything that names it also pulls with acr-nopass',
    users: ['CronJob shop/night'],
  },
  {
    title: 'the API server adds our Secret to the Pods of a template with images elsewhere',
    objects: [REGCRED, workload('CronJob', 'night', podSpec(['regcred'], {}, 'busybox:1'))],
    ours: { admission: ADMITTED },
    canGo: 'yes',
    why: 'everything that names it also pulls with acr-nopass',
    users: ['CronJob shop/night'],
  },
  {
    title: 'a replicator copies the Secret',
    objects: [pullSecret({ [HOST]: loginOf() }, { annotations: { [`${REFLECTOR}/reflection-auto-enabled`]: 'true' } })],
    canGo: 'unknown',
    why: `its annotation ${REFLECTOR}/reflection-auto-enabled belongs to a program that copies Secrets`,
  },
  {
    title: 'the label of a source of Kyverno',
    objects: [pullSecret({ [HOST]: loginOf() }, { labels: { 'generate.kyverno.io/clone-source': '' } })],
    canGo: 'unknown',
    why: 'its label generate.kyverno.io/clone-source belongs to a program that copies Secrets',
  },
  {
    title: 'the annotation of another pull secret names it',
    objects: [
      REGCRED,
      pullSecret(
        { 'ghcr.io': loginOf('other') },
        { annotations: { 'example.com/from': 'shop/regcred' } },
        'other',
        'x',
      ),
    ],
    canGo: 'unknown',
    why: 'Secret other/x: its annotation example.com/from has the name of the Secret',
  },
  {
    title: 'a Role gives the right to read the Secret',
    objects: [REGCRED, role('Role', 'shop')],
    canGo: 'unknown',
    why: 'Role shop/ci: its rules name the Secret',
    users: ['Role shop/ci'],
  },
  {
    title: 'a ClusterRole gives the right to read Secrets of that name',
    objects: [REGCRED, role('ClusterRole', undefined)],
    canGo: 'unknown',
    why: 'ClusterRole ci: its rules name the Secret',
    users: ['ClusterRole ci'],
  },
  {
    title: 'a Role of another namespace gives the right to read a Secret of that name there',
    objects: [REGCRED, role('Role', 'other')],
    canGo: 'yes',
    why: 'nothing that was read names it',
    users: [],
  },
  {
    title: 'it could not be read whether acr-nopass is installed',
    objects: [REGCRED, account('default', 'regcred'), TEMPLATE],
    ours: { release: undefined, targets: undefined, secrets: new Map(), isReleaseUnread: true },
    canGo: 'unknown',
    why: 'whether acr-nopass is installed could not be read',
    users: ['Deployment shop/web', 'ServiceAccount shop/default'],
  },
  {
    title: 'the host of the login is a pattern',
    objects: [pullSecret({ '*.cn-hangzhou.cr.aliyuncs.com': loginOf() })],
    canGo: 'unknown',
    why: 'is a pattern',
  },
  {
    title: 'the Secret has more hosts than are judged',
    objects: [
      pullSecret({
        [HOST]: loginOf(),
        ...Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`z${i}.cr.aliyuncs.com`, loginOf()])),
      }),
    ],
    canGo: 'unknown',
    why: 'no registry of acr-nopass has z0.cr.aliyuncs.com',
  },
]

const VERDICTS = { yes: 'can go', no: 'is still needed', unknown: 'is not reported to be able to go' } as const

for (const { title, objects, ours = {}, canGo, why, users, fix } of ROWS) {
  test(`a password ${VERDICTS[canGo]}: ${title}`, async () => {
    const [report, ...more] = await judge(objects, ours)
    assert.ok(report)
    assert.deepEqual(more, [])
    assert.equal(report.canGo, canGo, JSON.stringify(report, null, 2))
    assert.ok(report.why[0]?.includes(why), report.why.join('\n'))
    if (users !== undefined) assert.deepEqual(report.usedBy.map(({ subject }) => subject).sort(), users.toSorted())
    if (fix !== undefined) assert.ok(report.usedBy[0]?.fix?.includes(fix), report.usedBy[0]?.fix)
    assert.equal(report.command !== undefined, canGo === 'yes')
  })
}

test('an unread list leaves it open whether a password can go, and hides no use', async () => {
  const refuse = (plural: string) => (cluster: FakeApiServer) => {
    cluster.refuse = (_, path) => (path.endsWith(`/${plural}`) ? 403 : undefined)
  }
  for (const plural of [
    'pods',
    'serviceaccounts',
    'deployments',
    'cronjobs',
    'jobs',
    'configmaps',
    'replicasets',
    'roles',
    'clusterroles',
  ]) {
    const [report] = await judge([REGCRED], {}, refuse(plural))
    assert.equal(report?.canGo, 'unknown', plural)
    assert.match(report.why[0] ?? '', /^not readable: /)
    assert.equal(report.command, undefined)
  }
  const [used] = await judge([REGCRED, pod('web', podSpec(['regcred']))], {}, refuse('jobs'))
  assert.equal(used?.canGo, 'no')
})

test('the Pods of a controller are one line, with their number and one command', async () => {
  const pods = Array.from({ length: 250 }, (_, index) => pod(`web-${index}`, podSpec(['regcred']), OF_SET))
  const [report] = await judge([REGCRED, workload('Deployment', 'web', podSpec([])), replicaSet, ...pods])
  assert.deepEqual(report?.usedBy, [
    {
      subject: 'deployment/web in shop',
      blocks: 'yes',
      why: 'its Pods were created before the pull secret was attached, and keep the list with which they were created',
      fix: 'Restart it.',
      command: 'kubectl -n shop rollout restart deployment/web',
      pods: 250,
    },
  ])
})

test('while a template names the Secret, a restart of its Pods is not advised', async () => {
  const [report] = await judge([REGCRED, TEMPLATE, replicaSet, pod('web-1', podSpec(['regcred']), OF_SET)])
  const ofPods = report?.usedBy.find(({ pods }) => pods === 1)
  assert.equal(ofPods?.fix, 'First change Deployment shop/web, from which its Pods have the name.')
  assert.equal(ofPods?.command, undefined)
})

test('neither the record of writers of a Pod nor the copy of an applied object counts as a text with the name', async () => {
  const one = pod('web', podSpec(['regcred', 'acr-nopass']))
  const fieldsV1 = { 'f:spec': { 'f:imagePullSecrets': { 'k:{"name":"regcred"}': {} } } }
  const metadata = {
    ...one.metadata,
    managedFields: [{ manager: 'kube-controller-manager', operation: 'Update', fieldsV1 }],
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"imagePullSecrets":[{"name":"regcred"}]}' },
  }
  const [report] = await judge([REGCRED, { ...one, metadata }])
  assert.equal(report?.canGo, 'yes', report?.why.join('\n'))
})

test('a Secret that another tool writes, or that has other logins, gets no command to delete it', async () => {
  const applied = [{ manager: 'argocd-controller', operation: 'Apply', fieldsV1: { 'f:data': {} } }]
  const owned = [{ apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', name: 'acr', uid: '1' }]
  for (const [secret, word] of [
    [pullSecret({ [HOST]: loginOf() }, { managedFields: applied }), 'argocd-controller'],
    [pullSecret({ [HOST]: loginOf() }, { ownerReferences: owned }), 'ExternalSecret acr'],
    [pullSecret({ [HOST]: loginOf(), 'ghcr.io': loginOf() }), 'it has 1 of other registries'],
  ] as const) {
    const [report] = await judge([secret])
    assert.equal(report?.canGo, 'yes')
    assert.ok(report.why[0]?.includes(word), report.why[0])
    assert.equal(report.command, undefined)
  }
})

test('the age of a password is when its content was written last, not when the Secret was labelled', async () => {
  const managedFields = [
    { manager: 'kubectl-create', operation: 'Update', time: '2021-03-02T10:00:00Z', fieldsV1: { 'f:data': {} } },
    { manager: 'kubectl-patch', operation: 'Update', time: '2023-05-06T10:00:00Z', fieldsV1: { 'f:data': {} } },
    { manager: 'kubectl-label', operation: 'Update', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:metadata': {} } },
  ]
  const [report] = await judge([pullSecret({ [HOST]: loginOf() }, { managedFields })])
  assert.equal(report?.createdAt, '2021-03-02T10:00:00Z')
  assert.equal(report.writtenAt, '2023-05-06T10:00:00Z')
  assert.equal((await judge([REGCRED]))[0]?.writtenAt, null)
})

test('a Pod that pulls from a host beyond those that are judged still needs the password', async () => {
  const hosts = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`z${i + 100}.cr.aliyuncs.com`, loginOf()]))
  const image = 'z159.cr.aliyuncs.com/a/b:1'
  const [report] = await judge([pullSecret(hosts), pod('web', podSpec(['regcred'], {}, image))])
  assert.deepEqual([report?.canGo, report?.hosts.length, report?.usedBy[0]?.image], ['no', 50, image])
})

test('a Pod whose images anyone may pull does not need the password', async () => {
  const objects = [pullSecret({ [OTHER]: loginOf() }), pod('web', podSpec(['regcred'], {}, `${OTHER}/a/b:1`))]
  const image = `${OTHER}/a/b:1`
  const [report] = await judge(objects, {}, undefined, (one) => one === image)
  assert.deepEqual(report?.usedBy, [
    { subject: 'Pod shop/web', blocks: 'no', why: 'it pulls no image with these logins', pods: 1 },
  ])
})

/** A pull secret of another namespace with the same login. */
const copyIn = (namespace: string, metadata: object = {}, host = HOST): FakeObject =>
  pullSecret({ [host]: loginOf() }, metadata, namespace)

test('a password stays while another Secret with the same login is needed, because that may be a copy of it', async () => {
  const used = { ...pod('web', podSpec(['regcred'])), metadata: { namespace: 'default', name: 'web' } }
  const reports = await judge([REGCRED, copyIn('default'), used])
  const why = 'Secret default/regcred has the same login and is not known to be free, and it may be a copy'
  assert.deepEqual(reports.map(({ secret, canGo, why: [first] }) => [secret, canGo, first]).slice(1), [
    ['shop/regcred', 'unknown', why],
  ])
  assert.equal(reports[0]?.canGo, 'no')
  assert.equal(reports[1]?.command, undefined)
})

test('the copies of a password can go together once none of them is needed', async () => {
  const reports = await judge([REGCRED, copyIn('default')])
  assert.deepEqual(
    reports.map(({ canGo }) => canGo),
    ['yes', 'yes'],
  )
})

test('a Secret that is not judged, and has the same login under another host, leaves it open', async () => {
  const [report] = await judge([REGCRED, copyIn('default', {}, 'images.example.com')])
  assert.equal(report?.canGo, 'unknown')
  assert.match(report.why[0] ?? '', /^Secret default\/regcred has the same login /)
})

test("a mirror of a password names its source, so the source is not reported to be able to go while the mirror's Pods pull", async () => {
  const mirror = copyIn('other', { annotations: { [`${REFLECTOR}/reflects`]: 'shop/regcred' } })
  const one = { ...pod('web', podSpec(['regcred'])), metadata: { namespace: 'other', name: 'web' } }
  const source = pullSecret({ [HOST]: loginOf() }, { annotations: { [`${REFLECTOR}/reflection-allowed`]: 'true' } })
  const [first, second] = await judge([source, mirror, one])
  assert.deepEqual([first?.canGo, second?.canGo, second?.command], ['no', 'unknown', undefined])
  assert.deepEqual(second?.why, [
    `its annotation ${REFLECTOR}/reflection-allowed belongs to a program that copies Secrets`,
    `Secret other/regcred: its annotation ${REFLECTOR}/reflects has the name of the Secret`,
    'Secret other/regcred has the same login and is not known to be free, and it may be a copy',
  ])
})

test('an unreadable release is no absent release: no user is said to lose its login', async () => {
  const ours = { release: undefined, targets: undefined, secrets: new Map(), isReleaseUnread: true }
  const [report] = await judge([REGCRED, account('default', 'regcred', 'acr-nopass'), TEMPLATE], ours)
  assert.deepEqual(report?.hosts, [{ host: HOST, covered: 'unknown' }])
  assert.deepEqual(new Set(report.usedBy.map(({ blocks }) => blocks)), new Set(['unknown']))
})

test("a registry's name in the annotation of acr-nopass's own Secret does not name a Secret", async () => {
  const content = {
    'f:data': { 'f:.dockerconfigjson': {} },
    'f:type': {},
    'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } },
  }
  const own = pullSecret(
    { [HOST]: loginOf('cr_temp_user') },
    {
      labels: { 'app.kubernetes.io/managed-by': 'acr-nopass' },
      annotations: { 'acr-nopass.io/registries': 'regcred' },
      managedFields: [{ manager: 'acr-nopass', operation: 'Apply', fieldsV1: content }],
    },
    'shop',
    'acr-nopass',
  )
  const [report, ...more] = await judge([REGCRED, own])
  assert.deepEqual([report?.canGo, more], ['yes', []], report?.why.join('\n'))
})
