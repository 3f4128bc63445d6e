import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoveredBy, parseImage } from '../../src/acr/image-reference.ts'

const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'

test('images are cut where container runtimes cut them', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['nginx', 'docker.io', 'library/nginx'],
    ['nginx:1.27', 'docker.io', 'library/nginx'],
    ['team/app:1', 'docker.io', 'team/app'],
    ['localhost/app', 'localhost', 'app'],
    ['registry:5000/a/b:1', 'registry:5000', 'a/b'],
    ['Host.Example.com/A/b', 'host.example.com', 'A/b'],
    [`${HOST}/team/app@sha256:${'0'.repeat(64)}`, HOST, 'team/app'],
    [`${HOST}/team/app:1@sha256:${'0'.repeat(64)}`, HOST, 'team/app'],
  ]
  for (const [image, host, repository] of rows) assert.deepEqual(parseImage(image), { host, repository })
})

test('a domain covers its host, or only its namespace there', () => {
  const image = parseImage('registry.example.com/team/app:1')
  assert.equal(isCoveredBy('registry.example.com', image), true)
  assert.equal(isCoveredBy('REGISTRY.example.com/team', image), true)
  assert.equal(isCoveredBy('registry.example.com/tea', image), false)
  assert.equal(isCoveredBy('registry.example.com:443', image), false)
  assert.equal(isCoveredBy('example.com', image), false)
})
