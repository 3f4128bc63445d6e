import assert from 'node:assert/strict'
import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { type ActionOutcome, runAction } from './support/run-action.ts'

// A run whose only cluster does not respond. It has results and needs no real cluster.

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-reporting-'))
after(() => rm(folder, { recursive: true, force: true }))
await writeFile(join(folder, 'helm'), '#!/bin/sh\necho v4.3.0\n')
await chmod(join(folder, 'helm'), 0o755)

const KUBECONFIG = stringify({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'u', user: { token: 'none-that-counts' } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
})
const VALUES = stringify({
  registries: [{ name: 'prod', edition: 'enterprise', instanceId: 'cri-k7x2m9q4w1t8z5h3', region: 'cn-hangzhou' }],
  identity: { type: 'worker-role' },
})

function use(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<ActionOutcome> {
  return runAction({
    inputs: { name: 'down', kubeconfig: KUBECONFIG, values: VALUES, ram: 'none', ...inputs },
    env: { PATH: `${folder}:${process.env.PATH}`, ...env },
    temp: folder,
  })
}

const FULL = '/dev/full'
const skip = await access(FULL).then(
  () => false,
  () => 'needs /dev/full, which Linux has',
)

/** The reports that are still possible when one file cannot be written. */
for (const [what, env, left] of [
  ['the summary', { GITHUB_STEP_SUMMARY: FULL }, ['results', 'results-file']],
  ['the outputs', { GITHUB_OUTPUT: FULL }, ['summary']],
] as const) {
  test(`after the work, ${what} on a full disk: the failure is reported next to the completed steps, never "nothing was started"`, {
    skip,
  }, async () => {
    const run = await use({}, env)
    assert.equal(run.code, 1, run.stdout + run.stderr)
    const [cluster, verdict] = run.annotations
    assert.equal(cluster?.title, 'CLUSTER_UNREACHABLE')
    assert.match(
      verdict?.message ?? '',
      /^1 failed; the work is done, but not all of it could be reported: ENOSPC: no space left/,
    )
    assert.doesNotMatch(run.stdout + run.summary, /nothing was started/)
    const reported = [...Object.keys(run.outputs), ...(run.summary === '' ? [] : ['summary'])]
    assert.deepEqual(
      left.filter((one) => !reported.includes(one)),
      [],
    )
  })
}

test('errors before the work that cannot be written to the outputs are annotations all the same', {
  skip,
}, async () => {
  const run = await use({ release: 'Not/One' }, { GITHUB_OUTPUT: FULL })
  assert.deepEqual([run.code, run.stderr], [1, ''])
  assert.deepEqual(
    run.annotations.map(({ message }) => message.split('\n')[0]),
    ['release: "Not/One" is not the name of a release', '1 error; nothing was started'],
  )
  assert.match(run.stdout, /the output and the summary could not be written: ENOSPC/)
})

test('after a log that is longer than a pipe holds, the annotations arrive', async () => {
  const clusters = Array.from({ length: 2000 }, (_, index) => `- name: c${index}\n  wave: -1\n`).join('')
  const run = await use({ mode: 'validate', clusters, name: '', kubeconfig: '' })
  assert.equal(run.code, 1)
  assert.equal(run.annotations.at(-1)?.message, '4000 errors; nothing was started')
  assert.equal(run.annotations.length, 10)
})

test('a plan file that cannot be written prevents neither the report of the plan nor of its results', async () => {
  const run = await use({ mode: 'plan', 'plan-file': join(folder, 'absent', 'plan.json') })
  assert.equal(run.code, 1)
  assert.match(run.annotations.at(-1)?.message ?? '', /^1 failed; the work is done, but .*absent\/plan\.json/)
  assert.match(run.summary, /down/)
  assert.equal(JSON.parse(run.outputs.results ?? '[]').length, 1)
  assert.ok(run.outputs['results-file'])
  assert.equal(run.outputs['plan-file'], undefined)
})

test('each use of the action in a job has its own files, so the second use overwrites none of the first', async () => {
  const [first, second] = [await use({ mode: 'plan', name: 'one' }), await use({ mode: 'plan', name: 'two' })]
  const names = async (run: ActionOutcome) =>
    JSON.parse(await readFile(run.outputs['results-file'] ?? '', 'utf8')).map(({ name }: { name: string }) => name)
  assert.deepEqual([await names(first), await names(second)], [['one'], ['two']])
  const plans = [first, second].map((run) => run.outputs['plan-file'] ?? '')
  assert.notEqual(plans[0], plans[1])
  await Promise.all(plans.map((plan) => access(plan)))
})

test('the log of a job has each failure once: the first nine as annotations, the others as lines', async () => {
  const count = (text: string, word: string): number => text.split(word).length - 1
  const one = await use({})
  assert.equal(count(one.stdout, 'does not respond'), 1, one.stdout)
  assert.match(one.stdout, /^down: failed in connect: CLUSTER_UNREACHABLE$/m)
  const list = (length: number) =>
    Array.from({ length }, (_, index) => ({ name: `c${index}`, kubeconfig: { env: `DOWN_${index}` } }))
  const env = Object.fromEntries(list(11).map(({ kubeconfig }) => [kubeconfig.env, KUBECONFIG]))
  const many = await use({ clusters: stringify(list(11)), name: '', kubeconfig: '', 'on-failure': 'continue' }, env)
  assert.equal(many.annotations.length, 10)
  for (const { name } of list(11)) assert.equal(count(many.stdout, `${name}, phase connect: `), 1, name)
  const wrong = await use({ mode: 'validate', values: `${VALUES}nonsense: 1\n` })
  assert.equal(count(wrong.stdout, 'there is no key'), 1, wrong.stdout)
})
