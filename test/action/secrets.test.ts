import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import type { KubeClient } from '../../src/kube/client.ts'
import { type ActionFixture, startActionFixture } from './support/action-fixture.ts'
import { CI_ACCOUNT, chainSeed } from './support/chain-seed.ts'
import { type ActionRun, runAction } from './support/run-action.ts'
import { clusterTexts, forms, readDisk, shownBy, watchProcesses } from './support/secret-places.ts'
import { recordSecrets } from './support/secret-recorder.ts'

const ACCOUNT = '1427736501988243'
const STATIC = 'static-password-6d1f0c2ab7e94c55'

for (const helm of ['helm4', 'helm3'] as const) {
  test(`P6 ${helm}: no secret in any output, argument, event, release, log, or file that stays`, async () => {
    await using fixture = await startActionFixture({
      clusters: ['hangzhou-a', 'self-built'],
      helm,
      seed: await chainSeed(),
    })
    const { sts } = fixture.cloud.endpoints
    await using recorder = await recordSecrets(sts)
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-secrets-'))
    const runner = fixture.cloud.githubRunner({ repository: 'acme/platform' })
    const token = await selfBuiltToken(fixture)
    const seeded = new Map([
      ['access key', fixture.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET ?? ''],
      ['right to an ID token', runner.requestToken],
      ['token of a kubeconfig', token],
      ['static login', STATIC],
    ])
    for (const { cluster } of fixture.clusters) await seedLogin(cluster.admin)

    const processes = watchProcesses()
    const byTokenEnv = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: '',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: '',
      ACTIONS_ID_TOKEN_REQUEST_URL: runner.requestUrl.replace(new URL(sts).origin, recorder.origin),
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: runner.requestToken,
    }
    const byToken = await job(fixture, folder, {
      inputs: {
        clusters: stringify([fixture.clusters[0]?.entry(0)]),
        'role-to-assume': `acs:ram::${ACCOUNT}:role/acr-nopass-deploy`,
        'oidc-provider-arn': `acs:ram::${ACCOUNT}:oidc-provider/github-actions`,
      },
      env: byTokenEnv,
      origins: [new URL(sts).origin, recorder.origin],
    })
    const { name, values } = fixture.clusters[1]?.entry(0) ?? {}
    const { workerRole } = fixture.clusters[1] ?? assert.fail()
    const byKey = await job(fixture, folder, {
      inputs: {
        clusters: stringify([{ name, values, workerRoles: [workerRole], kubeconfig: { env: 'SELF_BUILT' } }]),
      },
      env: { SELF_BUILT: selfBuiltKubeconfig(fixture, token) },
      origins: [new URL(sts).origin, recorder.origin],
    })
    const chained = { ...fixture.clusters[0]?.entry(0) }
    // The workflow signs in to its own account. From there it assumes the role of the cluster's
    // account.
    const byChain = await job(fixture, folder, {
      inputs: {
        clusters: stringify([
          {
            ...chained,
            account: ACCOUNT,
            deployRole: `acs:ram::${ACCOUNT}:role/cluster-deployer`,
            values: Object.assign({}, chained.values, { logLevel: 'debug' }),
          },
        ]),
        'role-to-assume': `acs:ram::${CI_ACCOUNT}:role/ci`,
        'oidc-provider-arn': `acs:ram::${CI_ACCOUNT}:oidc-provider/github-actions`,
      },
      env: byTokenEnv,
      origins: [new URL(sts).origin, recorder.origin],
    })
    const commands = processes.stop()
    const jobs = [byToken, byKey, byChain]
    for (const { outcome } of jobs) assert.deepEqual(JSON.parse(outcome.outputs.failed ?? ''), [])
    for (const { outcome } of jobs) assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr)
    assert.match(commands, /helm upgrade acr-nopass/)

    const secrets = new Map([...seeded].map(([kind, secret]) => [kind, [secret]]))
    for (const [kind, found] of recorder.secrets) secrets.set(kind, [...found])
    assert.deepEqual([...secrets.keys()].sort(), [
      'ID token',
      'access key',
      'key of a kubeconfig',
      'key of a session',
      'key of an assumed role',
      'registry token',
      'right to an ID token',
      'session token',
      'session token of an assumed role',
      'static login',
      'token of a kubeconfig',
    ])
    const outputs: Record<string, string> = {
      ...Object.assign({}, ...jobs.map(({ shown }, index) => prefixed(`job ${index}: `, shown))),
      commands,
      disk: await readDisk(folder),
      ...(await clusterTexts(fixture)),
    }
    const leaks = [...secrets].flatMap(([kind, all]) =>
      Object.entries(outputs).flatMap(([name, text]) =>
        all.some((secret) => forms(secret).some((form) => text.includes(form))) ? [`${kind} in ${name}`] : [],
      ),
    )
    assert.deepEqual(leaks, [])
    // The runner must mask the secrets of each session, including those in the middle of a role
    // chain.
    const masks = new Set(jobs.flatMap(({ outcome }) => outcome.masks))
    const unmasked = [...secrets].flatMap(([kind, all]) => (all.some((secret) => !masks.has(secret)) ? [kind] : []))
    assert.deepEqual(unmasked.sort(), ['registry token', 'right to an ID token', 'static login'])
    await rm(folder, { recursive: true })
  })
}

