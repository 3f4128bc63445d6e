import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parse, stringify } from 'yaml'
import type { KubeClient } from '../../src/kube/client.ts'
import { type ActionBed, startActionBed } from './support/action-bed.ts'
import { type ActionOutcome, type ActionRun, runAction } from './support/run-action.ts'
import { recordSecrets } from './support/secret-recorder.ts'

const ACCOUNT = '1427736501988243'
const STATIC = 'static-password-6d1f0c2ab7e94c55'

for (const helm of ['helm4', 'helm3'] as const) {
  test(`P6 ${helm}: no secret in any output, argument, event, release, log, or file that stays`, async () => {
    await using bed = await startActionBed({ clusters: ['hangzhou-a', 'self-built'], helm })
    const { sts } = bed.cloud.endpoints
    await using recorder = await recordSecrets(sts)
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-secrets-'))
    const runner = bed.cloud.githubRunner({ repository: 'acme/platform' })
    const token = await selfBuiltToken(bed)
    const seeded = new Map([
      ['access key', bed.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET ?? ''],
      ['right to an ID token', runner.requestToken],
      ['token of a kubeconfig', token],
      ['static login', STATIC],
    ])
    for (const { cluster } of bed.clusters) await seedLogin(cluster.admin)

    const processes = watchProcesses()
    const byToken = await job(bed, folder, {
      inputs: {
        clusters: stringify([bed.clusters[0]?.entry(0)]),
        'role-to-assume': `acs:ram::${ACCOUNT}:role/acr-nopass-deploy`,
        'oidc-provider-arn': `acs:ram::${ACCOUNT}:oidc-provider/github-actions`,
      },
      env: {
        ALIBABA_CLOUD_ACCESS_KEY_ID: '',
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: '',
        ACTIONS_ID_TOKEN_REQUEST_URL: runner.requestUrl.replace(new URL(sts).origin, recorder.origin),
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: runner.requestToken,
      },
      origins: [new URL(sts).origin, recorder.origin],
    })
    const { name, values } = bed.clusters[1]?.entry(0) ?? {}
    const { workerRole } = bed.clusters[1] ?? assert.fail()
    const byKey = await job(bed, folder, {
      inputs: {
        clusters: stringify([{ name, values, workerRoles: [workerRole], kubeconfig: { env: 'SELF_BUILT' } }]),
      },
      env: { SELF_BUILT: selfBuiltKubeconfig(bed, token) },
      origins: [new URL(sts).origin, recorder.origin],
    })
    const commands = processes.stop()
    for (const { outcome } of [byToken, byKey]) assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr)
    assert.match(commands, /helm upgrade acr-nopass/)

    const secrets = new Map([...seeded].map(([kind, secret]) => [kind, [secret]]))
    for (const [kind, found] of recorder.seen) secrets.set(kind, [...found])
    assert.deepEqual([...secrets.keys()].sort(), [
      'ID token',
      'access key',
      'key of a kubeconfig',
      'key of a session',
      'registry token',
      'right to an ID token',
      'session token',
      'static login',
      'token of a kubeconfig',
    ])
    const places: Record<string, string> = {
      ...byToken.shown,
      ...byKey.shown,
      commands,
      disk: await readDisk(folder),
      ...(await clusterTexts(bed)),
    }
    const leaks = [...secrets].flatMap(([kind, all]) =>
      Object.entries(places).flatMap(([place, text]) =>
        all.some((secret) => forms(secret).some((form) => text.includes(form))) ? [`${kind} in ${place}`] : [],
      ),
    )
    assert.deepEqual(leaks, [])
    // The runner is told of what it would otherwise show.
    const masks = new Set([...byToken.outcome.masks, ...byKey.outcome.masks])
    for (const kind of ['ID token', 'key of a kubeconfig', 'session token', 'token of a kubeconfig'])
      assert.ok(
        (secrets.get(kind) ?? []).some((secret) => masks.has(secret)),
        `${kind} is not masked`,
      )
    await rm(folder, { recursive: true })
  })
}

