import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import type { ObjectMeta } from '../../src/kube/types.ts'
import { BIN, type BinResult, runBin } from '../cli/run-bin.ts'
import { eventually } from '../support/eventually.ts'
import { startActionFixture } from './support/action-fixture.ts'

/**
 * Tests the command line tool from end to end, on a self-built cluster that is accessed by its
 * kubeconfig.
 */
const fixture = await startActionFixture({ clusters: ['cli'], helm: 'helm4' })
const [site] = fixture.clusters
assert.ok(site)
const { cluster, workerRole } = site
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-cli-rollout-'))
const temp = join(folder, 'temp')
after(async () => {
  await fixture[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const values = join(folder, 'values.yaml')
const imds = await fixture.cloud.imdsFor(workerRole)
await writeFile(values, fixture.values)
const target = ['--kubeconfig', cluster.adminKubeconfigFile]
const inputs = ['-f', values, '--inline-values', `endpoints: { imds: "${imds}" }`, '--worker-role', workerRole]
const rollout = [...target, ...inputs, '--endpoints', fixture.endpoints]
const env = { ...fixture.env, TMPDIR: temp, HOME: folder }

/** P6: no output contains the account's key, and nothing stays on the disk. */
async function cli(...args: string[]): Promise<BinResult> {
  const result = await runBin(args, { env, cwd: folder })
  assert.ok(!`${result.stdout}${result.stderr}`.includes(fixture.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET ?? '-'))
  assert.deepEqual(await readdir(temp).catch(() => []), [])
  assert.ok(!(await readdir(folder)).includes('.kube'))
  return result
}

test('plan writes nothing and exits 3 when something would change', async () => {
  const from = fixture.cloud.calls.length
  const { code, stdout, stderr } = await cli('plan', ...rollout, '--detailed-exitcode')
  assert.equal(code, 3, stdout + stderr)
  assert.match(stdout, /^cluster: would install acr-nopass-/)
  assert.match(stdout, /^ {2}RAM +policy acr-nopass-[0-9a-f]{12}: created; gains cr:GetAuthorizationToken on /m)
  assert.match(stdout, /^ +\+ \d+ to create: .*Deployment/ms)
  const lines = stdout.slice(0, stdout.indexOf('\n\n')).split('\n')
  assert.ok(lines.length <= 15, stdout)
  const full = await cli('plan', ...rollout, '--diff')
  assert.match(full.stdout, /^\+ cluster: Deployment acr-nopass\/acr-nopass\n\+ apiVersion: apps\/v1$/m)
  assert.match(stdout, /^cluster +wave +status +revision +time$/m)
  assert.match(stdout, /\nplan: 1 planned, .*helm v?4\.\d+\.\d+\n$/)
  assert.match(stderr, /cluster: connecting\n/)
  assert.deepEqual(
    fixture.cloud.calls.slice(from).filter(({ write }) => write),
    [],
  )
})

test('apply deploys and verifies; a second apply changes nothing', async () => {
  const { code, stdout, stderr } = await cli('apply', ...rollout, '-o', 'json')
  assert.equal(code, 0, stdout + stderr)
  const { results, changed, failed } = JSON.parse(stdout)
  assert.deepEqual([changed, failed], [['cluster'], []])
  assert.deepEqual(results[0].revision, { from: null, to: 1 })
  assert.match(results[0].notes.join('\n'), /a new Pod had the reference after \d+ ms/)

  const again = await cli('apply', ...rollout)
  assert.equal(again.code, 0)
  assert.match(again.stdout, /^cluster +0 +unchanged +1 /m)
  const plan = await cli('plan', ...rollout, '--detailed-exitcode')
  assert.equal(plan.code, 0, plan.stdout + plan.stderr)
})

test('values that only the API server refuses: plan names the key and its place in the file, and writes nothing', async () => {
  const file = join(folder, 'refused.yaml')
  const refused = async (
    text: string,
  ): Promise<{ error: { place: object; hint: string }; notes: readonly string[] }> => {
    await writeFile(file, text)
    const { code, stdout } = await cli('plan', ...rollout, '-f', file, '-o', 'json')
    assert.equal(code, 1, stdout)
    return JSON.parse(stdout).results[0]
  }
  const { error } = await refused('tolerations:\n  - { key: a, operator: Exists, tolerationSeconds: 30 }\n')
  assert.deepEqual(error.place, { file, line: 2, column: 5 })
  assert.equal(error.hint, `Change \`tolerations[0].effect\` (${file}:2:5).`)
  const unknown = await refused('affinity:\n  podAffinty: {}\n')
  assert.deepEqual(unknown.error.place, { file, line: 2, column: 3 })
  assert.equal(unknown.error.hint, `Change \`affinity.podAffinty\` (${file}:2:3).`)
  assert.match(
    unknown.notes.join(),
    /Kubernetes 1\.\d+ has no field `podAffinty` in `affinity`\. Did you mean `podAffinity`\?/,
  )
})

test('doctor finds no problems', async () => {
  const { code, stdout } = await eventually(async () => {
    const result = await cli('doctor', ...target)
    assert.equal(result.code, 0, result.stdout)
    return result
  }, 60_000)
  assert.equal(code, 0)
  assert.match(stdout, /\nprod +enterprise +live +in \d+ min/)
  assert.match(stdout, /\nall is well\n$/)
})

test('P13 before a new limit, plan names the images of running Pods that could not be pulled any more', async () => {
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass-status'
  const { data } = await cluster.admin.request<{ data: Record<string, string> }>({ method: 'GET', path })
  const [domain] = JSON.parse(data['status.json'] ?? '').registries[0].domains
  const pod = {
    metadata: { name: 'limits' },
    spec: {
      containers: ['shop/web:1', 'other/tool:1'].map((image, index) => ({
        name: `c${index}`,
        image: `${domain}/${image}`,
      })),
    },
  }
  const pods = '/api/v1/namespaces/default/pods'
  await eventually(() => cluster.admin.request({ method: 'POST', path: pods, body: pod }), 60_000)
  const { code, stdout, stderr } = await cli('plan', ...rollout, '-f', await limitedValues(), '-o', 'json')
  assert.equal(code, 0, stdout + stderr)
  const notes: readonly string[] = JSON.parse(stdout).results[0].notes
  const limits = notes.filter((note) => note.startsWith('limits:'))
  assert.match(limits[0] ?? '', /^limits: 1 limited credential for \d+ namespaces$/)
  assert.match(limits[1] ?? '', /any more: other\/tool \(Pod default\/limits\)\. Add them to/)
  assert.equal(limits.length, 2)
  await cluster.admin.request({ method: 'DELETE', path: `${pods}/limits`, query: { gracePeriodSeconds: 0 } })
})

test('P4 refresh waits for newer tokens', async () => {
  const before = await issuedAt()
  const { code, stdout, stderr } = await cli('refresh', ...target)
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /^prod: token of 20\d\d-.*, until 20/)
  assert.notEqual(await issuedAt(), before)
})

test('P2 a lost permission: refresh and doctor report the cause, with the fix', async () => {
  fixture.cloud.control.revoke(workerRole)
  const refresh = await cli('refresh', ...target)
  assert.equal(refresh.code, 1, refresh.stdout + refresh.stderr)
  assert.match(refresh.stdout, /^prod: CLOUD_DENIED: .*\n {2}fix: /)
  const doctor = await cli('doctor', ...target)
  assert.equal(doctor.code, 1)
  assert.match(doctor.stdout, /error RAM_DENIED registry prod: no new credential \(CLOUD_DENIED\); the last good/)
  const fixed = await cli('apply', ...rollout)
  assert.equal(fixed.code, 0, fixed.stdout + fixed.stderr)
})

test('refresh of a retired release is refused at once, with the setting', async () => {
  const { admin } = cluster
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass'
  const config = await admin.request<{ metadata: ObjectMeta; data: Record<string, string> }>({ method: 'GET', path })
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'retired' } } })
  const retired = {
    metadata: { name: 'acr-nopass', labels: config.metadata.labels },
    data: { 'config.yaml': stringify({ ...parse(config.data['config.yaml'] ?? ''), retire: true }) },
  }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces/retired/configmaps', body: retired })
  const choice = ['--namespace', 'retired', '--release', 'acr-nopass']
  const { code, stderr } = await cli('refresh', ...target, ...choice)
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^REFRESH_UNCONFIRMED: retired\/acr-nopass has `retire: true`, so its helper requests no tokens\n {2}fix: /,
  )
  await admin.request({ method: 'DELETE', path: '/api/v1/namespaces/retired/configmaps/acr-nopass' })
})

