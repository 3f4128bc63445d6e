import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { registryConfig } from '../../../sandbox/registry/start-registry.ts'
import { readAccessLog } from '../../support/registry/access-log.ts'

const root = mkdtempSync(join(tmpdir(), 'acr-nopass-test-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('requests are found among the other lines of the log', () => {
  const file = join(root, 'log')
  writeFileSync(
    file,
    'time="2026-11-25T13:00:00Z" level=warning msg="No HTTP secret provided"\n' +
      '127.0.0.1 - - [25/Nov/2026:13:00:00 +0000] "GET /v2/ HTTP/1.1" 401 76 "" "node"\n' +
      '127.0.0.1 - - [25/Nov/2026:13:00:01 +0000] "HEAD /v2/team/app/manifests/1?ns=x HTTP/1.1" 200 480 "" "containerd/2"\n',
  )
  assert.deepEqual(readAccessLog(file), [
    { method: 'GET', path: '/v2/', status: 401 },
    { method: 'HEAD', path: '/v2/team/app/manifests/1?ns=x', status: 200 },
  ])
})

test('the registry trusts only its token server', () => {
  const auth = { realm: 'http://127.0.0.1:1/auth', service: 's', issuer: 'i', certificatePem: '' }
  const config = JSON.parse(registryConfig('127.0.0.1:2', '/d', '/c', auth))
  assert.deepEqual(config.auth, {
    token: { realm: auth.realm, service: 's', issuer: 'i', rootcertbundle: '/c', signingalgorithms: ['RS256'] },
  })
  assert.equal(config.http.addr, '127.0.0.1:2')
})
