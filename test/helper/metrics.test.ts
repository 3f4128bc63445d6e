import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../../src/helper/report/metrics.ts'

test('all metrics are served with help and type, with their labels', async () => {
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
