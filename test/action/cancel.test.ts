import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { type ActionBed, startActionBed } from './support/action-bed.ts'
import { type ActionOutcome, runAction } from './support/run-action.ts'
import { runnerCancel } from './support/runner-cancel.ts'

/** Seeded, so that a failing point can be run again. */
const SEED = 20_261_125
const POINTS = 12

/** When the job is cancelled: so long after its start, or after helm began to write. */
interface CancelPoint {
  readonly after: 'start' | 'helm'
  readonly milliseconds: number
  /** The new Pod never gets ready, so that helm is surely waiting. */
  readonly stuck: boolean
}

function cancelPoints(seed: number, count: number): readonly CancelPoint[] {
  let state = seed
  // mulberry32
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }
  return Array.from({ length: count }, (_, index) => {
    const after = index % 3 === 0 ? 'start' : 'helm'
    return { after, milliseconds: Math.round(random() * (after === 'start' ? 3000 : 2500)), stuck: index % 2 === 1 }
  })
}

test(`P10 a job cancelled at ${POINTS} points leaves no pending release, no process and no file`, async (t) => {
  await using bed = await startActionBed({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const first = await apply(bed, { podAnnotations: { run: 'first' } })
  assert.equal(first.code, 0, first.stdout + first.stderr)
  await rm(first.temp, { recursive: true })

  for (const [index, point] of cancelPoints(SEED, POINTS).entries()) {
    const { after, milliseconds, stuck } = point
    await t.test(`${milliseconds} ms after ${after}${stuck ? ', helm waiting' : ''}`, async () => {
      const values = {
        podAnnotations: { run: String(index) },
        ...(stuck && { image: { repository: 'absent/absent' } }),
      }
      const main = await apply(bed, values, point)
      const post = await runAction({ inputs: {}, env: bed.env, stage: 'post', state: main.state, temp: main.temp })
      const said = `${main.stdout}\n${main.stderr}\n${post.stdout}\n${post.stderr}`
      assert.ok(main.signal === null, `main had to be killed: ${said}`)
      assert.deepEqual({ code: post.code, warnings: post.annotations }, { code: 0, warnings: [] }, said)
      assert.deepEqual(helmProcesses(main.temp), [], said)
      assert.match(await lastStatus(bed), /^(deployed|failed|superseded)$/, said)
      assert.deepEqual(
        (await readdir(main.temp)).filter((name) => /^acr-nopass-\w{6}$/.test(name)),
        [],
        said,
      )
      await rm(main.temp, { recursive: true })
    })
  }
})

function apply(bed: ActionBed, values: object, point?: CancelPoint): Promise<ActionOutcome> {
  const clusters = stringify(bed.clusters.map((one) => one.entry(0)))
  const inputs = {
    clusters,
    values: bed.values + stringify(values),
    endpoints: bed.endpoints,
    timeout: '60s',
    verify: point === undefined ? 'true' : 'false',
  }
  return runAction({
    inputs,
    env: bed.env,
    ...(point && { onStart: runnerCancel(point.milliseconds, point.after === 'helm' ? 'helm upgrade' : undefined) }),
  })
}

/** Command lines of helm children that still work with a kubeconfig of that run. */
function helmProcesses(temp: string): readonly string[] {
  const all = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
  return all.split('\n').filter((line) => line.includes(temp) && line.includes('helm'))
}

async function lastStatus({ clusters }: ActionBed): Promise<string> {
  const list = await clusters[0]?.cluster.admin.request<{ items: { metadata: { labels: Record<string, string> } }[] }>({
    method: 'GET',
    path: '/api/v1/namespaces/acr-nopass/secrets',
    query: { labelSelector: 'owner=helm' },
  })
  const sorted = (list?.items ?? []).toSorted(
    (a, b) => Number(a.metadata.labels.version) - Number(b.metadata.labels.version),
  )
  return sorted.at(-1)?.metadata.labels.status ?? 'none'
}
