import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import type { ClusterFinding } from '../../src/fleet/finding.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { renderCheckSummary } from '../../src/fleet/report/summary.ts'
import type { ShellCommand } from '../../src/lib/shell-command.ts'
import { clusterFacts, RULES } from './facts.ts'

const HEALTHY = judgeCluster(clusterFacts(), RULES)
const finding: ClusterFinding = {
  id: 'HELPER_DOWN',
  severity: 'error',
  subject: 'helper acr-nopass/acr-nopass',
  message: 'its Deployment is scaled to 0. '.repeat(40),
  cause: 'c',
  fix: 'Restore the replicas.',
}
const failed = (index: number): ClusterCheck => {
  return { ...HEALTHY, name: `cluster-${index}`, state: 'failed', findings: [finding] }
}

/** GitHub shows no summary of a step that writes more (docs.github.com, "Workflow commands"). */
const LIMIT = 1024 * 1024

test('the summary of a thousand failed clusters fits what GitHub shows, has each cluster as a row, and counts what it leaves out', () => {
  const checks = [...Array.from({ length: 1000 }, (_, index) => failed(index)), HEALTHY]
  const text = renderCheckSummary(checks)
  assert.ok(Buffer.byteLength(text) < LIMIT, `${Buffer.byteLength(text)} bytes`)
  assert.match(text, /^### acr-nopass check: 1000 failed, 1 healthy\n/)
  const rows = text.split('\n').filter((line) => line.startsWith('| ❌ | cluster-'))
  const left = Number(/\| (\d+) more clusters were left out \|/.exec(text)?.[1] ?? 0)
  // The healthy cluster is the last row.
  const healthy = text.includes(`| ✅ | ${HEALTHY.name} |`) ? 1 : 0
  assert.equal(rows.length + healthy + left, checks.length)
})

const NOW = Date.parse('2026-03-01T12:00:00Z')
const at = (change: Partial<ClusterCheck>): ClusterCheck => ({ ...HEALTHY, kubernetes: 'v1.35.2', ...change })
const DOWN: ClusterFinding = { ...finding, message: 'scaled to 0 | <b>', command: 'kubectl `x` get' as ShellCommand }
const LATE: ClusterFinding = { ...finding, id: 'CREDENTIAL_NOT_RENEWED', severity: 'warning', message: 'late' }
const CHECKS = [
  at({ name: 'fine' }),
  at({ name: 'down', state: 'failed', findings: [DOWN, { ...LATE, causedBy: 'HELPER_DOWN' }] }),
  at({
    ...{ name: 'half', state: 'unread', unread: [{ what: 'Pods', why: 'forbidden' }] },
    ahead: [{ id: 'KUBERNETES_LEAVES', message: 'It leaves.' }],
  }),
]
const CELLS = 'acr-nopass-1.0.0 #3 | v1.35.2 | 2/2 | 1 live, expires in 40 min | 2/2'
const HEAD = `| | cluster | state | release | Kubernetes | helper | registries | namespaces | why |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |`

test('the summary has the failed clusters first, then the findings of each cluster with their fixes', () => {
  assert.equal(
    renderCheckSummary(CHECKS, NOW),
    `### acr-nopass check: 1 failed, 1 unread, 1 healthy

${HEAD}
| ❌ | down | failed | ${CELLS} | HELPER_DOWN helper acr-nopass/acr-nopass: scaled to 0 \\| &lt;b&gt; |
| ❔ | half | unread | ${CELLS} | not read: Pods (forbidden) |
| ✅ | fine | healthy | ${CELLS} |  |

**down**

- error HELPER_DOWN **helper acr-nopass/acr-nopass**: scaled to 0 \\| &lt;b&gt; **Fix:** Restore the replicas. \`kubectl x get\`
  - warning CREDENTIAL_NOT_RENEWED **helper acr-nopass/acr-nopass**: late (likely follows from HELPER_DOWN: fix that first)

**half**

- not read: Pods: forbidden
- will change by itself: It leaves.

`,
  )
})
