import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClusterWork, ConnectedWork } from '../../src/rollout/cluster/cluster-run.ts'
import { kubeconfigMinutes } from '../../src/rollout/connect/connect-cluster.ts'
import { connectWork, withLastingCredential } from '../../src/rollout/connect/connect-work.ts'

test("the kubeconfig of a deploy, and of an uninstall, stays valid for three waits of helm, within ACK's limits", () => {
  // TemporaryDurationMinutes is 15 to 4320:
  // https://www.alibabacloud.com/help/en/ack/developer-reference/api-cs-2015-12-15-describeclusteruserkubeconfig
  for (const [timeoutSeconds, minutes] of [
    [60, 15],
    [300, 20],
    [900, 50],
    [3600, 185],
    [90_000, 4320],
  ] as const) {
    assert.equal(kubeconfigMinutes(timeoutSeconds, 0), minutes, `timeout ${timeoutSeconds} s`)
  }
})

test('the kubeconfig of a chart with hooks stays valid for each of their waits', () => {
  // Two helm calls of 5 minutes, each with 3 x 5 minutes for the hook, the verification, and 5 more
  // minutes.
  assert.equal(kubeconfigMinutes(300, 1), 50)
  assert.equal(kubeconfigMinutes(300, 2), 80)
})

for (const { name, access, hooks, again } of [
  { name: 'a chart without hooks goes on with the first kubeconfig', access: 'ack', hooks: 0, again: false },
  { name: 'a kubeconfig of the user lives as long as it lives', access: 'kubeconfig-file', hooks: 3, again: false },
  { name: 'a chart with hooks gets a kubeconfig of ACK that outlives them', access: 'ack', hooks: 1, again: true },
] as const) {
  test(name, async () => {
    const asked: string[] = []
    const cloud = {
      cs: () => {
        asked.push('kubeconfig')
        throw new Error('asked')
      },
    }
    const settings = { access: { kind: access, region: 'r', clusterId: 'c' } }
    const inputs = { timeout: '5m' }
    const context = { settings: { inputs }, cloud, helm: {}, folder: {}, mask: () => undefined }
    const work = { cluster: { name: 'a', settings }, context, run: { notes: [] }, signal: AbortSignal.timeout(60_000) }
    const done = withLastingCredential(
      work as unknown as ConnectedWork,
      hooks,
      async (longer) => longer === (work as unknown),
    )
    if (again) await assert.rejects(done, /asked/)
    else assert.equal(await done, true)
    assert.deepEqual(asked, again ? ['kubeconfig'] : [])
  })
}

test('the work gets the connection to its cluster, which ends with the work, and a note only once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-work-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const server = createServer((_request, response) => {
    response.end('{"gitVersion":"v1.37.2","metadata":{"name":"kube-system","uid":"u"}}')
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const file = join(folder, 'kubeconfig')
  const config = {
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          'insecure-skip-tls-verify': true,
        },
      },
    ],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  writeFileSync(file, JSON.stringify(config))
  const settings = { name: 'a', release: 'r', namespace: 'n', access: { kind: 'kubeconfig-file', file }, expect: {} }
  const reported: unknown[] = []
  const context = {
    settings: { inputs: { timeout: '5m' } },
    mask: () => undefined,
    helm: { environment: {} },
    folder: {},
    report: (...line: unknown[]) => void reported.push(line),
  }
  const run = { notes: ['an earlier note'] }
  const work = { cluster: { name: 'a', settings }, context, run, signal: AbortSignal.timeout(60_000) }
  const seen = await connectWork(work as unknown as ClusterWork, async (connected) => {
    const { identity, release, now, signal, cluster } = connected
    assert.equal(Math.abs(now() - Date.now()) < 60_000, true)
    return [identity.kubeSystemUid, release.target, signal === work.signal, cluster === (work.cluster as unknown)]
  })
  const target = { release: 'r', namespace: 'n', kubeconfig: file, context: undefined }
  assert.deepEqual([seen, run.notes, reported], [['u', target, true, true], ['an earlier note'], []])
  const failing = connectWork(work as unknown as ClusterWork, () => Promise.reject(new Error('the work failed')))
  await assert.rejects(failing, /the work failed/)
})
