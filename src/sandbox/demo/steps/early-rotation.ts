import { requestRefresh } from '../../../release/helper-status.ts'
import { untilReady } from '../../process/ready.ts'
import { readPullSecret } from '../demo-pods.ts'
import { type DemoStep, expect, STATUS_OBJECT } from '../demo-step.ts'

/** Step 4: a rotation updates the Secret in place. */
export const earlyRotation: DemoStep = {
  title: 'the token is rotated early',
  proves: 'P4: the Secret changes in place and keeps its UID',
  async run({ environment, print, signal }) {
    const { cluster } = environment.production
    const before = await readPullSecret(cluster.admin, 'shop', signal)
    const since = performance.now()
    await requestRefresh(cluster.admin, STATUS_OBJECT, new Date(), signal)
    const changed = async (): Promise<boolean> =>
      (await readPullSecret(cluster.admin, 'shop', signal))?.content !== before?.content
    await untilReady(changed, { what: 'new content in shop', limitMs: 30_000, everyMs: 20 }, signal)
    const took = performance.now() - since
    const after = await readPullSecret(cluster.admin, 'shop', signal)
    print(`  content sha256 ${before?.content} -> ${after?.content}, valid until ${after?.expiresAt}`)
    expect(after?.uid === before?.uid, 'the Secret was recreated')
    return `new content after ${(took / 1000).toFixed(1)} s, same UID`
  },
}
