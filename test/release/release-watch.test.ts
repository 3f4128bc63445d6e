import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeClient } from '../../src/kube/client.ts'
import { readEarlierState, watchRelease } from '../../src/release/release-watch.ts'

const parts = {
  namespace: 'n',
  selector: { app: 'helper' },
  statusConfigMap: undefined,
  configHash: undefined,
  ramChanged: false,
}

function crashing(name: string): object {
  const containerStatuses = [
    { ready: false, restartCount: 9, image: 'i', state: { waiting: { reason: 'CrashLoopBackOff' } } },
  ]
  return { metadata: { name }, status: { containerStatuses } }
}

/** An API server with these Pods; each change is seen by the next request. */
function clusterOf(pods: string[]): { readonly client: KubeClient; readonly looks: () => Promise<void> } {
  let seen = Promise.withResolvers<void>()
  const request = async () => {
    seen.resolve()
    seen = Promise.withResolvers()
    return { items: pods.map(crashing) }
  }
  return { client: { request } as unknown as KubeClient, looks: () => seen.promise }
}

test('C2 a Pod that crashed before helm began does not end the step that repairs it; a new one does', async (t) => {
  const pods = ['old']
  const { client, looks } = clusterOf(pods)
  const earlier = await readEarlierState(client, parts, t.signal)
  const watch = watchRelease(client, parts, earlier, t.signal)
  try {
    await looks()
    await looks()
    assert.deepEqual(watch.evidence(), [])
    pods.push('new')
    assert.match((await watch.permanent).message, /^Pod new ended 9 times/)
    assert.deepEqual(
      watch.evidence().map(({ key }) => key),
      ['pod new crash'],
    )
  } finally {
    watch.stop()
  }
})

test('C2 without knowing which Pods were there before, none is judged', async (t) => {
  const { client, looks } = clusterOf(['unknown'])
  const watch = watchRelease(client, parts, { pods: undefined, reportedAt: undefined }, t.signal)
  await looks()
  await looks()
  assert.deepEqual(watch.evidence(), [])
  watch.stop()
})