test('helper works outside the cluster like its Pod, until it is interrupted', async () => {
  const { admin } = cluster
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass'
  const { data } = await admin.request<{ data: Record<string, string> }>({ method: 'GET', path })
  const config = join(folder, 'config.yaml')
  await writeFile(config, data['config.yaml'] ?? '')
  await scale(0)
  await admin.request({ method: 'DELETE', path: '/api/v1/namespaces/default/secrets/acr-nopass' })
  const child = spawn(BIN, ['helper', '--config', config, ...target], { cwd: folder, env })
  let output = ''
  child.stdout.on('data', (text: Buffer) => {
    output += text
  })
  // The new helper logs this line once it handles signals. The Secret may still come from the old
  // helper that is being stopped.
  await eventually(async () => {
    assert.match(output, /"msg":"started"/)
    assert.ok((await pullSecrets()).includes('default'), output)
  }, 60_000)
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [0, null], output)
  for (const line of output.trim().split('\n')) assert.ok(JSON.parse(line).msg)
  await scale(1)
})

test('cleanup leaves the cluster alone while the helper is running', async () => {
  const { code, stderr } = await cli('cleanup', '--detach', '--confirm', 'acr-nopass/1', ...target)
  assert.equal(code, 1)
  assert.match(stderr, /^HELPER_AT_WORK: the helper of acr-nopass\/acr-nopass still runs/)
})

