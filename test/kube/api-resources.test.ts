import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { listServed } from '../../src/kube/read/api-resources.ts'

interface Kind {
  readonly group: string
  readonly plural: string
  readonly version: string
}

/**
 * Lists kinds that change while they are read. `rounds` are the responses of discovery; the last
 * response repeats.
 */
async function list(
  t: { readonly signal: AbortSignal },
  rounds: readonly (readonly Kind[])[],
  deleted: readonly string[],
  limitMs?: number,
) {
  let round = 0
  const listed: string[] = []
  const missing = await listServed(
    async () => rounds[Math.min(round++, rounds.length - 1)] ?? [],
    async ({ plural, version }) => {
      if (deleted.includes(`${plural} ${version}`)) throw new KubeApiError(404, 'not found')
      listed.push(`${plural} ${version}`)
    },
    t.signal,
    limitMs,
  )
  return { listed, missing: missing.map(({ plural }) => plural) }
}

const [rollouts, clones] = [
  { group: 'example.com', plural: 'rollouts', version: 'v1alpha1' },
  { group: 'example.com', plural: 'clones', version: 'v1' },
]

test('a kind whose definition is removed meanwhile is ignored, and the rest is listed once', async (t) => {
  assert.deepEqual(await list(t, [[rollouts, clones], [clones]], ['rollouts v1alpha1']), {
    listed: ['clones v1'],
    missing: [],
  })
})

test('a kind that meanwhile is served in another version is listed in that one', async (t) => {
  const next = { ...rollouts, version: 'v1' }
  assert.deepEqual((await list(t, [[rollouts], [next]], ['rollouts v1alpha1'])).listed, ['rollouts v1'])
})

test('a kind that discovery still lists but that is not found is unknown, not absent', async (t) => {
  assert.deepEqual((await list(t, [[rollouts, clones]], ['rollouts v1alpha1'], 0)).missing, ['rollouts'])
})
