import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { githubSubject } from '../../sandbox/cloud/sts/github-oidc.ts'
import { startRegistry } from '../../sandbox/registry/start-registry.ts'
import { prepareWorkspace } from '../../sandbox/workflow/prepare-workspace.ts'
import { runWorkflow, type WorkflowRecord } from '../../sandbox/workflow/run-workflow.ts'
import { AUDIENCE, GITHUB_ISSUER } from '../../src/policy/trust-document.ts'
import { runBin } from '../cli/run-bin.ts'
import { allow } from '../support/cloud/vendor-sdk.ts'
import { installDocker } from '../support/login/docker-program.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { openRegistryFront } from '../support/registry/registry-front.ts'
import { testTools } from '../tools.ts'
import { type ActionFixture, startActionFixture } from './support/action-fixture.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..', '..')
const REPOSITORY = 'acme/platform'

test('every workflow of the examples and of this repository passes actionlint', async () => {
  const { actionlint } = await testTools('actionlint')
  const folders = ['examples/workflows', '.github/workflows'].map((folder) => join(root, folder))
  const files = (
    await Promise.all(folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))))
  ).flat()
  assert.ok(files.length >= 4)
  // Only actionlint's own findings count: a shellcheck or pyflakes of this machine must not change
  // the result.
  const { stdout } = await run(actionlint, ['-no-color', '-shellcheck=', '-pyflakes=', ...files])
  assert.equal(stdout, '')
})

