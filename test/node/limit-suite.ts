import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'yaml'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { INSTANCE } from '../support/cloud/team-seed.ts'
import { trustHelper } from '../support/cloud/trust-helper.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'
import type { NodeHelper } from '../support/node/node-helper.ts'
import { untilReferred } from './attach-suite.ts'

/** What containerd says if the registry refuses a token without the right to pull. */
const DENIED = /^(ErrImagePull|ImagePullBackOff): .*insufficient_scope/
const EXAMPLE = new URL('../../examples/values/teams.yaml', import.meta.url)
const IMAGES = ['base/os', 'team-a/app', 'team-b/app']

/** Tests which images a real kubelet pulls with the values of docs/en/teams.md. */
export function testLimits(opened: () => readonly [NodeFixture, NodeHelper]): void {
  /**
   * Starts a Pod for each image, and returns the images of the Pods that run. The pulls of all
   * others were denied.
   */
  async function pulled(namespace: string, running: readonly string[]): Promise<void> {
    const [fixture] = opened()
    const nameOf = (image: string): string => image.replace('/', '-')
    for (const image of IMAGES) {
      await fixture.pod(namespace, nameOf(image), { image: `${image}:1`, pull: 'Always' })
    }
    for (const image of IMAGES) {
      await fixture.until(namespace, nameOf(image), running.includes(image) ? 'running' : DENIED, 60_000)
    }
  }

  test('limit: repositories: a Pod pulls the images of its own team and the common ones, and is refused those of another team', async () => {
    const [fixture, helper] = opened()
    for (const image of IMAGES) await fixture.push('1', image)
    const { namespace, name: serviceAccount } = helper.release()
    const role = 'helper-with-limits'
    const identity = trustHelper(fixture.cloud, fixture.cluster, { role, namespace, serviceAccount })
    const { registries, region } = parse(await readFile(EXAMPLE, 'utf8'))
    const entries = registries.map((entry: object) => ({ ...entry, instanceId: INSTANCE }))
    // The probe of the example's common entry is another image.
    entries[0].probe = 'base/os'
    const targets = { namespaces: { include: ['a-*', 'b-*'] } }
    await helper.install({ registries: entries, region, identity, targets, attach: 'admission' })
    for (const team of ['a-1', 'b-1']) {
      await fixture.namespace(team)
      await untilReferred(fixture, team)
    }
    await pulled('a-1', ['base/os', 'team-a/app'])
    await pulled('b-1', ['base/os', 'team-b/app'])
    const { registries: found } = await helper.status()
    assert.deepEqual(found.map(({ limit, state }) => [limit?.repositories.join(), state, limit?.granted]).sort(), [
      ['base/*,team-a/*', 'live', 'granted'],
      ['base/*,team-b/*', 'live', 'granted'],
    ])
  })

  // Without limits, each team's Secret has this credential. Therefore only the limit refuses.
  test('limit: role: the credential of the whole role pulls the images of all teams', async () => {
    const [fixture] = opened()
    await fixture.namespace('all-teams', { secrets: [SECRET] })
    await fixture.writeSecret('all-teams', await fixture.pullToken())
    await pulled('all-teams', IMAGES)
  })
}
