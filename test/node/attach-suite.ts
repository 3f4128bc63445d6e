import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { DEFAULT_SECRET_NAME as SECRET, SKIP } from '../../src/kube/names.ts'
import { eventually } from '../support/eventually.ts'
import type { NodeBed } from '../support/node/node-bed.ts'
import type { NodeHelper } from '../support/node/node-helper.ts'

const REFUSED = /^(ErrImagePull|ImagePullBackOff): /

/** What a real kubelet makes of the helper's work when Pods come to their reference in this way. */
export function testAttach(
  attach: 'serviceAccounts' | 'admission',
  opened: () => readonly [NodeBed, NodeHelper],
): void {
  const name = (suffix: string): string => `team-${attach.toLowerCase()}-${suffix}`
  /** A namespace whose new Pods get the reference. */
  const makeTeam = async (bed: NodeBed, suffix: string): Promise<string> => {
    await bed.namespace(name(suffix))
    await untilReferred(bed, name(suffix))
    return name(suffix)
  }
  const entries = async (bed: NodeBed, namespace: string, pod: string): Promise<unknown> =>
    ((await bed.readPod(namespace, pod)).spec as { imagePullSecrets?: unknown }).imagePullSecrets

  test(`P8 ${attach}: a Pod that is created with its namespace runs from the private image`, async () => {
    const [bed] = opened()
    const team = await makeTeam(bed, 'fresh')
    await bed.pod(team, 'app', { pull: 'Always' })
    assert.deepEqual(await entries(bed, team, 'app'), [{ name: SECRET }])
    await bed.until(team, 'app', 'running', 60_000)
  })

  test(`${attach}: a Pod that was admitted before the reference stays refused for good, a new one runs`, async () => {
    const [bed, helper] = opened()
    const team = name('early')
    await bed.namespace(team, { labels: { [SKIP]: 'true' } })
    await bed.pod(team, 'early', { pull: 'Always' })
    await bed.until(team, 'early', REFUSED)
    const path = `/api/v1/namespaces/${team}`
    const body = { metadata: { labels: { [SKIP]: null } } }
    await bed.cluster.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
    await eventually(() => helper.secret(team), 30_000)
    await untilReferred(bed, team)
    await bed.pod(team, 'app', { pull: 'Always' })
    await bed.until(team, 'app', 'running', 60_000)
    assert.deepEqual(await entries(bed, team, 'early'), undefined)
    const change = { spec: { imagePullSecrets: [{ name: SECRET }] } }
    const late = { method: 'PATCH', path: `${path}/pods/early`, contentType: MERGE_PATCH, body: change } as const
    await assert.rejects(bed.cluster.admin.request(late), { status: 422 })
    await bed.until(team, 'early', REFUSED)
  })

  test(`P4 ${attach}: a credential that has ended is refused; after the rotation the same Pod runs, and nothing that ran was touched`, async () => {
    const [bed, helper] = opened()
    const team = name('fresh')
    const { uid } = (await helper.secret(team)).metadata
    bed.cloud.control.expireTokens()
    await bed.push(team)
    await bed.pod(team, 'refused', { tag: team })
    await bed.until(team, 'refused', REFUSED)
    await helper.rotate(team)
    await bed.until(team, 'refused', 'running', 60_000)
    assert.equal((await helper.secret(team)).metadata.uid, uid)
    const [container] = (await bed.readPod(team, 'app')).status?.containerStatuses ?? []
    assert.deepEqual([container?.restartCount, Object.keys(container?.state ?? {})], [0, ['running']])
  })

  test(`P4 ${attach}: rotated in place while the registry is down, cached images start; with a Secret recreated they do not`, async () => {
    const [bed, helper] = opened()
    const [kept, remade] = [await makeTeam(bed, 'kept'), await makeTeam(bed, 'remade')]
    for (const team of [kept, remade]) {
      await bed.pod(team, 'before')
      await bed.until(team, 'before', 'running', 60_000)
    }
    const uids = { kept: (await helper.secret(kept)).metadata.uid, remade: (await helper.secret(remade)).metadata.uid }
    await bed.registry.breakDown()
    try {
      await helper.rotate(kept, remade)
      await bed.cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${remade}/secrets/${SECRET}` })
      await eventually(async () => assert.notEqual((await helper.secret(remade)).metadata.uid, uids.remade), 30_000)
      assert.equal((await helper.secret(kept)).metadata.uid, uids.kept)
      // First: once a Pod has used the new content by the old UID, the kubelet knows that content too.
      await bed.pod(remade, 'after')
      await bed.until(remade, 'after', REFUSED)
      await bed.pod(kept, 'after')
      await bed.until(kept, 'after', 'running', 60_000)
    } finally {
      await bed.registry.comeBack()
    }
  })
}

/** The API server's own word, by a Pod that is not kept: neither a new policy nor a changed list counts at once. */
async function untilReferred(bed: NodeBed, namespace: string): Promise<void> {
  const body = { metadata: { name: 'probe' }, spec: { containers: [{ name: 'app', image: 'app' }] } }
  const path = `/api/v1/namespaces/${namespace}/pods`
  const probe = { method: 'POST', path, query: { dryRun: 'All' }, body } as const
  await eventually(async () => {
    const { spec } = await bed.cluster.admin.request<{ spec: { imagePullSecrets?: object[] } }>(probe)
    assert.deepEqual(spec.imagePullSecrets, [{ name: SECRET }])
  }, 30_000)
}
