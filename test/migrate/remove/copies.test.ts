import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectFacts } from '../../../src/migrate/remove/collect-facts.ts'
import { findDependents } from '../../../src/migrate/remove/find-dependents.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import { withoutLogins } from '../../../src/migrate/remove/read-cluster.ts'
import { object } from '../import/import-fixture.ts'
import { A, account, B, deployment, pod, recipe2018 } from '../import/recipe-2018.ts'
import { HOST, IMAGE, ours, SECRET } from './our-fixture.ts'

const PULL = 'kubernetes.io/dockerconfigjson'
const OTHER_HOST = 'images.example.com'
const temporary = (password: string) => ({ auth: Buffer.from(`cr_temp_user:${password}`).toString('base64') })
const content = (auths: object): object => ({
  type: PULL,
  data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
})
const OLD = content({ [HOST]: temporary('old') })
const ROBOT = { username: 'robot', password: 'fixed' }

/**
 * The recipe of 2018, which acr-nopass serves completely, and a workload that pulls with a further
 * Secret.
 */
function clusterWith(secret: AnyObject, more: readonly AnyObject[] = []): readonly AnyObject[] {
  const { namespace = '', name } = secret.metadata
  const recipe = recipe2018()
    .filter(({ kind, metadata }) => kind !== 'ServiceAccount' || metadata.name !== 'default')
    .map((one) => (one.kind === 'Secret' ? { ...one, ...OLD } : one))
  const own = { labels: { 'app.kubernetes.io/managed-by': 'acr-nopass' } }
  const written = object('Secret', 'default', SECRET, content({ [HOST]: temporary('ours') }))
  return [
    ...recipe,
    account('default', 'default', A, B, SECRET),
    { ...written, metadata: { ...written.metadata, ...own } },
    secret,
    pod(namespace, 'web', IMAGE, name),
    ...more,
  ].map((one) => (one.kind === 'Secret' ? withoutLogins(one) : one))
}

function dependentsOf(objects: readonly AnyObject[], change: { readonly unseenCopies?: string } = {}) {
  const facts = { ...collectFacts(objects), ...change }
  return findDependents(facts, ours(), { entries: [], patterns: [] }).map(({ subject, why, confirm }) => ({
    subject,
    why,
    confirm,
  }))
}

/** A Secret with this content that another program wrote. */
function copy(rest: object, { name = 'regcred', manager = 'kubectl-client-side-apply', ...metadata } = {}): AnyObject {
  const one = object('Secret', 'other', name, rest)
  const managedFields = [{ manager, operation: 'Update' as const, fieldsV1: { 'f:data': {} } }]
  return { ...one, metadata: { ...one.metadata, managedFields, ...metadata } }
}

const SO = 'so it may get its logins from the old helper'
const HOLDS = 'it holds a login of an old Secret'
const UNKNOWN = 'it holds a temporary login of ACR that acr-nopass did not write'

for (const [title, rest, why] of [
  ['the same login', OLD, HOLDS],
  [
    'the same login under another host, beside a login of another registry',
    content({ [OTHER_HOST]: temporary('old'), 'docker.io': ROBOT }),
    HOLDS,
  ],
  [
    'the same login as user name and password',
    content({ [HOST]: { username: 'cr_temp_user', password: 'old' } }),
    HOLDS,
  ],
  [
    'the same login in the older format',
    {
      type: 'kubernetes.io/dockercfg',
      data: { '.dockercfg': Buffer.from(JSON.stringify({ [HOST]: temporary('old') })).toString('base64') },
    },
    HOLDS,
  ],
  ['a temporary login of before the last rotation', content({ [HOST]: temporary('before') }), UNKNOWN],
  [
    'a temporary login beside one that does not expire',
    content({ [HOST]: temporary('before'), 'docker.io': ROBOT }),
    UNKNOWN,
  ],
  ['content that cannot be read', { type: PULL }, 'the content of the Secret could not be read'],
  ['a login that does not expire', content({ 'docker.io': ROBOT }), undefined],
  ['no login', content({}), undefined],
  ['the same login as the pull secret of acr-nopass', content({ [HOST]: temporary('ours') }), undefined],
  ['content that is no login', { type: 'Opaque', data: { '.dockerconfigjson': '' } }, undefined],
] as const) {
  for (const name of ['regcred', A]) {
    const whose = name === A ? 'of the same name, written by another program,' : 'of another name'
    test(`P15 a Secret ${whose} with ${title} ${why === undefined ? 'keeps nothing' : 'keeps the old helper, unless the user names the Secret'}`, () => {
      const expected =
        why === undefined ? [] : [{ subject: `Secret other/${name}`, why: `${why}, ${SO}`, confirm: `other/${name}` }]
      assert.deepEqual(dependentsOf(clusterWith(copy(rest, { name }))), expected)
    })
  }
}

