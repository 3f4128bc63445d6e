import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KubeObject } from '../../../src/kube/types.ts'
import { describePullSecret, type PullSecret } from '../../../src/migrate/passwords/pull-secret.ts'
import { HOST } from '../remove/our-fixture.ts'
import { LOGIN, loginOf, object, pullSecret } from './password-cluster.ts'

const describe = (secret: object, customHosts: readonly string[] = []): PullSecret =>
  describePullSecret(secret as KubeObject, 'acr-nopass', new Set(customHosts))
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const PERSONAL = 'registry.cn-shanghai.aliyuncs.com'

test('a login counts as a static login of ACR by its host and its user name', () => {
  const custom = ['img.example.com']
  const rows: readonly (readonly [auths: unknown, hosts: readonly string[], temporary: number, others: number])[] = [
    [{ [HOST]: loginOf() }, [HOST], 0, 0],
    [{ [PERSONAL]: loginOf(), [HOST]: loginOf() }, [PERSONAL, HOST].sort(), 0, 0],
    [{ [`https://${HOST.toUpperCase()}/v1/`]: loginOf() }, [HOST], 0, 0],
    [{ [`${HOST}:443/team`]: loginOf() }, [`${HOST}:443/team`], 0, 0],
    // The user names of ACR's temporary logins, from the vendor's API pages
    // (test/migrate/remove/old-logins.test.ts).
    [{ [HOST]: loginOf('cr_temp_user') }, [], 1, 0],
    [{ [HOST]: loginOf('temp_user_cr') }, [], 1, 0],
    // `auth` overrides the user name, as in the kubelet.
    [{ [HOST]: { username: 'cr_temp_user', password: 'x', ...loginOf() } }, [HOST], 0, 0],
    [{ [HOST]: { username: LOGIN.username, password: LOGIN.password } }, [HOST], 0, 0],
    [{ 'ghcr.io': loginOf(), 'docker.io': loginOf() }, [], 0, 2],
    [{ 'img.example.com': loginOf() }, ['img.example.com'], 0, 0],
    [{ 'img2.example.com': loginOf() }, [], 0, 1],
    // A host that only ends like one of ACR.
    [{ [`${HOST}.evil.example.com`]: loginOf(), 'xcr.aliyuncs.com.example': loginOf() }, [], 0, 2],
    [{ 'bucket.oss-cn-hangzhou.aliyuncs.com': loginOf() }, [], 0, 1],
    [{ '*.cn-hangzhou.aliyuncs.com': loginOf() }, ['*.cn-hangzhou.aliyuncs.com'], 0, 0],
    // Entries without a login.
    [{ [HOST]: {}, [PERSONAL]: null, 'ghcr.io': { email: 'a@b' } }, [], 0, 0],
    [{}, [], 0, 0],
  ]
  for (const [auths, hosts, temporary, others] of rows) {
    const found = describe(pullSecret(auths), custom)
    assert.deepEqual([found.hosts, found.temporary, found.others], [hosts, temporary, others], JSON.stringify(auths))
    assert.equal(found.isBroken, false)
  }
})

test('a Secret of the old type is read too, and content under the key of another type is not', () => {
  const auths = { [HOST]: loginOf() }
  const old = { '.dockercfg': base64(JSON.stringify(auths)) }
  assert.deepEqual(describe(object('Secret', 'shop', 'old', { type: 'kubernetes.io/dockercfg', data: old })).hosts, [
    HOST,
  ])
  const wrong = describe(object('Secret', 'shop', 'x', { type: 'kubernetes.io/dockerconfigjson', data: old }))
  assert.deepEqual([wrong.hosts, wrong.isBroken], [[], true])
})

test('broken content is reported as broken, and quotes nothing', () => {
  const contents = ['!', '', base64('{'), base64('[]'), base64('{"auths":"text"}'), base64('{"auths":[]}'), 7, null]
  for (const content of contents) {
    const type = 'kubernetes.io/dockerconfigjson'
    const found = describe(object('Secret', 'shop', 'x', { type, data: { '.dockerconfigjson': content } }))
    assert.deepEqual([found.isBroken, found.hosts, found.others], [true, [], 0])
  }
})

test("a Secret counts as acr-nopass's only if the helper still owns its content", () => {
  const content = {
    'f:data': { 'f:.dockerconfigjson': {} },
    'f:type': {},
    'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } },
  }
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass' }
  const managedFields = [{ manager: 'acr-nopass', operation: 'Apply', fieldsV1: content }]
  const auths = { [HOST]: loginOf() }
  const of = (metadata: object, name = 'acr-nopass'): boolean =>
    describe(pullSecret(auths, metadata, 'shop', name)).isOurs
  assert.equal(of({ labels, managedFields }), true)
  assert.equal(of({ labels }), false)
  assert.equal(of({ managedFields }), false)
  assert.equal(of({ labels, managedFields }, 'regcred'), false)
})

test('P6 what is kept of a Secret contains no part of a login, also one that is part of a host', () => {
  const secret = fc.string({ minLength: 6, maxLength: 30, unit: fc.constantFrom(...'QXZJWV7%$§') })
  const property = fc.property(secret, secret, (username, password) => {
    const entry = [
      { auth: base64(`${username}:${password}`) },
      { username, password },
      { username, password, auth: base64(`${username}:${password}`), email: password },
    ]
    for (const login of entry) {
      for (const key of [HOST, `https://${username}:${password}@${HOST}`, `${password}@ghcr.io`, `${password}.io`]) {
        const kept = JSON.stringify(describe(pullSecret({ [key]: login })))
        for (const part of [username, password, base64(`${username}:${password}`)]) {
          assert.ok(!kept.toLowerCase().includes(part.toLowerCase()), kept)
        }
      }
    }
  })
  fc.assert(property)
})
