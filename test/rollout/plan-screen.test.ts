import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClusterDetail } from '../../src/alibaba/cs.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { paintFor } from '../../src/cli/program/terminal.ts'
import { renderOutcome } from '../../src/cli/rollout/render-outcome.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { OWNER_TAG } from '../../src/policy/ram-names.ts'
import { newRun } from '../../src/rollout/cluster/cluster-run.ts'
import { printableResult } from '../../src/rollout/cluster-result.ts'
import { makePlan, planCluster } from '../../src/rollout/deploy/plan-cluster.ts'
import type { OpenCluster } from '../../src/rollout/preflight/preflight-cluster.ts'
import { describeVerification } from '../../src/rollout/preflight/what-to-verify.ts'
import { policyTargets } from '../../src/rollout/ram/cluster-targets.ts'
import { renderSummary } from '../../src/rollout/report/summary.ts'
import { loadValues } from '../../src/values/load-values.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')
const PLAIN = paintFor({ isTTY: false, write: () => true }, { env: {} })
const ISSUER = 'https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c8f3d0a61b7e94c25a0d3f86e12b47c90'
const CLUSTER_ID = 'c8f3d0a61b7e94c25a0d3f86e12b47c90'
const ROLE = `acr-nopass-${CLUSTER_ID}`
const INPUTS = { 'ram-scope': 'instance', 'adopt-policy': false, verify: true, wait: true, 'verify-image': '' }

// The chart as Helm renders it for an installation: a file of test/contract.
const objects = parseManifest(await read('test/contract/golden/chart/minimal-1.37.0.yaml'))
const desired = { chart: 'acr-nopass-1.0.0', values: {}, objects, hooks: [] }
const { values } = loadValues({
  files: [{ name: 'values.yaml', text: await read('examples/readme/values.yaml') }],
  rrsaComesLater: true,
})

/** RAM with the documents of our role and policy. If undefined, neither role nor policy exists. */
function ramWith(documents: { readonly trust: object; readonly policy: object } | undefined): Ram {
  const isThere = (name: string): boolean => documents !== undefined && name === ROLE
  return {
    getPolicy: async (name: string) =>
      isThere(name)
        ? { name: ROLE, description: '', document: JSON.stringify(documents?.policy), defaultVersion: 'v1' }
        : undefined,
    getRole: async (name: string) =>
      isThere(name) ? { name: ROLE, description: '', trust: JSON.stringify(documents?.trust) } : undefined,
    listTags: async () => [OWNER_TAG],
    listRolePolicies: async (name: string) => (isThere(name) ? [{ name: ROLE, custom: true }] : []),
    listPolicyEntities: async () => ({ roles: [ROLE], users: [], groups: [] }),
  } as unknown as Ram
}

const NOTHING = { history: [], deployed: undefined, namespaceExists: false, dryRuns: [] }
const DEPLOYED = {
  history: [{ revision: 3, status: 'deployed' }],
  deployed: { ...desired, serverSide: true },
  namespaceExists: true,
  dryRuns: [],
}

function openCluster(ram: Ram, state: object): OpenCluster {
  const settings = {
    name: 'hangzhou-a',
    access: { kind: 'ack', clusterId: CLUSTER_ID, region: 'cn-hangzhou' },
    namespace: 'acr-nopass',
    workerRoles: ['KubernetesWorkerRole-1'],
  }
  const cluster = { name: 'hangzhou-a', wave: 0, ram: 'rrsa', values, settings }
  const rrsa = {
    enabled: true,
    issuers: ISSUER,
    oidcProviderArn: `acs:ram::1427736501988243:oidc-provider/ack-rrsa-${CLUSTER_ID}`,
  }
  const cloud = { caller: async () => ({ accountId: '1427736501988243' }), ram: () => ram }
  return {
    cluster,
    context: { settings: { inputs: INPUTS, clusters: [settings], selected: [settings] }, prepared: [cluster], cloud },
    run: newRun(),
    signal: new AbortController().signal,
    detail: { clusterId: CLUSTER_ID, rrsa } as ClusterDetail,
    identity: { kubeSystemUid: 'u' },
    release: { client: { request: async () => ({ issuer: ISSUER }) } },
    options: { forceConflicts: false },
    desired,
    alone: true,
    probe: { existing: undefined, registries: ['main'], attaches: true },
    ...state,
  } as unknown as OpenCluster
}