test('P12 cleanup removes what a plain helm uninstall cannot, and only what is ours', async () => {
  const { admin } = cluster
  const theirs = { metadata: { name: 'theirs' }, imagePullSecrets: [{ name: 'acr-nopass' }] }
  const path = '/api/v1/namespaces/default/serviceaccounts'
  await admin.request({ method: 'POST', path, query: { fieldManager: 'somebody' }, body: theirs })
  helm('uninstall', 'acr-nopass', '--wait')
  assert.notDeepEqual(await references(), ['default/theirs'])
  assert.notDeepEqual(await pullSecrets(), [])

  const dry = await cli('cleanup', '--detach', ...target)
  assert.equal(dry.code, 0, dry.stderr)
  assert.match(dry.stdout, /^would detach ServiceAccount default\/default$/m)
  assert.match(dry.stdout, /^would delete Secret default\/acr-nopass$/m)
  assert.match(
    dry.stdout,
    /^kept ServiceAccount default\/theirs with its entry acr-nopass: somebody wrote the list last \(--all removes it\)$/m,
  )
  assert.match(dry.stdout, / cleanup --detach --namespace acr-nopass --release acr-nopass --confirm acr-nopass\/1 /)
  assert.notDeepEqual(await pullSecrets(), [])

  const wrong = await cli('cleanup', '--detach', '--confirm', 'acr-nopass/other', ...target)
  assert.equal(wrong.code, 2)
  const real = await cli('cleanup', '--detach', '--confirm', 'acr-nopass/1', ...target)
  assert.equal(real.code, 0, real.stdout + real.stderr)
  assert.deepEqual([await references(), await pullSecrets()], [['default/theirs'], []])
  const again = await cli('cleanup', '--detach', ...target)
  assert.match(again.stdout, /^kept ServiceAccount default\/theirs/, again.stderr)
  const all = await cli('cleanup', '--detach', '--all', '--confirm', 'acr-nopass/1', ...target)
  assert.deepEqual([all.code, await references()], [0, []])
})

