import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderFleet } from '../../src/cli/doctor/fleet/fleet-report.ts'
import { renderReport } from '../../src/cli/doctor/report.ts'
import { paintFor } from '../../src/cli/program/terminal.ts'
import type { PodFacts } from '../../src/doctor/observed.ts'
import { foldPodFindings } from '../../src/doctor/pod/fold-pod-findings.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { describeResults } from '../../src/fleet/report/results.ts'
import { renderCheckSummary } from '../../src/fleet/report/summary.ts'
import { account, fixture, HOST, NOW, namespace, secret, stuckPod } from '../doctor/fixture.ts'
import { clusterFacts, RULES } from './facts.ts'

const PLAIN = paintFor(process.stdout, { env: { NO_COLOR: '1' } })
const CHECKED_AT = new Date(NOW).toISOString()

/** A cluster in which one Pod of each namespace names a pull secret of its own. */
function checkOf(count: number, change: (pod: PodFacts, index: number) => PodFacts = (pod) => pod) {
  const pods = Array.from({ length: count }, (_, index) => {
    const image = `${HOST}/team-${index}/web:1`
    const detail = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`
    return change(
      stuckPod({ namespace: `team-${index}`, name: 'web-0', image, detail, references: ['regcred'] }),
      index,
    )
  })
  const spaces = pods.map((pod) => pod.namespace)
  const observed = {
    pods,
    namespaces: spaces.map((name) => namespace(name)),
    secrets: new Map(spaces.map((name) => [name, secret()])),
    accounts: spaces.map((name) => account(name)),
  }
  return { check: judgeCluster(clusterFacts({ observed }), RULES), observed: fixture(observed) }
}

const linesWith = (text: string, word: string): readonly string[] =>
  text.split('\n').filter((line) => line.includes(word))

test('788 namespaces with the same problem are one finding with a count for readers, and 788 findings in the JSON', () => {
  const { check } = checkOf(788)
  const own = check.findings.filter(({ id }) => id === 'POD_HAS_OWN_PULL_SECRETS')
  assert.equal(own.length, 788)
  const results = JSON.stringify(describeResults({ errors: [], clusters: [check], checkedAt: CHECKED_AT }))
  assert.equal(results.split('"POD_HAS_OWN_PULL_SECRETS"').length - 1, 788)
  const [row = '', finding, ...others] = linesWith(renderFleet([check], PLAIN, NOW), 'POD_HAS_OWN_PULL_SECRETS')
  assert.match(row, /POD_HAS_OWN_PULL_SECRETS 788 Pods in 788 namespaces: first: Pod team-0\/web-0/)
  assert.equal(
    finding,
    `error POD_HAS_OWN_PULL_SECRETS 788 Pods in 788 namespaces: first: Pod team-0/web-0 cannot pull ${HOST}/team-0/web:1; namespaces: team-0, team-1, team-2, team-3, team-4 and 783 more`,
  )
  assert.deepEqual(others, [])
  const summary = linesWith(renderCheckSummary([check], NOW), '**788 Pods in 788 namespaces**')
  assert.equal(summary.length, 1)
})

test('doctor of one cluster counts them in the same way, and its last line counts each', () => {
  const { observed, check } = checkOf(20)
  const text = renderReport(observed, check.findings as never, PLAIN)
  assert.equal(linesWith(text, 'POD_HAS_OWN_PULL_SECRETS').length, 1)
  assert.match(text, /^20 errors, /m)
})

test('three such Pods are shown one by one, each with its own command', () => {
  const { check } = checkOf(3)
  const text = renderFleet([check], PLAIN, NOW)
  assert.equal(linesWith(text, 'kubectl -n team-').length, 3)
})

test('Pods that need different fixes are not counted together, and different causes are said to differ', () => {
  const { check } = checkOf(10, (pod, index) => {
    if (index >= 5) return pod
    return { ...pod, references: [`own-${index}`] }
  })
  const [first, ...others] = foldPodFindings(check.findings)
  assert.deepEqual(others, [])
  assert.equal(first?.subject, '10 Pods in 10 namespaces')
  assert.match(first?.cause ?? '', /own-0.*\(the first of 6 causes\)$/)
  const mixed = checkOf(10, (pod, index) => (index < 5 ? pod : { ...pod, references: [] })).check
  assert.equal(foldPodFindings(mixed.findings).length, 2)
})
