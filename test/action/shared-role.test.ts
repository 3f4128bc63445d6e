import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { administratorRam } from '../contract/acr-cloud-client.ts'
import { type ActionFixture, startActionFixture } from './support/action-fixture.ts'
import { runAction } from './support/run-action.ts'

// Two clusters whose nodes share one RAM role, on real API servers, with real helpers that use the
// role.

const ROLE = 'KubernetesWorkerRole-shared'
const POLICY = `acr-nopass-${ROLE}`

interface Result {
  readonly name: string
  readonly status: string
  readonly notes: readonly string[]
  readonly error?: { readonly code: string; readonly message: string }
}

let fixture: ActionFixture
before(async () => {
  fixture = await startActionFixture({ clusters: ['one', 'two'], helm: 'helm4', workerRole: ROLE })
})
after(() => fixture[Symbol.asyncDispose]())

const temps: string[] = []
after(() => Promise.all(temps.map((temp) => rm(temp, { recursive: true, force: true }))))

/** Runs a rollout of these two clusters. */
async function run(
  repositories: readonly string[],
  numbers: readonly number[] = [0, 1],
  inputs: Readonly<Record<string, string>> = {},
) {
  const values = parse(fixture.values)
  values.registries[0].repositories = repositories
  const outcome = await runAction({
    inputs: {
      clusters: stringify(numbers.map((number) => fixture.clusters[number]?.entry(0))),
      values: stringify(values),
      endpoints: fixture.endpoints,
      ...inputs,
    },
    env: fixture.env,
  })
  temps.push(outcome.temp)
  const results: readonly Result[] = JSON.parse(outcome.outputs.results || '[]')
  return { ...outcome, results, statuses: results.map(({ status, error }) => error?.code ?? status) }
}

async function granted(): Promise<readonly string[]> {
  const policy = await (await administratorRam(fixture.cloud)).getPolicy(POLICY)
  return ['team/*', 'extra/*'].filter((repository) => policy?.document.includes(repository))
}

test('two clusters that share a role are rolled out concurrently, and the two helpers have all their rights', async () => {
  const first = await run(['team/*'])
  assert.deepEqual([first.code, first.statuses], [0, ['deployed', 'deployed']], first.stdout)
  assert.deepEqual(await granted(), ['team/*'])
})

test('an approved plan is applied as a whole if two clusters share a role that it widens', async () => {
  const plan = await run(['team/*', 'extra/*'], [0, 1], { mode: 'plan' })
  assert.equal(plan.code, 0, plan.stdout)
  const file = plan.outputs['plan-file'] ?? ''
  const apply = await run(['team/*', 'extra/*'], [0, 1], { 'plan-file': file })
  assert.deepEqual([apply.code, apply.statuses], [0, ['deployed', 'deployed']], apply.stdout)
  assert.deepEqual(await granted(), ['team/*', 'extra/*'])
  assert.equal(join(file), file)
})

test('a list with only one of them removes nothing that the other one needs', async () => {
  const alone = await run(['team/*'], [0])
  assert.deepEqual([alone.code, alone.statuses], [0, ['deployed']], alone.stdout)
  assert.deepEqual(await granted(), ['team/*', 'extra/*'])
})

test('after both clusters moved to RRSA, the shared role keeps nothing of ours', async () => {
  const rrsa = { values: stringify({ ...parse(fixture.values), identity: { type: 'rrsa' } }) }
  const uninstall = await run([], [0, 1], rrsa)
  assert.deepEqual([uninstall.code, uninstall.statuses], [0, ['deployed', 'deployed']], uninstall.stdout)
  const entities = await (await administratorRam(fixture.cloud)).listPolicyEntities(POLICY)
  assert.deepEqual(entities.roles, [])
})
