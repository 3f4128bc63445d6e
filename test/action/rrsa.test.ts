import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { startActionFixture } from './support/action-fixture.ts'
import { runAction } from './support/run-action.ts'

test('P9 RRSA: the role is created for exactly the helper, its ARNs are written to the values, and everything is removed again', async () => {
  await using fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4' })
  const values = fixture.values.replace('type: worker-role', 'type: rrsa')
  const run = async (inputs: Readonly<Record<string, string>>) => {
    const outcome = await runAction({
      inputs: {
        clusters: stringify(fixture.clusters.map((one) => one.entry(0))),
        values,
        endpoints: fixture.endpoints,
        ...inputs,
      },
      env: fixture.env,
    })
    await rm(outcome.temp, { recursive: true })
    return outcome
  }

  const apply = await run({})
  assert.equal(apply.code, 0, apply.stdout + apply.stderr)
  const [result] = JSON.parse(apply.outputs.results ?? '')
  assert.equal(result.status, 'deployed')
  const role = `acr-nopass-${fixture.clusters[0]?.clusterId}`
  const changes = result.notes.filter((note: string) => note.startsWith('RAM: '))
  assert.deepEqual(
    changes.slice(0, 2).map((note: string) => note.split('; ').toSpliced(1, 1)),
    [[`RAM: role ${role}: created`], [`RAM: policy ${role}: created`, 'attached to the role of the same name']],
  )
  const helper = fixture.cloud.calls.filter(
    ({ action, principal }) => action === 'GetAuthorizationToken' && principal.includes(role),
  )
  assert.ok(helper.length > 0, 'the helper did not call with the role')

  const from = fixture.cloud.calls.length
  const again = await run({})
  assert.deepEqual(JSON.parse(again.outputs.changed ?? ''), [], again.stdout)
  assert.deepEqual(
    fixture.cloud.calls.slice(from).filter(({ product, write }) => product === 'Ram' && write),
    [],
  )

  const uninstall = await run({ mode: 'uninstall', confirm: 'acr-nopass/1', 'ram-cleanup': 'true' })
  assert.equal(uninstall.code, 0, uninstall.stdout + uninstall.stderr)
  assert.match(uninstall.stdout, new RegExp(`RAM: delete role ${role}`))
})

test('a Serverless cluster: worker-role fails with the setting to use, and RRSA works there', async () => {
  await using fixture = await startActionFixture({ clusters: ['serverless-a'], kind: 'serverless', helm: 'helm4' })
  const apply = async (values: string) => {
    const clusters = stringify(fixture.clusters.map((one) => one.entry(0)))
    const outcome = await runAction({ inputs: { clusters, values, endpoints: fixture.endpoints }, env: fixture.env })
    await rm(outcome.temp, { recursive: true })
    return { code: outcome.code, result: JSON.parse(outcome.outputs.results ?? '')[0] }
  }
  const byNode = await apply(fixture.values)
  assert.equal(byNode.code, 1)
  assert.equal(byNode.result.error.code, 'WORKER_ROLE_UNKNOWN')
  assert.match(byNode.result.error.hint, /identity\.type: rrsa.*identity\.workerRole\.eciRoleName/)

  const byToken = await apply(fixture.values.replace('type: worker-role', 'type: rrsa'))
  assert.equal(byToken.result.status, 'deployed', JSON.stringify(byToken.result))
  assert.deepEqual(
    byToken.result.notes.filter((note: string) => note.includes('not verified')),
    [],
  )
  const principals = fixture.cloud.calls
    .filter(({ action }) => action === 'GetAuthorizationToken')
    .map(({ principal }) => principal.split('/')[1])
  assert.deepEqual([...new Set(principals)], [`acr-nopass-${fixture.clusters[0]?.clusterId}`])
})