// The names that tools write into a copy:
// - emberstack/kubernetes-reflector,
//   src/ES.Kubernetes.Reflector/Core/Mirroring/Constants/Annotations.cs, `Reflects`: namespace/name
// - mittwald/kubernetes-replicator, replicate/common/consts.go, `ReplicateFromAnnotation`:
//   namespace/name
// - kyverno/kyverno, pkg/background/common/constants.go, `GenerateSourceNameLabel`: name
// - config-syncer (kubed), apis/kubed/v1alpha1: `ConfigOriginKey` (JSON), `OriginNameLabelKey`:
//   name
for (const [tool, metadata] of [
  ['Reflector', { annotations: { 'reflector.v1.k8s.emberstack.com/reflects': `default/${A}` } }],
  ['kubernetes-replicator', { annotations: { 'replicator.v1.mittwald.de/replicate-from': `default/${A}` } }],
  ['Kyverno', { labels: { 'generate.kyverno.io/source-name': A, 'generate.kyverno.io/source-namespace': 'default' } }],
  ['Config Syncer', { annotations: { 'kubed.appscode.com/origin': `{"namespace":"default","name":"${A}"}` } }],
] as const) {
  const [kind, entries] = Object.entries(metadata)[0] ?? []
  const key = Object.keys(entries ?? {})[0]
  test(`P15 a pull secret that ${tool} fills from an old Secret keeps the old helper, whatever the pull secret contains now`, () => {
    const secret = copy(content({ 'docker.io': ROBOT }), { manager: 'replicator', ...metadata })
    const why = `its ${kind?.slice(0, -1)} ${key} names the Secret ${A}, ${SO}`
    assert.deepEqual(dependentsOf(clusterWith(secret)), [
      { subject: 'Secret other/regcred', why, confirm: 'other/regcred' },
    ])
  })
}

// External Secrets writes no source into the Secret
// (apis/externalsecrets/v1/externalsecret_types.go: `AnnotationDataHash`, `LabelOwner`). The
// ExternalSecret names the source, in `spec.dataFrom[].extract.key` for the provider Kubernetes.
test('P15 an ExternalSecret that reads an old Secret keeps the old helper, and so does the Secret that it writes', () => {
  const metadata = {
    labels: { 'reconcile.external-secrets.io/managed': 'true' },
    annotations: { 'reconcile.external-secrets.io/data-hash': '3013839b15f8dcff348bbaf62d71a39f' },
  }
  const external = {
    ...object('ExternalSecret', 'other', 'regcred', {
      spec: { target: { template: { type: PULL } }, dataFrom: [{ extract: { key: A } }] },
    }),
    apiVersion: 'external-secrets.io/v1',
  }
  const found = dependentsOf(clusterWith(copy(OLD, { manager: 'external-secrets', ...metadata }), [external]))
  assert.deepEqual(
    found.map(({ subject, why }) => `${subject}: ${why}`),
    [`ExternalSecret other/regcred: its text names the Secret ${A}`, `Secret other/regcred: ${HOLDS}, ${SO}`],
  )
})

test('P15 pull secrets that could not be listed keep the old helper, unless the user takes the risk by name', () => {
  const objects = clusterWith(deployment('other', 'none', 'docker.io/library/nginx'))
  assert.deepEqual(dependentsOf(objects), [])
  const [found, ...more] = dependentsOf(objects, { unseenCopies: 'secrets is forbidden' })
  assert.deepEqual(more, [])
  assert.equal(found?.confirm, 'pull secrets of other names')
  assert.match(found?.why ?? '', /^these Secrets could not be read, .* \(secrets is forbidden\)$/)
})

test('a Secret with a temporary login keeps nothing if neither an old helper nor an old Secret exists', () => {
  const isOld = ({ kind, metadata }: AnyObject): boolean =>
    kind === 'Deployment' || (kind === 'Secret' && [A, B].includes(metadata.name))
  const objects = clusterWith(copy(content({ [HOST]: temporary('before') }))).filter((one) => !isOld(one))
  assert.deepEqual(dependentsOf(objects, { unseenCopies: 'secrets is forbidden' }), [])
})
