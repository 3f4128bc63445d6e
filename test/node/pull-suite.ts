import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'

const REFUSED = /^(ErrImagePull|ImagePullBackOff): /
const OURS = { secrets: [SECRET] }

/** Tests how a kubelet handles Pods that are created before, with and after their credential. */
export function testPulls(opened: () => NodeFixture): void {
  // Concurrent because the kubelet waits ten seconds before it retries a failure.
  suite('Pods before, with and after their credential', { concurrency: true }, () => {
    test('a Pod without any credential cannot pull its private image', async () => {
      const fixture = opened()
      await fixture.namespace('bare')
      await fixture.pod('bare', 'app', { pull: 'Always' })
      await fixture.until('bare', 'app', REFUSED)
      assert.deepEqual((await fixture.readPod('bare', 'app')).status?.phase, 'Pending')
      assert.ok(!(await fixture.reasons('bare', 'app')).includes('FailedToRetrieveImagePullSecret'))
    })

    test('a Pod of a ServiceAccount that references our Secret really runs from the private image, and its log can be read', async () => {
      const fixture = opened()
      await fixture.namespace('shop', OURS)
      await fixture.writeSecret('shop', await fixture.pullToken())
      // Containerd sends the login to the vendor's own host name, which is in another region than
      // the registry.
      const tokenHost = new URL(fixture.cloud.registryAuth.vendorRealm).hostname
      assert.ok(!tokenHost.includes(fixture.cloud.regionId), tokenHost)
      await fixture.pod('shop', 'app', { pull: 'Always' })
      await fixture.until('shop', 'app', 'running')
      const pod = await fixture.readPod('shop', 'app')
      assert.deepEqual((pod.spec as { imagePullSecrets?: unknown }).imagePullSecrets, [{ name: SECRET }])
      assert.ok((fixture.node.vendorNames.requests.get(tokenHost) ?? 0) > 0)
      assert.ok(fixture.cloud.calls.some(({ product, status }) => product === 'registry' && status === 200))
      assert.equal(await fixture.log('shop', 'app'), 'running team-app-1\n')
    })

    test('P8 a Secret that is created just after the Pod causes no failed pull', async () => {
      const fixture = opened()
      await fixture.namespace('fresh', OURS)
      const token = await fixture.pullToken()
      await fixture.node.images.remove(fixture.domain)
      await fixture.pod('fresh', 'app')
      await fixture.writeSecret('fresh', token)
      await fixture.until('fresh', 'app', 'running', 60_000)
      const reasons = await fixture.reasons('fresh', 'app')
      assert.ok(!reasons.includes('Failed') && !reasons.includes('BackOff'), reasons.join())
    })

    test('a Pod that could not pull runs as soon as its Secret exists: the kubelet watches that Secret', async () => {
      const fixture = opened()
      await fixture.namespace('late', OURS)
      await fixture.push('late')
      await fixture.pod('late', 'app', { tag: 'late' })
      await fixture.until('late', 'app', REFUSED)
      await eventually(async () => {
        assert.ok((await fixture.reasons('late', 'app')).includes('FailedToRetrieveImagePullSecret'))
      })
      const watches = readAuditLog(fixture.cluster)
        .filter(({ verb, user, objectRef }) => {
          return (
            verb === 'watch' && user.username === `system:node:${fixture.node.name}` && objectRef?.namespace === 'late'
          )
        })
        .map(({ objectRef }) => [objectRef?.resource, objectRef?.name])
      assert.ok(
        watches.some(([resource, name]) => resource === 'secrets' && name === SECRET),
        JSON.stringify(watches),
      )
      await fixture.writeSecret('late', await fixture.pullToken())
      await fixture.until('late', 'app', 'running', 60_000)
    })
  })
}
