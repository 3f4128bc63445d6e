import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { type ActionBed, startActionBed } from './support/action-bed.ts'
import { runAction } from './support/run-action.ts'

/** A node that has it: what matters here is what the action makes of it. A private pull needs a real kubelet (test/node). */
const IMAGE = 'registry.example.com/team/app'

/** With everything on: the helper asks a real registry about each credential, the action asks the helper and the cluster. */
for (const helm of ['helm4', 'helm3'] as const) {
  test(`${helm}: a rollout that is verified against a real registry`, async (t) => {
    let bed: ActionBed
    before(async () => {
      const images = { [IMAGE]: [process.execPath, '--eval', 'setInterval(() => {}, 1000)'] }
      bed = await startActionBed({ clusters: ['hangzhou-a', 'hangzhou-b'], helm, registry: true, images })
    })
    after(() => bed[Symbol.asyncDispose]())
    const run = async (inputs: Readonly<Record<string, string>>) => {
      const outcome = await runAction({
        inputs: {
          clusters: stringify(bed.clusters.map((one) => one.entry(0))),
          values: bed.values,
          endpoints: bed.endpoints,
          ...inputs,
        },
        env: bed.env,
      })
      await rm(outcome.temp, { recursive: true })
      return { ...outcome, results: JSON.parse(outcome.outputs.results ?? '[]') }
    }

    await t.test('the canary is alone until it is verified; then the others', async () => {
      const { code, results, stdout, stderr } = await run({ 'verify-image': IMAGE })
      assert.equal(code, 0, stdout + stderr)
      for (const { status, phase, notes } of results) {
        assert.deepEqual([status, phase], ['deployed', 'verify'])
        assert.match(
          notes.join('\n'),
          /registries: prod accepted\na new namespace had its Secret after \d+ ms\na new Pod had the reference after \d+ ms\nregistry\.example\.com\/team\/app was pulled after \d+ ms/,
        )
      }
      const [canary, other] = results
      assert.ok(other.startedMs >= canary.startedMs + canary.durationMs)
      const logins = bed.cloud.calls.filter(({ product, status }) => product === 'registry' && status === 200)
      assert.ok(logins.length >= 2, 'the registry was not asked by both helpers')
    })

    // Half a minute of patience: once will do.
    if (helm === 'helm3') return
    await t.test('an image that cannot be pulled: what the node said; no probe namespace stays', async () => {
      const { code, results } = await run({
        values: `${bed.values}logLevel: debug\n`,
        'verify-image': 'registry.example.com/team/absent',
      })
      assert.equal(code, 1)
      const [canary, other] = results
      assert.deepEqual([canary.status, canary.phase, canary.error.code], ['failed', 'verify', 'VERIFY_IMAGE'])
      assert.match(
        canary.error.message,
        /team\/absent was not pulled in \d+ s; ErrImagePull: image ".*\/team\/absent" is not on this node$/,
      )
      assert.equal(other.status, 'skipped')
      const list = await bed.clusters[0]?.cluster.admin.request<{
        items: { metadata: { name: string; deletionTimestamp?: string } }[]
      }>({ method: 'GET', path: '/api/v1/namespaces', query: { labelSelector: 'acr-nopass.io/probe=true' } })
      assert.deepEqual(
        list?.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
        [],
      )
    })
  })
}
