import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { type ActionFixture, startActionFixture } from './support/action-fixture.ts'
import { type ActionOutcome, runAction } from './support/run-action.ts'

/** One cluster per wave. Helm 3 runs the same job with one cluster. */
for (const [helm, names] of [
  ['helm4', ['hangzhou-a', 'hangzhou-b']],
  ['helm3', ['hangzhou-a']],
] as const) {
  test(`${helm}: a rollout wave by wave, again without a change, and uninstalled`, async (t) => {
    let fixture: ActionFixture
    before(async () => {
      fixture = await startActionFixture({ clusters: names, helm })
    })
    after(() => fixture[Symbol.asyncDispose]())
    const run = (inputs: Readonly<Record<string, string>>): Promise<ActionOutcome> =>
      runAction({
        inputs: {
          clusters: stringify(fixture.clusters.map((one, wave) => one.entry(wave))),
          values: fixture.values,
          endpoints: fixture.endpoints,
          ...inputs,
        },
        env: fixture.env,
      })

    await t.test('plan changes nothing and reports what an apply would change', async () => {
      const from = fixture.cloud.calls.length
      const plan = await run({ mode: 'plan' })
      assert.equal(plan.code, 0, plan.stdout + plan.stderr)
      assert.deepEqual(
        fixture.cloud.calls.slice(from).filter(({ write }) => write),
        [],
      )
      assert.deepEqual(JSON.parse(plan.outputs.changed ?? ''), names)
      assert.match(plan.summary, /^- RAM: policy acr-nopass-c\S+: created; gains /m)
      assert.match(plan.summary, /\+ Deployment acr-nopass\/acr-nopass/)
      await rm(plan.temp, { recursive: true })
    })

    await t.test('apply: RAM, helm, and verification in each cluster; wave 1 after wave 0', async () => {
      const processes = watchProcessList()
      const apply = await run({})
      assert.equal(apply.code, 0, apply.stdout + apply.stderr)
      const results = JSON.parse(apply.outputs.results ?? '')
      assert.deepEqual(
        results.map(({ name, wave, status, phase, revision }: Record<string, unknown>) => ({
          name,
          wave,
          status,
          phase,
          revision,
        })),
        names.map((name, wave) => ({
          name,
          wave,
          status: 'deployed',
          phase: 'verify',
          revision: { from: null, to: 1 },
        })),
      )
      const [first, second] = results
      if (second) assert.ok(second.startedMs >= first.startedMs + first.durationMs)
      for (const { notes } of results) {
        assert.match(
          notes.join('\n'),
          /registries: prod live\na new namespace had its Secret after \d+ ms\na new Pod had the reference after \d+ ms/,
        )
      }
      await noSecretIn(apply, fixture, processes.stop())
      await rm(apply.temp, { recursive: true })
    })

    await t.test('again: unchanged, no RAM write, no new Helm revision', async () => {
      const from = fixture.cloud.calls.length
      const again = await run({})
      assert.equal(again.code, 0, again.stdout + again.stderr)
      const results = JSON.parse(again.outputs.results ?? '')
      assert.deepEqual(
        results.map(({ status, revision }: Record<string, unknown>) => ({ status, revision })),
        names.map(() => ({ status: 'unchanged', revision: { from: 1, to: 1 } })),
      )
      assert.deepEqual(
        fixture.cloud.calls.slice(from).filter(({ write }) => write),
        [],
      )
      assert.deepEqual(
        await Promise.all(fixture.clusters.map(({ cluster }) => releaseSecrets(cluster))),
        names.map(() => ['sh.helm.release.v1.acr-nopass.v1']),
      )
      await rm(again.temp, { recursive: true })
    })

    await t.test('an approved plan is applied, and rejected if something else would change now', async () => {
      const changed = { values: `${fixture.values}logLevel: debug\n` }
      const plan = await run({ ...changed, mode: 'plan' })
      assert.deepEqual(JSON.parse(plan.outputs.changed ?? ''), names)
      assert.match(plan.summary, /- {5}logLevel: info\n\+ {5}logLevel: debug/)
      const file = { 'plan-file': plan.outputs['plan-file'] ?? '' }
      const other = await run({ ...file, values: `${fixture.values}logLevel: warn\n` })
      assert.equal(other.annotations[0]?.title, 'PLAN_CHANGED')
      const approved = await run({ ...file, ...changed })
      assert.equal(approved.code, 0, approved.stdout + approved.stderr)
      assert.deepEqual(JSON.parse(approved.outputs.changed ?? ''), names)
      for (const { temp } of [plan, other, approved]) await rm(temp, { recursive: true })
    })

    await t.test('P12 uninstall: nothing of ours is left in the clusters or in RAM', async () => {
      const uninstall = await run({
        mode: 'uninstall',
        confirm: `acr-nopass/${names.length}`,
        'ram-cleanup': 'true',
        'max-parallel': '2',
      })
      assert.equal(uninstall.code, 0, uninstall.stdout + uninstall.stderr)
      for (const { cluster } of fixture.clusters) assert.deepEqual(await leftovers(cluster), [])
      const deleted = fixture.cloud.calls.filter(({ action }) => action === 'DeletePolicy')
      assert.equal(deleted.length, names.length)
      await rm(uninstall.temp, { recursive: true })
    })
  })
}