for (const [title, signals] of [
  ['an interrupted apply', 1],
  ['an apply under npx, which passes on the signal that the terminal sends it too,', 2],
] as const) {
  test(`P10 ${title} exits 130, without a pending release, a process or a file left`, async () => {
    const child = spawn(BIN, ['apply', ...rollout], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data))
    await eventually(() => assert.match(output, /upgrading with helm/), 60_000, 10)
    // Helm is running, so the process takes longer to exit than the second signal takes to arrive.
    if (signals > 1) await eventually(async () => assert.notEqual(await pendingRecords(), 0), 60_000, 10)
    const exited = once(child, 'exit')
    child.kill('SIGINT')
    for (let more = 1; more < signals; more++) {
      await sleep(20)
      child.kill('SIGINT')
    }
    const [code] = await exited
    assert.equal(code, 130, output)
    const releases: { status: string }[] = JSON.parse(
      helm('list', '--output', 'json', '--pending', '--failed', '--deployed'),
    )
    for (const { status } of releases) assert.doesNotMatch(status, /pending/)
    assert.equal(await pendingRecords(), 0)
    assert.deepEqual(await readdir(temp).catch(() => []), [])
  })
}

test('P12 uninstall completes an uninstall that plain helm left half-way, and apply names the command', async () => {
  const { admin } = cluster
  const deployed = await cli('apply', ...rollout)
  assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
  const path = '/api/v1/namespaces/acr-nopass/services/acr-nopass'
  const { metadata } = await admin.request<{ metadata: { uid: string } }>({ method: 'GET', path })
  await denyDeletion(metadata.uid)
  assert.throws(() => helm('uninstall', 'acr-nopass', '--wait'))

  const apply = await cli('apply', ...rollout)
  assert.match(apply.stdout, /HELM_PENDING: release acr-nopass\/acr-nopass is uninstalling at revision \d+ since /)
  assert.match(
    apply.stdout,
    / {2}fix: If no other run is working on it: `helm uninstall acr-nopass --namespace acr-nopass`/,
  )
  const refused = await cli('uninstall', ...rollout, '--confirm', 'acr-nopass/1')
  assert.match(
    refused.stdout,
    /: helm uninstall: .*services "acr-nopass" is forbidden: .* denied request: not this Service/,
  )

  await admin.request({ method: 'DELETE', path: `${ADMISSION}/validatingadmissionpolicybindings/keep` })
  // The API server applies the removal of the binding a moment later. The first run may therefore
  // be refused after it has removed most of the release.
  await eventually(async () => {
    const result = await cli('uninstall', ...rollout, '--confirm', 'acr-nopass/1')
    assert.equal(result.code, 0, result.stdout + result.stderr)
  }, 60_000)
  const { stdout } = await cli('uninstall', ...rollout, '--confirm', 'acr-nopass/1')
  assert.match(stdout, /there is no release/)
  assert.deepEqual([await references(), await pullSecrets()], [[], []])
})

test('a field that somebody changed with kubectl: plan and apply name the field before anything is written, and a rollback restores the field', async () => {
  const deployed = await cli('apply', ...rollout)
  assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
  await edit()
  const before = await revisions()
  const from = fixture.cloud.calls.length
  for (const command of ['plan', 'apply']) {
    const { code, stdout, stderr } = await cli(command, ...rollout)
    assert.equal(code, 1, stdout + stderr)
    assert.match(
      stdout,
      /HELM_CONFLICT: kubectl-edit owns \.spec\.revisionHistoryLimit of Deployment acr-nopass\/acr-nopass, which the chart sets too\n {2}fix: .*`--force-conflicts true`/,
    )
  }
  assert.deepEqual(await revisions(), before)
  assert.deepEqual(
    fixture.cloud.calls.slice(from).filter(({ write }) => write),
    [],
  )
  // Compares Helm with the flags of our rollbacks and without them.
  const good = String(before.at(-1))
  assert.throws(() => helm('rollback', 'acr-nopass', good), /Command failed/)
  helm('rollback', 'acr-nopass', good, '--server-side=true', '--force-conflicts')
  const again = await cli('apply', ...rollout)
  assert.equal(again.code, 0, again.stdout + again.stderr)
})

