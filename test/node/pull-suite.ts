import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { eventually } from '../support/eventually.ts'
import type { NodeBed } from '../support/node/node-bed.ts'

const REFUSED = /^(ErrImagePull|ImagePullBackOff): /
const OURS = { secrets: [SECRET] }

/** What a kubelet does with a Pod that comes before, with and after its credential. */
export function testPulls(opened: () => NodeBed): void {
  // Side by side: after a failure the kubelet waits ten seconds before it tries again.
  suite('Pods before, with and after their credential', { concurrency: true }, () => {
    test('a Pod without any credential is refused its private image', async () => {
      const bed = opened()
      await bed.namespace('bare')
      await bed.pod('bare', 'app', { pull: 'Always' })
      await bed.until('bare', 'app', REFUSED)
      assert.deepEqual((await bed.readPod('bare', 'app')).status?.phase, 'Pending')
      assert.ok(!(await bed.reasons('bare', 'app')).includes('FailedToRetrieveImagePullSecret'))
    })

    test('a Pod of a ServiceAccount that names our Secret really runs from the private image, and its log can be read', async () => {
      const bed = opened()
      await bed.namespace('shop', OURS)
      await bed.writeSecret('shop', await bed.pullToken())
      // W2: containerd takes the login to the vendor's own name, in another region than the registry's.
      const tokenHost = new URL(bed.cloud.registryAuth.vendorRealm).hostname
      assert.ok(!tokenHost.includes(bed.cloud.regionId), tokenHost)
      await bed.pod('shop', 'app', { pull: 'Always' })
      await bed.until('shop', 'app', 'running')
      const pod = await bed.readPod('shop', 'app')
      assert.deepEqual((pod.spec as { imagePullSecrets?: unknown }).imagePullSecrets, [{ name: SECRET }])
      assert.ok((bed.node.vendorNames.requests.get(tokenHost) ?? 0) > 0)
      assert.ok(bed.cloud.calls.some(({ product, status }) => product === 'registry' && status === 200))
      assert.equal(await bed.log('shop', 'app'), 'running app-1\n')
    })

    test('P8 a Secret that comes just after the Pod costs no failed pull', async () => {
      const bed = opened()
      await bed.namespace('fresh', OURS)
      const token = await bed.pullToken()
      await bed.node.images.remove(bed.domain)
      await bed.pod('fresh', 'app')
      await bed.writeSecret('fresh', token)
      await bed.until('fresh', 'app', 'running', 60_000)
      const reasons = await bed.reasons('fresh', 'app')
      assert.ok(!reasons.includes('Failed') && !reasons.includes('BackOff'), reasons.join())
    })

    test('a Pod that was refused runs as soon as its Secret is there: the kubelet watches that one Secret', async () => {
      const bed = opened()
      await bed.namespace('late', OURS)
      await bed.push('late')
      await bed.pod('late', 'app', { tag: 'late' })
      await bed.until('late', 'app', REFUSED)
      await eventually(async () => {
        assert.ok((await bed.reasons('late', 'app')).includes('FailedToRetrieveImagePullSecret'))
      })
      const watches = bed.cluster
        .auditLog()
        .filter(({ verb, user, objectRef }) => {
          return verb === 'watch' && user.username === `system:node:${bed.node.name}` && objectRef?.namespace === 'late'
        })
        .map(({ objectRef }) => [objectRef?.resource, objectRef?.name])
      assert.ok(
        watches.some(([resource, name]) => resource === 'secrets' && name === SECRET),
        JSON.stringify(watches),
      )
      await bed.writeSecret('late', await bed.pullToken())
      await bed.until('late', 'app', 'running', 60_000)
    })
  })
}