/** Checks P6: the run's secrets appear only in the runner's own mask commands. */
async function noSecretIn(run: ActionOutcome, fixture: ActionFixture, processes: string): Promise<void> {
  const shown = run.stdout
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n')
  const files = await readdir(run.temp, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
  )
  const everything = [shown, run.stderr, run.summary, ...Object.values(run.outputs), ...texts, processes].join('\n')
  const secrets = [...run.masks, fixture.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET ?? '']
  assert.ok(secrets.length >= 3)
  assert.match(processes, /helm upgrade acr-nopass/)
  for (const secret of secrets) assert.ok(!everything.includes(secret), 'P6: a secret was found in what the run left')
}

/** Polls every command line of this machine. */
function watchProcessList(): { stop(): string } {
  const commandLines = new Set<string>()
  const timer = setInterval(() => {
    for (const line of execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n')) commandLines.add(line)
  }, 100)
  return {
    stop() {
      clearInterval(timer)
      return [...commandLines].join('\n')
    },
  }
}

type Cluster = ActionFixture['clusters'][number]['cluster']

async function releaseSecrets({ admin }: Cluster): Promise<readonly string[]> {
  const path = '/api/v1/namespaces/acr-nopass/secrets'
  const list = await admin.request<{ items: { metadata: { name: string } }[] }>({
    method: 'GET',
    path,
    query: { labelSelector: 'owner=helm' },
  })
  return list.items.map(({ metadata }) => metadata.name)
}

/** Lists every object with our name, and every reference to the pull secret. */
async function leftovers({ admin }: Cluster): Promise<readonly string[]> {
  const paths = [
    '/api/v1/secrets',
    '/api/v1/configmaps',
    '/apis/apps/v1/deployments',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ]
  const lists = await Promise.all(
    paths.map((path) =>
      admin.request<{ items: { metadata: { name: string; namespace?: string } }[] }>({ method: 'GET', path }),
    ),
  )
  const named = lists.flatMap(({ items }, index) =>
    items
      .filter(({ metadata }) => metadata.name.includes('acr-nopass'))
      .map(({ metadata }) => `${paths[index]} ${metadata.name}`),
  )
  const accounts = await admin.request<{
    items: { metadata: { name: string }; imagePullSecrets?: { name: string }[] }[]
  }>({
    method: 'GET',
    path: '/api/v1/serviceaccounts',
  })
  const attached = accounts.items.filter(({ imagePullSecrets = [] }) => imagePullSecrets.length > 0)
  return [...named, ...attached.map(({ metadata }) => `attached: ${metadata.name}`)]
}
