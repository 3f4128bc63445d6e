import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { prepareWorkspace } from '../../sandbox/workflow/prepare-workspace.ts'
import { runWorkflow } from '../../sandbox/workflow/run-workflow.ts'
import { LOGIN_JOB, PUBLIC, startLoginCloud, VPC } from '../support/cloud/login-cloud.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { testTools } from '../tools.ts'
import { type ActionOutcome, type ActionRun, runAction } from './support/run-action.ts'
import { runnerCancel } from './support/runner-cancel.ts'
import { forms, readDisk, shownBy } from './support/secret-places.ts'
import { recordSecrets, type SecretRecorder } from './support/secret-recorder.ts'

const CLIENT = resolve(import.meta.dirname, '..', 'support', 'registry', 'registry-client.ts')
const PUSH = ['cr:PullRepository', 'cr:PushRepository']
/** A login of the user that has nothing to do with us, and a helper for another registry. */
const BEFORE = {
  auths: { 'registry.example.com': { auth: Buffer.from('somebody:before').toString('base64') } },
  credHelpers: { 'gcr.io': 'gcloud' },
  currentContext: 'builders',
}
const LATER = { auth: Buffer.from('somebody:later').toString('base64') }

let at: Awaited<ReturnType<typeof startLoginCloud>>
let recorder: SecretRecorder
let folder: string
let endpoints: string
before(async () => {
  at = await startLoginCloud()
  at.allow(PUSH, '*')
  recorder = await recordSecrets(at.cloud.endpoints.sts)
  endpoints = JSON.stringify({ sts: recorder.origin, cr: recorder.origin, registry: at.registry.url })
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-login-action-'))
})
after(async () => {
  await recorder[Symbol.asyncDispose]()
  await at[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Passwords, keys and tokens that the cloud issued, in every form in which they may be written. */
function issued(): readonly string[] {
  const secrets = [...recorder.secrets.values()].flatMap((all) => [...all])
  const logins = [...(recorder.secrets.get('registry token') ?? [])].map((password) => {
    return Buffer.from(`cr_temp_user:${password}`).toString('base64')
  })
  assert.ok(logins.length > 0)
  return [...secrets.flatMap(forms), ...logins]
}

function refuseSecrets(places: Readonly<Record<string, string>>): void {
  for (const [place, text] of Object.entries(places)) {
    for (const secret of issued()) assert.ok(!text.includes(secret), `a secret in ${place}`)
  }
}

test('P6 a workflow logs in, pushes and pulls without a password; the post steps remove exactly its own logins', async () => {
  const scratch = join(folder, 'act')
  const workspace = join(folder, 'shop')
  const docker = join(scratch, 'home', '.docker')
  await mkdir(docker, { recursive: true })
  await writeFile(join(docker, 'config.json'), JSON.stringify(BEFORE))
  await prepareWorkspace(workspace, userFiles(), LOGIN_JOB.repository)
  const { act } = await testTools('act')
  const record = await runWorkflow(
    {
      act,
      workspace,
      workflow: 'build.yml',
      event: 'push',
      scratch,
      variables: { ENDPOINTS: endpoints, REGISTRY: at.registry.url, CLIENT, FLAGS: folder },
      idToken: at.cloud.githubRunner(LOGIN_JOB),
    },
    AbortSignal.timeout(240_000),
  )
  const log = record.log.join('\n')
  assert.ok(record.succeeded, log)
  const said = record.log.flatMap((line) => /RESULT (.*)/.exec(line)?.[1] ?? [])
  assert.deepEqual(
    said.filter((line) => !line.startsWith('at once')),
    [
      'build: push team/app:built 201',
      'build: pull team/app:built 200 pushed by build',
      'build: push team-a/app:stolen 401',
      'build: other keys kept',
      `build: domains ["${PUBLIC}","${VPC}"] username cr_temp_user`,
      'build: isolated pull team-a/app:1 200 content of team-a/app',
      'build: isolated push team/app:no 401',
      'build: min-life failure',
    ],
  )
  assert.deepEqual(
    said.filter((line) => line.startsWith('at once')),
    ['at once: pull team-b/app:1 200 content of team-b/app', 'at once: pull team/app:1 401'],
  )
  assert.match(log, /LOGIN_TOO_SHORT/)
  assert.match(
    record.summary,
    /\| `cri-\w+` \| `demo-registry\.cn-hangzhou\.cr\.aliyuncs\.com` \| `team\/app` \| pull, push \|/,
  )
  assert.equal(record.outputs.username, 'cr_temp_user')
  assert.ok(Date.parse(record.outputs['expires-at'] ?? '') > Date.now())

  // The login that somebody else made later stays, with all that was there before.
  const left = JSON.parse(await readFile(join(docker, 'config.json'), 'utf8'))
  assert.deepEqual(left, { ...BEFORE, auths: { ...BEFORE.auths, [VPC]: LATER } })
  assert.deepEqual(
    (await readdir(docker)).filter((name) => /acr-nopass/.test(name)),
    [],
  )
  refuseSecrets({ log, summary: record.summary, outputs: JSON.stringify(record.outputs) })
  refuseSecrets({ 'files of the run': await readDisk(scratch), workspace: await readDisk(workspace) })
})

const expression = (text: string): string => `\${{ ${text} }}`

const job = (name: string, steps: readonly object[]) => ({
  'runs-on': 'ubuntu-latest',
  env: {
    JOB: name,
    REGISTRY: expression('vars.REGISTRY'),
    CLIENT: expression('vars.CLIENT'),
    FLAGS: expression('vars.FLAGS'),
  },
  steps: [{ uses: 'actions/checkout@v5' }, ...steps],
})

function userFiles(): Readonly<Record<string, string>> {
  const login = (more: object) => ({
    uses: './',
    with: { mode: 'login', ...at.role, endpoints: expression('vars.ENDPOINTS'), ...more },
  })
  const byId = { registry: at.instance, region: 'cn-hangzhou' }
  const run = (command: string) => ({ run: command })
  const workflow = {
    name: 'build',
    on: 'push',
    permissions: { contents: 'read', 'id-token': 'write' },
    jobs: {
      build: job('build', [
        { id: 'acr', ...login({ ...byId, repositories: 'team/app', push: 'true' }) },
        // Both jobs are logged in before one of them goes on.
        run('touch "$FLAGS/build"; until [ -e "$FLAGS/other" ]; do sleep 0.1; done'),
        run('node ci/docker.mjs push team/app built "pushed by build"'),
        run('node ci/docker.mjs pull team/app built'),
        run('node ci/docker.mjs push team-a/app stolen x'),
        run('node ci/docker.mjs keys'),
        run(
          `echo 'RESULT build: domains ${expression('steps.acr.outputs.domains')} username ${expression('steps.acr.outputs.username')}'`,
        ),
        login({ config: 'isolated', 'values-files': 'values.yaml', registries: 'team-a' }),
        run('JOB="build: isolated" node ci/docker.mjs pull team-a/app 1'),
        run('JOB="build: isolated" node ci/docker.mjs push team/app no x'),
        { id: 'short', 'continue-on-error': true, ...login({ ...byId, repositories: 'team/app', 'min-life': '24h' }) },
        run(`echo "RESULT build: min-life ${expression('steps.short.outcome')}"`),
        run('node ci/docker.mjs later'),
      ]),
      other: job('at once', [
        login({ ...byId, repositories: 'team-b/app', config: 'isolated' }),
        run('touch "$FLAGS/other"; until [ -e "$FLAGS/build" ]; do sleep 0.1; done'),
        run('node ci/docker.mjs pull team-b/app 1'),
        run('node ci/docker.mjs pull team/app 1'),
      ]),
    },
  }
  const entry = (name: string) => ({
    name,
    edition: 'enterprise',
    ...{ instanceId: at.instance, region: 'cn-hangzhou' },
    repositories: [`${name}/app`],
  })
  return {
    '.github/workflows/build.yml': stringify(workflow),
    'values.yaml': stringify({ registries: [entry('team-a')], identity: { type: 'rrsa' } }),
    'ci/docker.mjs': DOCKER,
  }
}

/** A client that uses the login of Docker's configuration as `docker` does. */
const DOCKER = `
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
const { registryClient } = await import(process.env.CLIENT)
const [what, repository, tag, content] = process.argv.slice(2)
const file = join(process.env.DOCKER_CONFIG ?? join(process.env.HOME, '.docker'), 'config.json')
const config = JSON.parse(readFileSync(file, 'utf8'))
const say = (text) => console.log('RESULT ' + process.env.JOB.replace(/:? *$/, '') + (process.env.JOB.includes(':') ? ' ' : ': ') + text)
const [username, password] = Buffer.from(config.auths['${PUBLIC}'].auth, 'base64').toString().split(':')
const client = registryClient(process.env.REGISTRY, { username, password })
if (what === 'push') say('push ' + repository + ':' + tag + ' ' + (await client.push(repository, tag, content)))
if (what === 'pull') {
  const { status, content } = await client.pull(repository, tag)
  say('pull ' + repository + ':' + tag + ' ' + status + ' ' + content)
}
if (what === 'keys') {
  const kept = config.auths['registry.example.com'] && config.credHelpers['gcr.io'] && config.currentContext
  say(kept ? 'other keys kept' : 'other keys lost')
}
if (what === 'later') {
  const own = join(process.env.HOME, '.docker', 'config.json')
  const now = JSON.parse(readFileSync(own, 'utf8'))
  now.auths['${VPC}'] = ${JSON.stringify(LATER)}
  writeFileSync(own, JSON.stringify(now))
}
`

/** Runs a stage of the action for one job, as the runner does. */
async function stage(run: Partial<ActionRun> & { readonly temp?: string }): Promise<ActionOutcome> {
  const { requestUrl, requestToken } = at.cloud.githubRunner(LOGIN_JOB)
  const inputs = {
    mode: 'login',
    registry: at.instance,
    region: 'cn-hangzhou',
    repositories: 'team/app',
    push: 'true',
    endpoints,
    ...at.role,
    ...run.inputs,
  }
  const env = { ACTIONS_ID_TOKEN_REQUEST_URL: requestUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken, ...run.env }
  return runAction({ ...run, inputs, env })
}

const configOf = (temp: string): Promise<string> =>
  readFile(join(temp, '.docker', 'config.json'), 'utf8').catch(() => '')
const authsOf = async (temp: string): Promise<readonly string[]> =>
  Object.keys(JSON.parse((await configOf(temp)) || '{"auths":{}}').auths)

test('an expired login is refused by the registry, and the post step still removes it', async () => {
  const main = await stage({})
  assert.equal(main.code, 0, main.stdout)
  assert.deepEqual((await authsOf(main.temp)).toSorted(), [PUBLIC, VPC].toSorted())
  const { auths } = JSON.parse(await configOf(main.temp))
  const [username = '', password = ''] = Buffer.from(auths[PUBLIC].auth, 'base64').toString().split(':')
  const client = registryClient(at.registry.url, { username, password })
  assert.equal(await client.push('team/app', 'in-time', 'x'), 201)
  at.cloud.control.expireTokens()
  assert.equal(await client.push('team/app', 'too-late', 'x'), 401)
  const post = await stage({ stage: 'post', state: main.state, temp: main.temp })
  assert.deepEqual([post.code, post.annotations, await authsOf(main.temp)], [0, [], []])
  assert.match(post.stdout, new RegExp(`${PUBLIC}: logged out`))
  refuseSecrets({ ...shownBy('main', main), ...shownBy('post', post), files: await readDisk(main.temp) })
  assert.ok(main.masks.includes(password) && main.masks.includes(auths[PUBLIC].auth))
})

test('after an isolated login the post steps of earlier steps have the configuration of the user again', async () => {
  for (const own of [undefined, '/home/runner/own']) {
    const env = own === undefined ? {} : { DOCKER_CONFIG: join(folder, own) }
    const main = await stage({ inputs: { config: 'isolated' }, env })
    assert.equal(main.code, 0, main.stdout)
    const isolated = main.exported.DOCKER_CONFIG ?? ''
    assert.deepEqual(
      Object.keys(JSON.parse(await readFile(join(isolated, 'config.json'), 'utf8')).auths).toSorted(),
      [PUBLIC, VPC].toSorted(),
    )
    assert.equal(await configOf(main.temp), '')
    const later = { DOCKER_CONFIG: isolated }
    const post = await stage({ stage: 'post', state: main.state, temp: main.temp, env: later })
    assert.deepEqual([post.code, post.annotations, post.exported.DOCKER_CONFIG], [0, [], env.DOCKER_CONFIG ?? ''])
    await assert.rejects(readdir(isolated), { code: 'ENOENT' })
  }
})

test('a post step without a main step does nothing', async () => {
  const post = await stage({ stage: 'post' })
  assert.deepEqual([post.code, post.annotations, await configOf(post.temp)], [0, [], ''])
})

test('P10 a job that is cancelled in the middle leaves no login: while the cloud is asked, and after it is killed', async () => {
  at.cloud.faults.add({ kind: 'slow', ms: 8000, match: { action: 'GetAuthorizationToken' } })
  const asked = async (): Promise<void> => {
    const from = at.cloud.calls.length
    while (!at.cloud.calls.slice(from).some(({ action }) => action === 'AssumeRoleWithOIDC')) await sleep(20)
  }
  const cancelled = await stage({ onStart: runnerCancel(200, asked) })
  at.cloud.faults.clear()
  assert.equal(cancelled.code, 1, cancelled.stdout)
  assert.match(cancelled.stdout, /INTERRUPTED/)
  const afterwards = await stage({ stage: 'post', state: cancelled.state, temp: cancelled.temp })
  assert.deepEqual([afterwards.code, afterwards.annotations, await authsOf(cancelled.temp)], [0, [], []])

  // Killed as soon as the login is in the configuration, before the main step can report anything.
  const killed = await stage({
    onStart: (child) => {
      child.stdout?.on('data', (chunk: Buffer) => void (/logged in to/.test(String(chunk)) && child.kill('SIGKILL')))
    },
  })
  assert.ok(killed.state.login, 'the receipt was saved before the login was written')
  const post = await stage({ stage: 'post', state: killed.state, temp: killed.temp })
  assert.deepEqual([post.code, post.annotations, await authsOf(killed.temp)], [0, [], []])
})

test('a credential helper of the configuration gets the login, sees nothing of the runner, and is asked to erase it', async () => {
  const temp = await mkdtemp(join(folder, 'helper-'))
  const store = join(temp, 'store')
  await mkdir(join(temp, 'bin'))
  await mkdir(store)
  await mkdir(join(temp, '.docker'))
  await writeFile(join(temp, 'bin', 'docker-credential-keychain'), HELPER, { mode: 0o755 })
  const own = { credHelpers: { [PUBLIC]: 'keychain' }, auths: BEFORE.auths }
  await writeFile(join(temp, '.docker', 'config.json'), JSON.stringify(own))
  const env = { PATH: `${join(temp, 'bin')}:${process.env.PATH}`, STORE: store }
  const main = await stage({ temp, env, inputs: { network: 'public' } })
  assert.equal(main.code, 0, main.stdout)
  assert.deepEqual(JSON.parse(await configOf(temp)), own)
  const { Username, Secret } = JSON.parse(await readFile(join(store, PUBLIC), 'utf8'))
  const client = registryClient(at.registry.url, { username: Username, password: Secret })
  assert.equal(await client.push('team/app', 'by-helper', 'x'), 201)
  assert.equal(await readFile(join(store, 'runner'), 'utf8'), '')
  const post = await stage({ stage: 'post', state: main.state, temp, env })
  assert.deepEqual([post.code, post.annotations], [0, []])
  assert.deepEqual([await readdir(store), JSON.parse(await configOf(temp))], [['runner'], own])
  refuseSecrets({ ...shownBy('main', main), ...shownBy('post', post), files: await readDisk(temp) })
})

/** A helper by Docker's protocol: keeps a login in a file, and notes the runner's variables. */
const HELPER = `#!/bin/sh
env | grep -E '^(ACTIONS|INPUT)_' | cut -d= -f1 >> "$STORE/runner"
case "$1" in
  store)
    read -r line
    host=$(printf %s "$line" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')
    printf %s "$line" > "$STORE/$host" ;;
  get)
    read -r host
    cat "$STORE/$host" 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
  erase)
    read -r host
    rm -f "$STORE/$host" ;;
esac
`

test('a login that the configuration cannot take fails the step with its fix, and changes nothing', async () => {
  const temp = await mkdtemp(join(folder, 'taken-'))
  const own = { auths: { [PUBLIC]: LATER } }
  await mkdir(join(temp, '.docker'))
  await writeFile(join(temp, '.docker', 'config.json'), JSON.stringify(own))
  const main = await stage({ temp })
  assert.equal(main.code, 1)
  assert.equal(main.annotations[0]?.title, 'DOCKER_LOGIN_EXISTS')
  assert.match(main.annotations[0]?.message ?? '', /Fix: .*`config: isolated`/)
  assert.deepEqual(JSON.parse(await configOf(temp)), own)
  const post = await stage({ stage: 'post', state: main.state, temp })
  assert.deepEqual([post.code, JSON.parse(await configOf(temp))], [0, own])
  refuseSecrets({ ...shownBy('main', main), ...shownBy('post', post) })
})
