import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { readLeftovers } from '../../src/doctor/read/read-leftovers.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { answeringReader } from './answering-reader.ts'
import { fixture } from './fixture.ts'

const secret = (namespace: string, instance: string, name = 'acr-nopass') => {
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': instance }
  return { metadata: { namespace, name, labels, uid: 'u', resourceVersion: '1' } }
}

const SECRETS = [
  secret('shop', 'acr-nopass.acr-nopass'),
  secret('team', 'old.my.release'),
  secret('shop', 'old.my.release'),
  secret('shop', 'old.my.release', 'other-name'),
  secret('shop', 'nonsense'),
]

test('doctor finds pull secrets of releases that are not installed, by metadata alone', async () => {
  const { reader, calls } = answeringReader(() => ({ metadata: {}, items: SECRETS }))
  const left = await readLeftovers(reader, [{ namespace: 'acr-nopass', name: 'acr-nopass' }])
  const release = { namespace: 'old', name: 'my.release' }
  assert.deepEqual(left, [
    { release, secretName: 'acr-nopass', namespaces: ['team', 'shop'] },
    { release, secretName: 'other-name', namespaces: ['shop'] },
  ])
  assert.ok(calls.every(({ accept }) => accept?.includes('PartialObjectMetadataList')))
  // Only pull secrets are listed, because a Helm record may have any labels.
  assert.deepEqual(
    calls.map(({ query }) => query?.fieldSelector),
    ['type=kubernetes.io/dockerconfigjson'],
  )
})

test('without the right to list ConfigMaps everywhere, doctor reports no leftovers, because the release may be installed', async () => {
  const { reader } = answeringReader(() => ({ metadata: {}, items: SECRETS }))
  reader.note('ConfigMaps of all namespaces', 'no right')
  assert.equal(await readLeftovers(reader, []), undefined)
})

test('without the right to list Secrets, doctor reports that leftovers were not checked', async () => {
  const { reader } = answeringReader(() => {
    throw new KubeApiError(403, 'GET /api/v1/secrets returned 403: secrets is forbidden')
  })
  assert.equal(await readLeftovers(reader, []), undefined)
  assert.deepEqual(
    reader.unread.map(({ what }) => what),
    ['Secrets with the labels of acr-nopass'],
  )
})

test('after a plain helm uninstall, doctor names the leftovers and the command that lists them', () => {
  const release = { namespace: 'old', name: 'my' }
  const leftovers = [
    { release, secretName: 'acr-nopass', namespaces: ['shop', 'team'] },
    { release, secretName: 'login', namespaces: ['shop'] },
  ]
  const findings = diagnose(fixture({ release: null, leftovers, cloud: { state: 'not-inspected', why: 'none' } }))
  assert.deepEqual(findings.map(({ id, severity, message, command }) => [id, severity, message, command]).slice(1), [
    [
      'LEFTOVERS',
      'warning',
      'it is not installed, and 2 pull secrets of it are left, in shop, team',
      'acr-nopass cleanup --detach --namespace old --release my',
    ],
    [
      'LEFTOVERS',
      'warning',
      'it is not installed, and 1 pull secret of it is left, in shop',
      'acr-nopass cleanup --detach --namespace old --release my --secret-name login',
    ],
  ])
})
