import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { DEFAULT_SECRET_NAME as SECRET, SKIP } from '../../src/kube/names.ts'
import { eventually } from '../support/eventually.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'
import type { NodeHelper } from '../support/node/node-helper.ts'

const REFUSED = /^(ErrImagePull|ImagePullBackOff): /

/** Tests how Pods run on a real kubelet if they get their reference in this way. */
export function testAttach(
  attach: 'serviceAccounts' | 'admission',
  opened: () => readonly [NodeFixture, NodeHelper],
): void {
  const name = (suffix: string): string => `team-${attach.toLowerCase()}-${suffix}`
  /** A namespace whose new Pods get the reference. */
  const makeTeam = async (fixture: NodeFixture, suffix: string): Promise<string> => {
    await fixture.namespace(name(suffix))
    await untilReferred(fixture, name(suffix))
    return name(suffix)
  }
  const entries = async (fixture: NodeFixture, namespace: string, pod: string): Promise<unknown> =>
    ((await fixture.readPod(namespace, pod)).spec as { imagePullSecrets?: unknown }).imagePullSecrets

  test(`P8 ${attach}: a Pod that is created with its namespace runs from the private image`, async () => {
    const [fixture] = opened()
    const team = await makeTeam(fixture, 'fresh')
    await fixture.pod(team, 'app', { pull: 'Always' })
    assert.deepEqual(await entries(fixture, team, 'app'), [{ name: SECRET }])
    await fixture.until(team, 'app', 'running', 60_000)
  })

  test(`${attach}: a Pod that was admitted before the reference never pulls, a new one runs`, async () => {
    const [fixture, helper] = opened()
    const team = name('early')
    await fixture.namespace(team, { labels: { [SKIP]: 'true' } })
    await fixture.pod(team, 'early', { pull: 'Always' })
    await fixture.until(team, 'early', REFUSED)
    const path = `/api/v1/namespaces/${team}`
    const body = { metadata: { labels: { [SKIP]: null } } }
    await fixture.cluster.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
    await eventually(() => helper.secret(team), 30_000)
    await untilReferred(fixture, team)
    await fixture.pod(team, 'app', { pull: 'Always' })
    await fixture.until(team, 'app', 'running', 60_000)
    assert.deepEqual(await entries(fixture, team, 'early'), undefined)
    const change = { spec: { imagePullSecrets: [{ name: SECRET }] } }
    const late = { method: 'PATCH', path: `${path}/pods/early`, contentType: MERGE_PATCH, body: change } as const
    await assert.rejects(fixture.cluster.admin.request(late), { status: 422 })
    await fixture.until(team, 'early', REFUSED)
  })

  test(`P4 ${attach}: an expired credential is rejected; after the rotation the same Pod runs, and no running Pod was touched`, async () => {
    const [fixture, helper] = opened()
    const team = name('fresh')
    const { uid } = (await helper.secret(team)).metadata
    fixture.cloud.control.expireTokens()
    await fixture.push(team)
    await fixture.pod(team, 'refused', { tag: team })
    await fixture.until(team, 'refused', REFUSED)
    await helper.rotate(team)
    await fixture.until(team, 'refused', 'running', 60_000)
    assert.equal((await helper.secret(team)).metadata.uid, uid)
    const [container] = (await fixture.readPod(team, 'app')).status?.containerStatuses ?? []
    assert.deepEqual([container?.restartCount, Object.keys(container?.state ?? {})], [0, ['running']])
  })

  test(`P4 ${attach}: while the registry is down, cached images start after a rotation in place, and do not start after the Secret was recreated`, async () => {
    const [fixture, helper] = opened()
    const [kept, recreated] = [await makeTeam(fixture, 'kept'), await makeTeam(fixture, 'remade')]
    for (const team of [kept, recreated]) {
      await fixture.pod(team, 'before')
      await fixture.until(team, 'before', 'running', 60_000)
    }
    const uids = {
      kept: (await helper.secret(kept)).metadata.uid,
      recreated: (await helper.secret(recreated)).metadata.uid,
    }
    await fixture.registry.kill()
    try {
      await helper.rotate(kept, recreated)
      await fixture.cluster.admin.request({
        method: 'DELETE',
        path: `/api/v1/namespaces/${recreated}/secrets/${SECRET}`,
      })
      await eventually(
        async () => assert.notEqual((await helper.secret(recreated)).metadata.uid, uids.recreated),
        30_000,
      )
      assert.equal((await helper.secret(kept)).metadata.uid, uids.kept)
      // This is checked first: once a Pod has used the new content with the old UID, the kubelet
      // also knows that content.
      await fixture.pod(recreated, 'after')
      await fixture.until(recreated, 'after', REFUSED)
      await fixture.pod(kept, 'after')
      await fixture.until(kept, 'after', 'running', 60_000)
    } finally {
      await fixture.registry.restart()
    }
  })
}

/**
 * Creates Pods as a dry run until they get the reference: a new policy or a changed list takes
 * effect with a delay.
 */
export async function untilReferred(fixture: NodeFixture, namespace: string): Promise<void> {
  const body = { metadata: { name: 'probe' }, spec: { containers: [{ name: 'app', image: 'app' }] } }
  const path = `/api/v1/namespaces/${namespace}/pods`
  const probe = { method: 'POST', path, query: { dryRun: 'All' }, body } as const
  await eventually(async () => {
    const { spec } = await fixture.cluster.admin.request<{ spec: { imagePullSecrets?: object[] } }>(probe)
    assert.deepEqual(spec.imagePullSecrets, [{ name: SECRET }])
  }, 30_000)
}
