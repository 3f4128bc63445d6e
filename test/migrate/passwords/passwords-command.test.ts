import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runBin } from '../../cli/run-bin.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from '../../support/fake-api-server.ts'
import { HOST } from '../remove/our-fixture.ts'
import { account, LOGIN, loginOf, object, pod, podSpec, pullSecret, REGCRED } from './password-cluster.ts'

async function passwords(
  t: TestContext,
  objects: readonly FakeObject[],
  flags: readonly string[] = [],
  prepare: (cluster: FakeApiServer) => void = () => undefined,
) {
  const cluster = await startFakeApiServer(objects)
  t.after(() => cluster[Symbol.asyncDispose]())
  prepare(cluster)
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-passwords-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'kubeconfig')
  await writeFile(file, cluster.kubeconfig)
  const result = await runBin(['doctor', 'passwords', '--kubeconfig', file, ...flags])
  const parts = [LOGIN.username, LOGIN.password, loginOf().auth, 'pusher', 'Str0ng']
  for (const part of parts) assert.ok(!`${result.stdout}${result.stderr}`.includes(part), part)
  assert.deepEqual(
    cluster.calls.filter((call) => !call.startsWith('GET ')),
    [],
  )
  return { ...result, calls: cluster.calls }
}

test('P6 the report has the hosts and users of a password, how old it is, and no part of it', async (t) => {
  const objects = [REGCRED, account('default', 'regcred'), pod('web', podSpec(['regcred'], {}, 'example.com/a:1'))]
  const { code, stdout, stderr } = await passwords(t, objects)
  assert.equal(code, 0, stderr)
  assert.equal(
    stdout,
    `1 static login of ACR in 1 pull secret; acr-nopass is not installed

secret        host                                       created     written  covered  can go
shop/regcred  ${HOST}  2021-03-02  unknown  no       no

shop/regcred: is still needed
  ServiceAccount shop/default: it names the Secret and not acr-nopass
    fix: Make it a target (\`targets\` of the values), or remove the old name if nothing pulls with it.
  not needed by: Pod shop/web

other pull secrets: 0 of acr-nopass, 0 with temporary logins of ACR only, 0 of other registries, 0 without logins
not searched: Secrets of other types, and everything outside of this cluster, where the same password may be used
`,
  )
  const json = await passwords(t, objects, ['-o', 'json'])
  const { release, passwords: found, unread } = JSON.parse(json.stdout)
  assert.deepEqual([release, unread, found.length, found[0].canGo], [null, [], 1, 'no'])
})

test('without a static login only pull secrets are read, and the others are counted', async (t) => {
  const objects = [
    pullSecret({ [HOST]: loginOf('cr_temp_user') }, {}, 'shop', 'pasted'),
    pullSecret({ 'ghcr.io': loginOf() }, {}, 'shop', 'ghcr'),
    pullSecret('text', {}, 'shop', 'broken'),
    account('default', 'pasted'),
  ]
  const { code, stdout, calls } = await passwords(t, objects)
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^no static login of ACR was found; acr-nopass is not installed\n\nother pull secrets: 0 of acr-nopass, 1 with temporary .*only, 1 of other registries, 1 without logins$/m,
  )
  assert.ok(!calls.some((call) => call.endsWith('/pods')))
})

test('a custom domain is found if it is named', async (t) => {
  const objects = [pullSecret({ 'img.example.com': loginOf() })]
  assert.match((await passwords(t, objects)).stdout, /^no static login/)
  const named = await passwords(t, objects, ['--domain', 'img.example.com'])
  assert.match(named.stdout, /^shop\/regcred {2}img\.example\.com {2}/m)
})

test('without the right to list Secrets the command fails, and names the right', async (t) => {
  const { code, stdout, stderr } = await passwords(t, [REGCRED], [], (cluster) => {
    cluster.refuse = (_, path) => (path === '/api/v1/secrets' ? 403 : undefined)
  })
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /^KUBE_FORBIDDEN: /)
  assert.match(stderr, /may list Secrets in all namespaces/)
})

test('hostile names, huge Secrets and a login in a host change no line and show no login', async (t) => {
  const evil = 'web\n::error::\u001b[31m\u202e'
  const many = Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [`r${i}.cr.aliyuncs.com`, loginOf()]))
  const objects = [
    pullSecret(many, {}, 'shop', 'huge'),
    pullSecret({ [`https://${LOGIN.username}:${LOGIN.password}@${HOST}/x\u001b[2J`]: loginOf() }, {}, 'shop', evil),
    pod(evil, podSpec(['huge', evil], {}, `${HOST}/a\u001b[2J:1`)),
    object('ConfigMap', 'ci', `${evil}x`, { data: { text: 'huge' } }),
  ]
  const { code, stdout, stderr } = await passwords(t, objects)
  assert.equal(code, 0, stderr)
  for (const line of stdout.split('\n')) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]|^::/u)
  assert.ok(stdout.split('\n').length < 120, stdout)
  const json = await passwords(t, objects, ['-o', 'json'])
  assert.equal(JSON.parse(json.stdout).passwords.length, 2)
})

test('without the right to list ConfigMaps the report does not say that acr-nopass is not installed', async (t) => {
  const objects = [REGCRED, account('default', 'regcred', 'acr-nopass'), pod('web', podSpec(['regcred']))]
  const { code, stdout } = await passwords(t, objects, [], (cluster) => {
    cluster.refuse = (_, path) => (path.endsWith('/configmaps') ? 403 : undefined)
  })
  assert.equal(code, 0)
  assert.match(stdout, /^1 static login of ACR in 1 pull secret; whether acr-nopass is installed could not be read\n/)
  assert.ok(!stdout.includes('not installed'), stdout)
  assert.match(stdout, /^shop\/regcred .* unknown +unknown$/m)
})