function prefixed(prefix: string, texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [prefix + name, text]))
}

interface Job extends Required<Pick<ActionRun, 'inputs' | 'env'>> {
  /** The emulator's address, and its replacement. */
  readonly origins: readonly [string, string]
}

/** Returns everything that main and post of one job show. The stages run in separate folders. */
async function job(fixture: ActionFixture, folder: string, { inputs, env, origins: [from, to] }: Job) {
  const temp = await mkdtemp(join(folder, 'temp-'))
  const [home, workspace] = [join(temp, '..', 'home'), join(temp, '..', 'workspace')]
  for (const path of [home, workspace]) await mkdir(path, { recursive: true })
  const values = parse(fixture.values.replaceAll(from, to))
  const login = { name: 'legacy', edition: 'static', domains: ['legacy.example.com'], existingSecret: 'legacy-login' }
  const stage = {
    env: { ...fixture.env, HOME: home, TMPDIR: join(temp, 'tmp'), ...env },
    workspace,
    temp,
  }
  await mkdir(join(temp, 'tmp'))
  const outcome = await runAction({
    ...stage,
    inputs: {
      ...inputs,
      values: stringify({ ...values, registries: [...values.registries, login] }),
      endpoints: fixture.endpoints.replaceAll(from, to),
    },
  })
  const post = await runAction({ ...stage, inputs: {}, stage: 'post', state: outcome.state })
  return { outcome, shown: { ...shownBy('main', outcome), ...shownBy('post', post) } }
}

async function seedLogin(admin: KubeClient): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'acr-nopass' } }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: namespace })
  const login = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'legacy-login' },
    stringData: { username: 'legacy', password: STATIC },
  }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces/acr-nopass/secrets', body: login })
}

/** A deployer of the self-built cluster that authenticates with a token. */
async function selfBuiltToken({ clusters }: ActionFixture): Promise<string> {
  const { admin, serviceAccountToken } = clusters[1]?.cluster ?? assert.fail()
  const metadata = { name: 'deployer', namespace: 'default' }
  await admin.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts',
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
  })
  const group = 'rbac.authorization.k8s.io'
  await admin.request({
    method: 'POST',
    path: `/apis/${group}/v1/clusterrolebindings`,
    body: {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'deployer' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  })
  return serviceAccountToken('default', 'deployer', [], 3600)
}

function selfBuiltKubeconfig({ clusters }: ActionFixture, token: string): string {
  const { server, caPem } = clusters[1]?.cluster ?? assert.fail()
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'self-built',
        cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
      },
    ],
    users: [{ name: 'deployer', user: { token } }],
    contexts: [{ name: 'self-built', context: { cluster: 'self-built', user: 'deployer' } }],
    'current-context': 'self-built',
  })
}
