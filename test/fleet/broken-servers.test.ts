import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { HOME, releaseObjects } from './release-objects.ts'
import { leftFiles, openFleet } from './run-check.ts'

const EVIL = 'x\u001b[31m\n::error::owned\u202e <script>alert(1)</script>'

const fleet = await openFleet({ fine: () => releaseObjects(), broken: () => releaseObjects() }, [
  { name: 'copied', kubeconfig: { file: 'copied.kubeconfig' } },
  { name: 'hostile', kubeconfig: { file: `${EVIL}.kubeconfig`, context: EVIL } },
  {
    name: 'mistaken',
    kubeconfig: { file: 'mistaken.kubeconfig' },
    expect: { kubeSystemUid: '5f3c1a9e-7d42-4b8f-9c60-2ab1e0d4f731' },
  },
])
after(() => fleet[Symbol.asyncDispose]())
// A list in which two entries name one file is refused before the check.
for (const name of ['copied', 'mistaken'])
  await copyFile(join(fleet.folder, 'fine.kubeconfig'), join(fleet.folder, `${name}.kubeconfig`))
const { broken } = fleet.servers
assert.ok(broken)

/** Checks both clusters while one of them responds like this. Returns the check of that one. */
async function checkWhile(answers: Partial<Pick<typeof broken & object, 'answer' | 'refuse'>>, ...args: string[]) {
  assert.ok(broken)
  const { answer, refuse } = broken
  Object.assign(broken, answers)
  try {
    const { code, clusters } = await fleet.check('--cluster', 'fine,broken', ...args)
    assert.equal(clusters.fine?.state, 'healthy')
    assert.ok(clusters.broken)
    return { code, ...clusters.broken }
  } finally {
    Object.assign(broken, { answer, refuse })
  }
}

const LOGIN = '<html><title>Please log in</title></html>'
for (const [what, text] of [
  ['a login page', LOGIN],
  ['an empty object', '{}'],
  ['null', 'null'],
  ['a text', '"ok"'],
  ['lists of nothing', '{"metadata":{},"items":[]}'],
  ['an empty body', ''],
] as const) {
  test(`P14: a server that responds 200 with ${what} is unread, and the others are checked`, async () => {
    const { code, state, findings, unread } = await checkWhile({ answer: () => text })
    assert.equal(code, 1)
    assert.deepEqual([state, ...findings.map(({ id }) => id)], ['unread', 'CLUSTER_UNREAD'])
    assert.match(unread[0]?.why ?? '', /^KUBE_BAD_ANSWER: GET /)
  })
}

for (const [path, text] of [
  ['/version', '{"major":"1"}'],
  ['/api/v1/namespaces/kube-system', '{"metadata":{"name":"kube-system"}}'],
] as const) {
  test(`P14: a server that responds to ${path} with ${text} does not show which cluster it is, and is unread`, async () => {
    const answer = (asked: string) => (asked === path ? text : undefined)
    const { state, unread } = await checkWhile({ answer })
    assert.equal(state, 'unread')
    assert.match(unread[0]?.why ?? '', /^KUBE_BAD_ANSWER: GET .* did not return a /)
  })
}

for (const [what, path, text] of [
  ['Pods', '/api/v1/pods', '{}'],
  ['Pods', '/api/v1/pods', '{"metadata":{}}'],
  ['ServiceAccounts', '/api/v1/serviceaccounts', LOGIN],
  ['Namespaces', '/api/v1/namespaces', '{"metadata":{},"items":"none"}'],
] as const) {
  test(`P14: ${what} for which a server responds 200 with ${text} are unread, and the rest is judged`, async () => {
    const answer = (asked: string) => (asked === path ? text : undefined)
    const { state, findings, unread, release } = await checkWhile({ answer })
    assert.deepEqual([state, findings, release?.status], ['unread', [], 'deployed'])
    assert.equal(unread.length, 1)
    assert.ok(unread[0]?.what.startsWith(what), unread[0]?.what)
    assert.match(unread[0]?.why ?? '', /returned something that is not /)
  })
}

for (const status of [429, 500, 503]) {
  test(`P14: a part for which a server responds ${status} is unread, and a defect in another part is still named`, async () => {
    fleet.change('broken', () => releaseObjects({ replicas: 0 }))
    const refuse = (_method: string, path: string) => (path === '/api/v1/pods' ? status : undefined)
    const { state, findings, unread } = await checkWhile({ refuse })
    fleet.change('broken')
    assert.deepEqual([state, ...findings.map(({ id }) => id)], ['failed', 'OBJECTS_DRIFTED', 'HELPER_DOWN'])
    assert.deepEqual(
      unread.map(({ what }) => what),
      ['Pods of all namespaces'],
    )
  })
}

test('P14: a role that may list Secrets but not get them leaves the release and the drift unread', async () => {
  const records = `/api/v1/namespaces/${HOME}/secrets/`
  const refuse = (_method: string, path: string) =>
    path.startsWith(records) && path.includes('helm.release') ? 403 : undefined
  const { state, drift, release, unread } = await checkWhile({ refuse })
  assert.deepEqual([state, drift, release?.revision], ['unread', { objects: null, values: null }, 1])
  assert.ok(unread.some(({ what }) => what.includes('that needs list and get of Secrets')))
})

for (const [when, path] of [
  ['from the first request on', '/version'],
  ['in the middle', '/api/v1/pods'],
] as const) {
  test(`a server that hangs ${when} is unread after --timeout, and the others are not delayed by it`, async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const answer = (asked: string) => (asked === path ? promise : undefined)
    const { code, state, unread } = await checkWhile({ answer }, '--timeout', '2s')
    resolve('{}')
    assert.deepEqual([code, state], [1, 'unread'])
    assert.equal(unread[0]?.why, 'CLUSTER_UNREACHABLE: not everything could be read within 2 s')
    assert.deepEqual(await leftFiles(fleet), [])
  })
}

test('P14: two entries that lead to the same release of one cluster fail, because another cluster may not be checked', async () => {
  const { code, clusters } = await fleet.check('--cluster', 'fine,copied,broken')
  assert.equal(code, 1)
  assert.deepEqual(
    Object.values(clusters).map(({ name, state, findings }) => [name, state, findings[0]?.message]),
    [
      ['fine', 'failed', 'copied is the same release in the same cluster'],
      ['copied', 'failed', 'fine is the same release in the same cluster'],
      ['broken', 'healthy', undefined],
    ],
  )
  assert.equal((await fleet.check('--cluster', 'copied,broken')).code, 0)
})

test('P14: an API server that is not the one that the list expects is unread, as a rollout refuses it', async () => {
  const { clusters } = await fleet.check('--cluster', 'mistaken')
  assert.equal(clusters.mistaken?.state, 'unread')
  assert.match(clusters.mistaken?.unread[0]?.why ?? '', /^CLUSTER_MISMATCH: kube-system's UID is /)
})

test('texts of a list are printed without control characters', async () => {
  const { code, text } = await fleet.run('--cluster', 'hostile')
  assert.equal(code, 1)
  assert.ok(text.includes('x\\u001b[31m\\n::error::owned\\u202e'), text)
  assert.ok(!text.includes('\u001b') && !text.includes('\u202e'))
})
