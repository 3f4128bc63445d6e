import assert from 'node:assert/strict'
import { test } from 'node:test'
import { projectOnto } from '../../src/rollout/deploy/drift.ts'

test('drift is only detected in fields that the manifest sets', () => {
  const manifest = {
    metadata: { name: 'a', labels: { app: 'x' } },
    spec: { replicas: 2, template: { containers: [{ name: 'c' }] } },
  }
  const live = {
    metadata: { name: 'a', uid: '1', labels: { app: 'x', other: 'y' } },
    spec: { replicas: 3, renewTime: 'now', template: { containers: [{ name: 'c', imagePullPolicy: 'Always' }] } },
    status: { ready: true },
  }
  assert.deepEqual(projectOnto(manifest, live), {
    metadata: { name: 'a', labels: { app: 'x' } },
    spec: { replicas: 3, template: { containers: [{ name: 'c', imagePullPolicy: 'Always' }] } },
  })
})

test('a field that the live object lacks is reported as missing', () => {
  assert.deepEqual(projectOnto({ data: { a: '1', b: '2' } }, { data: { a: '1' } }), { data: { a: '1', b: undefined } })
})