test('P12 uninstall requires confirmation, and leaves nothing, whatever somebody changed with kubectl', async () => {
  const deployed = await cli('apply', ...rollout)
  assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
  const result = await cli('uninstall', ...rollout)
  assert.equal(result.code, 2)
  assert.match(result.stderr, /^INPUT_CONFIRM: an uninstall needs confirm: acr-nopass\/1/)
  // Helm finds no record there, as for a release that Argo CD rendered.
  const elsewhere = { env: { ...env, HELM_DRIVER: 'configmap' }, cwd: folder }
  const before = await references()
  const unknown = await runBin(['uninstall', ...rollout, '--confirm', 'acr-nopass/1', '--ram-cleanup'], elsewhere)
  assert.equal(unknown.code, 1, unknown.stdout + unknown.stderr)
  assert.match(unknown.stdout + unknown.stderr, /HELPER_AT_WORK.* Helm has no record of release acr-nopass\/acr-nopass/)
  assert.deepEqual(await references(), before)
  await edit()
  const done = await cli('uninstall', ...rollout, '--confirm', 'acr-nopass/1', '--ram-cleanup')
  assert.equal(done.code, 0, done.stdout + done.stderr)
  // The objects that lose a credential are listed before the first write.
  assert.match(done.stderr, /(no Pod names acr-nopass|Pods that name the pull secret acr-nopass: )[\s\S]*removing what/)
  assert.deepEqual([await references(), await pullSecrets()], [[], []])
  assert.equal(fixture.cloud.calls.filter(({ action, code }) => action === 'DeletePolicy' && !code).length, 1)
})

test('P9 limit: repositories with a worker role: plan shows the role that the helper assumes, apply creates it, and uninstall removes it', async () => {
  const limited = [...rollout, '-f', await limitedValues()]
  const from = fixture.cloud.calls.length
  const plan = await cli('plan', ...limited)
  assert.match(plan.stdout, /role acr-nopass-pull: created/)
  assert.deepEqual(writesSince(from), [])
  const { code, stdout, stderr } = await cli('apply', ...limited)
  assert.equal(code, 0, stdout + stderr)
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass-status'
  const { data } = await cluster.admin.request<{ data: Record<string, string> }>({ method: 'GET', path })
  const [registry] = JSON.parse(data['status.json'] ?? '').registries
  assert.deepEqual([registry.state, registry.limit.repositories], ['live', ['shop/*']])
  const assumed = fixture.cloud.calls
    .slice(from)
    .filter((call) => call.action === 'GetAuthorizationToken' && !call.code)
  assert.ok(assumed.length > 0)
  for (const { principal } of assumed) assert.ok(principal.includes('acr-nopass-pull/'), principal)
  const again = await cli('apply', ...limited)
  assert.match(again.stdout, /^cluster +0 +unchanged /m)
  const done = await cli('uninstall', ...limited, '--confirm', 'acr-nopass/1', '--ram-cleanup')
  assert.equal(done.code, 0, done.stdout + done.stderr)
  assert.match(done.stdout, /role acr-nopass-pull: deleted/)
})

/** Writes values with a limited registry behind a role that does not exist. */
async function limitedValues(): Promise<string> {
  const assumeRole = [{ roleArn: `acs:ram::${fixture.cloud.accountId}:role/acr-nopass-pull` }]
  const [registry] = parse(fixture.values).registries
  const file = join(folder, 'limited.yaml')
  const limited = { ...registry, limit: 'repositories', repositories: ['shop/*'], assumeRole }
  await writeFile(file, stringify({ registries: [limited] }))
  return file
}

function writesSince(from: number): readonly unknown[] {
  return fixture.cloud.calls.slice(from).filter(({ write }) => write)
}

const ADMISSION = '/apis/admissionregistration.k8s.io/v1'