interface Job extends Required<Pick<ActionRun, 'inputs' | 'env'>> {
  /** The emulator's address, and the one to use instead. */
  readonly origins: readonly [string, string]
}

/** Main and post of one job in folders of its own: all that they show. */
async function job(bed: ActionBed, folder: string, { inputs, env, origins: [from, to] }: Job) {
  const temp = await mkdtemp(join(folder, 'temp-'))
  const [home, workspace] = [join(temp, '..', 'home'), join(temp, '..', 'workspace')]
  for (const path of [home, workspace]) await mkdir(path, { recursive: true })
  const values = parse(bed.values.replaceAll(from, to))
  const login = { name: 'legacy', edition: 'static', domains: ['legacy.example.com'], existingSecret: 'legacy-login' }
  const stage = {
    env: { ...bed.env, HOME: home, TMPDIR: join(temp, 'tmp'), ...env },
    workspace,
    temp,
  }
  await mkdir(join(temp, 'tmp'))
  const outcome = await runAction({
    ...stage,
    inputs: {
      ...inputs,
      values: stringify({ ...values, registries: [...values.registries, login] }),
      endpoints: bed.endpoints.replaceAll(from, to),
    },
  })
  const post = await runAction({ ...stage, inputs: {}, stage: 'post', state: outcome.state })
  return { outcome, shown: { ...shownBy('main', outcome), ...shownBy('post', post) } }
}

function shownBy(stage: string, outcome: ActionOutcome): Readonly<Record<string, string>> {
  // What follows ::add-mask:: is for the runner alone, which shows nothing of it.
  const stdout = outcome.stdout.replaceAll(/^::add-mask::.*$/gm, '')
  const { stderr, summary, outputs, state, annotations } = outcome
  const all = { stdout, stderr, summary, outputs, state, annotations }
  return Object.fromEntries(
    Object.entries(all).map(([what, text]) => [
      `${what} of ${stage}`,
      typeof text === 'string' ? text : JSON.stringify(text),
    ]),
  )
}

/** As it is, in base64 and in a URL; multi-line keys by their longest line. */
function forms(secret: string): readonly string[] {
  return [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]
}

async function readDisk(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = files
    .filter((file) => file.isFile())
    .map(async (file) => `${file.name}\n${await readFile(join(file.parentPath, file.name), 'latin1')}`)
  return (await Promise.all(texts)).join('\n')
}

/** Events, ConfigMaps, what helm keeps of the releases, and what the helpers wrote. */
async function clusterTexts(bed: ActionBed): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {}
  for (const { cluster, node } of bed.clusters) {
    const get = (path: string, query = {}): Promise<{ items: { data?: { release: string } }[] }> =>
      cluster.admin.request({ method: 'GET', path, query })
    const releases = await get('/api/v1/secrets', { labelSelector: 'owner=helm' })
    assert.ok(releases.items.length > 0)
    texts[`releases of ${cluster.name}`] = releases.items
      .map(({ data }) => decodeRelease(data?.release ?? ''))
      .join('\n')
    texts[`events of ${cluster.name}`] = JSON.stringify(await get('/api/v1/events'))
    texts[`config maps of ${cluster.name}`] = JSON.stringify(await get('/api/v1/configmaps'))
    const pods = node.pods().map(({ namespace, name }) => node.log(`${namespace}/${name}`))
    assert.ok(pods.length > 0)
    texts[`helper of ${cluster.name}`] = pods.join('\n')
  }
  return texts
}

function decodeRelease(data: string): string {
  return gunzipSync(Buffer.from(Buffer.from(data, 'base64').toString(), 'base64')).toString()
}

/** Every command line of this machine, looked at again and again. */
function watchProcesses(): { stop(): string } {
  const seen = new Set<string>()
  const timer = setInterval(() => {
    for (const line of execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n')) seen.add(line)
  }, 100)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      return [...seen].join('\n')
    },
  }
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

/** A deployer of the self-built cluster that comes with a token. */
async function selfBuiltToken({ clusters }: ActionBed): Promise<string> {
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

function selfBuiltKubeconfig({ clusters }: ActionBed, token: string): string {
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