const documents = await documentsOfFirstPlan()

/** The documents that the first plan would write. RAM has them after the plan is applied. */
async function documentsOfFirstPlan() {
  const [shared] = await policyTargets(openCluster(ramWith(undefined), NOTHING), 'acr-nopass')
  assert.ok(shared?.target.document && shared.target.trust)
  return { policy: shared.target.document, trust: { Version: '1', Statement: shared.target.trust.statements } }
}

const wider = {
  ...documents,
  policy: {
    ...documents.policy,
    Statement: [
      ...documents.policy.Statement,
      {
        Effect: 'Allow',
        Action: ['cr:PullRepository'],
        Resource: ['acs:cr:cn-hangzhou:1427736501988243:repository/cri-abc123/old/*'],
      },
    ],
  },
}

const SCREENS = [
  ['a first installation', 'first', ramWith(undefined), NOTHING],
  ['no change', 'unchanged', ramWith(documents), DEPLOYED],
  ['a change of RAM only', 'ram-only', ramWith(wider), DEPLOYED],
] as const

for (const [title, name, ram, state] of SCREENS) {
  test(`the plan of ${title} is at most 15 lines for its cluster, in the text and in the job's summary`, async () => {
    const open = openCluster(ram, state)
    const verify = describeVerification(
      open.context.settings.inputs,
      { retire: false, hasHelper: true } as never,
      open.probe,
    )
    const { status } = await planCluster(open, verify)
    const from = open.history.at(-1)?.revision ?? null
    const run = { ...open.run, chart: desired.chart, revision: { from, to: from } }
    const result = printableResult({ name: 'hangzhou-a', wave: 0, status, ...run, startedMs: 0, durationMs: 4_200 })
    const outcome = { results: [result], errors: [], unverified: [], durationMs: 4_900, helm: 'v4.3.1' }
    const text = renderOutcome('plan', outcome, PLAIN)
    await assertGolden(`plan-${name}.txt`, text)
    assert.ok((text.split('\n\n')[0]?.split('\n').length ?? 99) <= 15)
    const summary = renderSummary({ ...outcome, mode: 'plan' })
    await assertGolden(`plan-${name}.md`, summary.replaceAll(/<details>[\s\S]*<\/details>/g, '<details>…</details>'))
    // The full text is available: folded in the summary, and in the text with --diff.
    const full = renderOutcome('plan', outcome, PLAIN, true)
    for (const { title, diff } of result.plan ?? []) {
      assert.ok(full.includes(`hangzhou-a: ${title}\n${diff.trimEnd()}`), title)
      assert.ok(summary.includes(diff), title)
      assert.ok(!text.includes(diff), title)
    }
  })
}

test('what an approval of a plan covers does not depend on how the plan is shown', async () => {
  const { digest, steps } = await makePlan(openCluster(ramWith(undefined), NOTHING))
  const hashes = steps.map(({ hash }) => hash)
  assert.deepEqual(
    [digest, hashes.length, hashes[0], hashes.at(-1)],
    [
      '0ec0e1d4fee9f118de5a6e76698d9cb57f089b10d23a9211818269d9f59be004',
      31,
      '4788c4f8e06b29fa78cfd2bd11c63f58',
      '8c3ce204cfdb9f7f3eb2f2798117593d',
    ],
  )
})

/** Compares with a reviewed file. `UPDATE_GOLDEN=1` writes the file. */
async function assertGolden(name: string, text: string): Promise<void> {
  const file = new URL(`golden/${name}`, import.meta.url)
  if (process.env.UPDATE_GOLDEN) await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
}