/** Denies the deletion of one object, and waits until the denial is active. */
async function denyDeletion(uid: string): Promise<void> {
  const { admin } = cluster
  const rule = { apiGroups: [''], apiVersions: ['*'], operations: ['DELETE'], resources: ['services'] }
  const create = (plural: string, spec: object): Promise<unknown> =>
    admin.request({ method: 'POST', path: `${ADMISSION}/${plural}`, body: { metadata: { name: 'keep' }, spec } })
  await create('validatingadmissionpolicies', {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: `oldObject.metadata.uid != '${uid}'`, message: 'not this Service' }],
  })
  await create('validatingadmissionpolicybindings', { policyName: 'keep', validationActions: ['Deny'] })
  const path = '/api/v1/namespaces/acr-nopass/services/acr-nopass'
  const deletion = { method: 'DELETE', path, query: { dryRun: 'All' } } as const
  await eventually(() => assert.rejects(admin.request(deletion), { status: 422 }), 60_000)
}

/** Changes a field of the Deployment that the chart sets, as `kubectl edit` does. */
async function edit(): Promise<void> {
  const path = '/apis/apps/v1/namespaces/acr-nopass/deployments/acr-nopass'
  const body = { spec: { revisionHistoryLimit: 7 } }
  const query = { fieldManager: 'kubectl-edit' }
  await cluster.admin.request({ method: 'PATCH', path, query, contentType: MERGE_PATCH, body })
}

async function revisions(): Promise<readonly number[]> {
  const query = { labelSelector: 'owner=helm,name=acr-nopass' }
  const path = '/api/v1/namespaces/acr-nopass/secrets'
  const { items } = await cluster.admin.request<{ items: readonly { metadata: ObjectMeta }[] }>({
    method: 'GET',
    path,
    query,
  })
  return items.map(({ metadata }) => Number(metadata.labels?.version)).toSorted((a, b) => a - b)
}

async function pendingRecords(): Promise<number> {
  const query = { labelSelector: 'owner=helm,status=pending-install' }
  const path = '/api/v1/namespaces/acr-nopass/secrets'
  const { items } = await cluster.admin.request<{ items: readonly object[] }>({ method: 'GET', path, query })
  return items.length
}

/** Scales, and waits until the Pods are deleted or ready. */
async function scale(replicas: number): Promise<void> {
  const path = '/apis/apps/v1/namespaces/acr-nopass/deployments/acr-nopass'
  const { admin } = cluster
  await admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { spec: { replicas } } })
  await eventually(async () => {
    const { status } = await admin.request<{ status: { replicas?: number; availableReplicas?: number } }>({
      method: 'GET',
      path,
    })
    assert.deepEqual([status.replicas ?? 0, status.availableReplicas ?? 0], [replicas, replicas])
  }, 60_000)
}

async function issuedAt(): Promise<string> {
  const { stdout } = await cli('doctor', ...target, '-o', 'json')
  return JSON.parse(stdout).registries[0].issuedAt
}

function helm(...args: string[]): string {
  const program = join(fixture.env.PATH?.split(':')[0] ?? '', 'helm')
  const separate = { ...env, KUBECACHEDIR: join(folder, 'kube-cache') }
  return execFileSync(program, [...args, '--namespace', 'acr-nopass', ...target], { env: separate, encoding: 'utf8' })
}

async function references(): Promise<readonly string[]> {
  const path = '/api/v1/serviceaccounts'
  const list = await cluster.admin.request<{
    items: { metadata: { namespace: string; name: string }; imagePullSecrets?: { name: string }[] }[]
  }>({ method: 'GET', path })
  return (
    list.items
      .filter(({ imagePullSecrets = [] }) => imagePullSecrets.some(({ name }) => name === 'acr-nopass'))
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
      // The namespace of a verification may still be terminating.
      .filter((name) => !name.startsWith('acr-nopass-probe-'))
  )
}

async function pullSecrets(): Promise<readonly string[]> {
  const query = { fieldSelector: 'metadata.name=acr-nopass' }
  const list = await cluster.admin.request<{ items: { metadata: { namespace: string } }[] }>({
    method: 'GET',
    path: '/api/v1/secrets',
    query,
  })
  return list.items.map(({ metadata }) => metadata.namespace)
}
