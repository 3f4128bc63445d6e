import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import { createApiServer, createCloud, createFakeClock, instanceOf, registry, startHelper } from './helper-fixture.ts'

test('all metrics are served with help, type and labels', async () => {
  const metrics = createMetrics()
  for (const seconds of [0.0005, 0.001, 0.003, 120]) metrics.queue.worked.observe({ name: 'acr-nopass' }, seconds)
  metrics.requests.inc({ verb: 'PATCH', resource: 'secrets', code: 200 })
  metrics.requests.inc({ verb: 'PATCH', resource: 'secrets', code: 200 })
  metrics.requests.inc({ verb: 'GET', resource: 'namespaces', code: 403 })
  metrics.writes.inc({ kind: 'secret', outcome: 'ok' })
  const lines = (await metrics.registry.metrics()).split('\n')
  const of = (name: string) => lines.filter((line) => line.startsWith(name))
  assert.deepEqual(of('acr_nopass_kube_requests_total'), [
    'acr_nopass_kube_requests_total{verb="PATCH",resource="secrets",code="200"} 2',
    'acr_nopass_kube_requests_total{verb="GET",resource="namespaces",code="403"} 1',
  ])
  assert.deepEqual(of('acr_nopass_writes_total'), ['acr_nopass_writes_total{kind="secret",outcome="ok"} 1'])
  const buckets = of('workqueue_work_duration_seconds')
  assert.deepEqual(
    ['le="0.001"', 'le="0.0025"', 'le="0.005"', 'le="60"', 'le="+Inf"'].map(
      (bucket) => buckets.find((line) => line.includes(bucket))?.split(' ')[1],
    ),
    ['2', '2', '3', '3', '4'],
  )
  assert.deepEqual(of('workqueue_work_duration_seconds_count'), [
    'workqueue_work_duration_seconds_count{name="acr-nopass"} 4',
  ])
  assert.equal(
    lines.filter((line) => line.startsWith('# HELP')).length,
    lines.filter((line) => line.startsWith('# TYPE')).length,
  )
})

test('only the leader reports a registry that rejects its current or next credential', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const registries = ['a', 'b', 'c'].map((name) => registry(name))
  const one = startHelper(server, clock, cloud, { registries }, { http: true })
  cloud.verdicts.set('a', 'refused')
  await clock.advance(5_000)
  const two = startHelper(server, clock, cloud, { registries }, { name: 'two', http: true })
  await clock.advance(5_000)
  // The next credential of b is rejected, and the current one remains in use.
  cloud.verdicts.set('b', 'refused')
  await clock.advance(45 * 60_000)
  const refusedOf = async ({ port }: typeof one): Promise<string[]> => {
    const text = await (await fetch(`http://127.0.0.1:${await port}/metrics`)).text()
    return text.split('\n').filter((line) => line.startsWith('acr_nopass_login_refused{'))
  }
  assert.deepEqual(await refusedOf(one), [
    'acr_nopass_login_refused{registry="a"} 1',
    'acr_nopass_login_refused{registry="b"} 1',
    'acr_nopass_login_refused{registry="c"} 0',
  ])
  assert.deepEqual(await refusedOf(two), [])
  for (const { stop } of [one, two]) stop.abort()
  await clock.advance(20_000)
  assert.deepEqual([await one.done, await two.done], ['stopped', 'stopped'])
})

test('while changed values give no credential, the expiry metric is that of the earlier credential, which pulls still use', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud, { registries: [registry('a')] }, { http: true })
  const left = async (): Promise<number> => {
    const http = await helper.port
    const text = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text()
    const seconds = /^acr_nopass_token_expiry_timestamp_seconds\{registry="a"\} (\S+)$/m.exec(text)?.[1]
    return Math.round(Number(seconds) - clock.now() / 1000)
  }
  await clock.advance(10_000)
  const first = await left()
  const typo = registry('a', 'cri-typo')
  cloud.responses.set(instanceOf(typo), new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
  helper.configure({ registries: [typo] })
  await clock.advance(60_000)
  assert.equal(await left(), first - 60)
  await clock.advance(3 * 60 * 60_000)
  const refreshed = await left()
  assert.ok(refreshed > 6 * 60 && refreshed <= 60 * 60, `${refreshed}`)
  cloud.responses.set('a', new NopassError('CLOUD_UNAVAILABLE', 'an outage'))
  await clock.advance(60 * 60_000)
  assert.ok((await left()) < 0)
  helper.stop.abort()
  await clock.advance(20_000)
  assert.equal(await helper.done, 'stopped')
})

test('P12 a retired helper reports no expiry, so that no alert fires for a credential that nothing uses', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud, { registries: [registry('a')] }, { http: true })
  const ofRegistries = async (): Promise<string[]> => {
    const http = await helper.port
    const text = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text()
    return [...text.matchAll(/^acr_nopass_(token_expiry|login_refused)\w*\{registry="a"\}/gm)].map(
      ([, name = '']) => name,
    )
  }
  await clock.advance(10_000)
  assert.deepEqual(await ofRegistries(), ['token_expiry', 'login_refused'])
  helper.configure({ retire: true })
  await clock.advance(60_000)
  assert.deepEqual(await ofRegistries(), [])
  helper.stop.abort()
  await clock.advance(20_000)
  assert.equal(await helper.done, 'stopped')
})