test('the example workflows work in a real workflow engine', async (t) => {
  const tools = await testTools('act', 'helm4')
  await using fixture = await startActionFixture({ clusters: ['staging', 'production'], helm: 'helm4' })
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-act-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const workspace = join(folder, 'platform')
  await prepareWorkspace(workspace, await userFiles(fixture), REPOSITORY)
  const work = async (
    workflow: string,
    event: 'push' | 'pull_request' | 'workflow_dispatch',
  ): Promise<WorkflowRecord> =>
    runWorkflow(
      {
        act: tools.act,
        helm: tools.helm4,
        workspace,
        workflow,
        event,
        scratch: await mkdtemp(join(folder, 'job-')),
        variables: { ALIBABA_CLOUD_ENDPOINTS: fixture.endpoints },
        idToken: fixture.cloud.githubRunner({ repository: REPOSITORY }),
      },
      AbortSignal.timeout(180_000),
    )

  await t.test('pull-request.yml plans with an ID token and writes nothing', async () => {
    const from = fixture.cloud.calls.length
    const record = await work('pull-request.yml', 'pull_request')
    assert.ok(record.succeeded, record.log.join('\n'))
    assert.match(record.summary, /### acr-nopass plan: 2 planned/)
    const calls = fixture.cloud.calls.slice(from)
    assert.deepEqual(
      calls.filter(({ write }) => write),
      [],
    )
    assert.ok(calls.some(({ action }) => action === 'AssumeRoleWithOIDC'))
  })

  await t.test('environments.yml: a job per cluster, production after staging', async () => {
    const record = await work('environments.yml', 'push')
    assert.ok(record.succeeded, record.log.join('\n'))
    const rollouts = record.summary.split('\n').filter((line) => line.startsWith('### acr-nopass apply'))
    assert.deepEqual(rollouts, ['### acr-nopass apply: 1 deployed', '### acr-nopass apply: 1 deployed'])
    const names = record.summary.split('\n').flatMap((line) => /^\| ✅ \| (\S+)/.exec(line)?.[1] ?? [])
    assert.deepEqual(names, ['staging', 'production'])
  })

  await t.test('rollout.yml afterwards: unchanged in both waves, no RAM write', async () => {
    const from = fixture.cloud.calls.length
    const record = await work('rollout.yml', 'push')
    assert.ok(record.succeeded, record.log.join('\n'))
    assert.match(record.summary, /### acr-nopass apply: 2 unchanged/)
    assert.deepEqual(
      fixture.cloud.calls.slice(from).filter(({ product, write }) => product === 'Ram' && write),
      [],
    )
    assert.deepEqual(JSON.parse(record.outputs.changed ?? ''), [])
    const tokens = fixture.cloud.calls.slice(from).filter(({ action }) => action === 'AssumeRoleWithOIDC')
    assert.equal(tokens.length, 1, 'two clusters of one account share one session')
  })

  await t.test(
    'matrix.yml: each ID of the matrix has a job, and the job finds the cluster unchanged since the list was applied',
    async () => {
      const record = await work('matrix.yml', 'push')
      assert.ok(record.succeeded, record.log.join('\n'))
      const rollouts = record.summary.split('\n').filter((line) => line.startsWith('### acr-nopass apply'))
      assert.deepEqual(rollouts, ['### acr-nopass apply: 1 unchanged', '### acr-nopass apply: 1 unchanged'])
      const names = record.summary.split('\n').flatMap((line) => /^\| \S+ \| (c[a-z0-9]{32})/.exec(line)?.[1] ?? [])
      assert.deepEqual(names.sort(), fixture.clusters.map(({ clusterId }) => clusterId).sort())
    },
  )

  await t.test(
    'build-and-push.yml: builds and pushes with an ID token, and leaves no login on the runner',
    async () => {
      const { crane, registry: binary } = await testTools('crane', 'registry')
      const { cloud } = fixture
      await using registry = await startRegistry({ tools: { registry: binary }, auth: cloud.registryAuth })
      const domains = ['demo-registry.cn-hangzhou.cr.aliyuncs.com']
      await using front = await openRegistryFront({ domains, registry: registry.url, realm: cloud.registryAuth.realm })
      const programs = join(folder, 'programs')
      installDocker(programs, { crane, environment: front.environment })
      const Condition = {
        StringEquals: {
          'oidc:iss': GITHUB_ISSUER,
          'oidc:aud': AUDIENCE,
          'oidc:sub': githubSubject({ repository: REPOSITORY }),
        },
      }
      const Principal = { Federated: [`acs:ram::${cloud.accountId}:oidc-provider/github-actions`] }
      cloud.control.putRole('acr-nopass-login', {
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal, Condition }],
      })
      const grant = allow([
        'cr:GetAuthorizationToken',
        'cr:ListInstanceEndpoint',
        'cr:PullRepository',
        'cr:PushRepository',
      ])
      cloud.control.grant('acr-nopass-login', 'push', JSON.parse(grant))
      const scratch = await mkdtemp(join(folder, 'job-'))
      const { cr, sts } = cloud.endpoints
      const record = await runWorkflow(
        {
          act: tools.act,
          helm: tools.helm4,
          programs,
          workspace,
          workflow: 'build-and-push.yml',
          event: 'push',
          scratch,
          variables: { ALIBABA_CLOUD_ENDPOINTS: JSON.stringify({ cr, sts, registry: registry.url }) },
          idToken: cloud.githubRunner({ repository: REPOSITORY }),
        },
        AbortSignal.timeout(180_000),
      )
      assert.ok(record.succeeded, record.log.join('\n'))
      const [, tag = ''] = /team\/app:([0-9a-f]{40}): digest:/.exec(record.log.join('\n')) ?? []
      const pulled = await registryClient(registry.url, cloud.registryPush).pull('team/app', tag)
      assert.equal(pulled.status, 200)
      const docker = await readFile(join(scratch, 'home', '.docker', 'config.json'), 'utf8')
      assert.deepEqual(JSON.parse(docker), { auths: {} })
      assert.deepEqual(await readdir(join(scratch, 'home', '.docker')), ['config.json'])
    },
  )

  await t.test(
    'check.yml: with the role that `policy --ci --read-only` prints, both clusters are healthy',
    async () => {
      const { cloud } = fixture
      const files = ['--clusters-file', 'clusters.yaml', '-f', 'values.yaml', '--account-id', cloud.accountId]
      const printed = await runBin(['policy', '--ci', '--read-only', ...files], { cwd: workspace })
      assert.equal(printed.code, 0, printed.stderr)
      const Condition = {
        StringEquals: {
          'oidc:iss': GITHUB_ISSUER,
          'oidc:aud': AUDIENCE,
          'oidc:sub': githubSubject({ repository: REPOSITORY }),
        },
      }
      const Principal = { Federated: [`acs:ram::${cloud.accountId}:oidc-provider/github-actions`] }
      cloud.control.putRole('acr-nopass-check', {
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal, Condition }],
      })
      cloud.control.grant('acr-nopass-check', 'acr-nopass-check', JSON.parse(printed.stdout))
      const from = cloud.calls.length
      const record = await work('check.yml', 'workflow_dispatch')
      assert.ok(record.succeeded, record.log.join('\n'))
      assert.match(record.summary, /### acr-nopass check: 2 healthy/)
      const calls = cloud.calls.slice(from)
      assert.deepEqual(
        calls.filter(({ write }) => write),
        [],
      )
      assert.equal(calls.filter(({ action }) => action === 'AssumeRoleWithOIDC').length, 1)
    },
  )

  await t.test("P6 the engine's output contains no credential", async () => {
    const record = await work('rollout.yml', 'push')
    const shown = [record.summary, ...record.log, ...Object.values(record.outputs)].join('\n')
    assert.doesNotMatch(shown, /BEGIN [A-Z ]*PRIVATE KEY|client-key-data|eyJ[\w-]{20,}\./)
    assert.ok(!shown.includes(fixture.cloud.administrator.accessKeySecret))
  })

  await t.test('P12 uninstall.yml, started manually, removes everything', async () => {
    const from = fixture.cloud.calls.length
    const record = await work('uninstall.yml', 'workflow_dispatch')
    assert.ok(record.succeeded, record.log.join('\n'))
    assert.match(record.summary, /### acr-nopass uninstall: 2 uninstalled/)
    const deleted = fixture.cloud.calls.slice(from).filter(({ action, code }) => action === 'DeletePolicy' && !code)
    assert.equal(deleted.length, 2)
    for (const { cluster } of fixture.clusters) {
      const query = { fieldSelector: 'metadata.name=acr-nopass' }
      const left = await cluster.admin.request<{ items: readonly unknown[] }>({
        method: 'GET',
        path: '/api/v1/secrets',
        query,
      })
      assert.deepEqual(left.items, [])
    }
  })
})

/** Returns the repository of a platform team. The IDs of its clusters are those of the fixture. */
async function userFiles(fixture: ActionFixture): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(join(root, 'examples', 'workflows'))).sort()
  const ids = fixture.clusters.values()
  const withIds = (text: string): string =>
    text.replaceAll(/\bc[0-9a-f]{32}\b/g, () => ids.next().value?.clusterId ?? '')
  const workflows = await Promise.all(
    names.map(
      async (name) =>
        [
          `.github/workflows/${name}`,
          withIds(await readFile(join(root, 'examples', 'workflows', name), 'utf8')),
        ] as const,
    ),
  )
  const clusters = fixture.clusters.map((one, wave) => ({
    ...one.entry(wave),
    environment: wave === 0 ? 'staging' : 'production',
  }))
  const values = clusters.map(
    (one) => [`values/${one.environment}.yaml`, stringify(Reflect.get(one, 'values'))] as const,
  )
  return {
    ...Object.fromEntries(workflows),
    ...Object.fromEntries(values),
    'clusters.yaml': stringify(clusters),
    'values.yaml': fixture.values,
  }
}
