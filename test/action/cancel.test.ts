import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
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
  /** The machine is gone at once: no signal that a program could catch. */
  readonly kill?: boolean
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
      assert.deepEqual(helmPids(main.temp), [], said)
      assert.match(await lastStatus(bed), /^(deployed|failed|superseded)$/, said)
      assert.deepEqual(
        (await readdir(main.temp)).filter((name) => /^acr-nopass-\w{6}$/.test(name)),
        [],
        said,
      )
      await rm(main.temp, { recursive: true })
    })
  }

  await t.test('where the runner itself was lost, the next run names the exact cure', async () => {
    const lost = await apply(
      bed,
      { image: { repository: 'absent/absent' } },
      { after: 'helm', milliseconds: 1500, stuck: true, kill: true },
    )
    assert.equal(lost.signal, 'SIGKILL')
    for (const pid of helmPids(lost.temp)) process.kill(pid, 'SIGKILL')
    assert.equal(await lastStatus(bed), 'pending-upgrade')
    const next = await apply(bed, { podAnnotations: { run: 'next' } })
    const [annotation] = next.annotations
    assert.equal(annotation?.title, 'HELM_PENDING')
    const cure = /`(helm rollback acr-nopass \d+) --namespace acr-nopass`/.exec(annotation?.message ?? '')?.[1]
    assert.ok(cure, annotation?.message)
    const kubeconfig = bed.clusters[0]?.cluster.adminKubeconfigFile ?? ''
    execFileSync(join(bed.env.PATH?.split(':')[0] ?? '', 'helm'), [
      ...cure.split(' ').slice(1),
      '--namespace',
      'acr-nopass',
      '--kubeconfig',
      kubeconfig,
    ])
    const cured = await apply(bed, { podAnnotations: { run: 'cured' } })
    assert.equal(cured.code, 0, cured.stdout + cured.stderr)
    for (const { temp } of [lost, next, cured]) await rm(temp, { recursive: true })
  })
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
    ...(point && {
      onStart: runnerCancel(
        point.milliseconds,
        point.after === 'helm' ? 'helm upgrade' : undefined,
        point.kill ? 'SIGKILL' : 'SIGINT',
      ),
    }),
  })
}

/** Helm children that still work with a file of that run. */
function helmPids(temp: string): readonly number[] {
  const all = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  return all
    .split('\n')
    .filter((line) => line.includes(temp) && line.includes('helm'))
    .map((line) => Number.parseInt(line, 10))
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
