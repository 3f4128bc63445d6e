import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import type { LoginRecord } from '../../src/node/provider/login-record.ts'
import { runBin } from '../cli/run-bin.ts'
import { eventually } from '../support/eventually.ts'
import {
  DOMAIN,
  openProviderBench,
  type ProviderBench,
  type ProviderRun,
  requestOf,
  runProgram,
} from '../support/node/provider-bench.ts'
import { WORKER_ROLE } from '../support/registry/private-registry.ts'

// The program as its own process, as a kubelet starts it, against the emulated cloud.

let bench: ProviderBench
before(async () => {
  bench = await openProviderBench()
  allowWorker()
})
after(() => bench[Symbol.asyncDispose]())
afterEach(() => {
  bench.cloud.faults.clear()
  bench.cloud.control.setClockSkew(0)
  allowWorker()
})

const PULL = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
const allowWorker = (Action: readonly string[] = PULL): void =>
  bench.cloud.control.grant(WORKER_ROLE, 'pull', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }],
  })

const APP = { image: `${DOMAIN}/team/app` }
const WORKER = { identity: 'worker-role' }
const EMPTY = { cacheKeyType: 'Image', cacheDuration: '0s', auth: {} }

interface Response {
  readonly cacheKeyType: string
  readonly cacheDuration: string
  readonly auth: Readonly<Record<string, { readonly username: string; readonly password: string }>>
}

function responseOf({ code, stdout, stderr }: ProviderRun): Response {
  assert.deepEqual([code, stderr], [0, ''])
  const { apiVersion, kind, ...rest } = JSON.parse(stdout)
  assert.deepEqual([apiVersion, kind], ['credentialprovider.kubelet.k8s.io/v1', 'CredentialProviderResponse'])
  return rest
}

const passwordOf = (run: ProviderRun): string | undefined => responseOf(run).auth[DOMAIN]?.password
const secondsOf = (run: ProviderRun): number => Number.parseInt(responseOf(run).cacheDuration, 10)

/** The error that a kubelet shows: one line with a code and a fix. */
function refusalOf({ code, stdout, stderr }: ProviderRun): string {
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /^[A-Z_]+: [^\n]+; fix: [^\n]+$/)
  return stderr.split(':')[0] ?? ''
}

/** Counts the cloud's API calls of some work. */
async function callsOf<T>(work: () => Promise<T>): Promise<readonly [T, Record<string, number>]> {
  const before = bench.cloud.calls.length
  const result = await work()
  const names = bench.cloud.calls.slice(before).filter(({ product }) => product !== 'imds')
  const counts: Record<string, number> = {}
  for (const { action } of names) counts[action] = (counts[action] ?? 0) + 1
  return [result, counts]
}

/** Changes the only record of a node's store. */
async function changeRecord(cache: string, change: (record: LoginRecord) => LoginRecord): Promise<void> {
  const [name = ''] = (await readdir(cache)).filter((one) => one.endsWith('.json'))
  const file = join(cache, name)
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')))))
}

/** Changes a node's store so that the cloud's clock is hours later. */
const passHours = (cache: string, hours: number): Promise<void> =>
  changeRecord(cache, ({ login, ...rest }) => {
    assert.ok(login)
    return { ...rest, login: { ...login, cloudAhead: login.cloudAhead + hours * 3_600_000 } }
  })

/** The repositories of the demo instance that a login may pull, as its registry decides. */
async function pullable({ auth }: Response): Promise<readonly string[]> {
  const { username, password } = auth[DOMAIN] ?? { username: '', password: '' }
  const { realm, service } = bench.cloud.registryAuth
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const granted = await Promise.all(
    ['base/os', 'team-a/app', 'team-b/app'].map(async (repository) => {
      const url = `${realm}?${new URLSearchParams({ service, scope: `repository:${repository}:pull` })}`
      const { token } = (await (await fetch(url, { headers: { authorization } })).json()) as { token: string }
      const { access } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
      return access?.some(({ actions }: { actions: string[] }) => actions.includes('pull')) ? [repository] : []
    }),
  )
  return granted.flat()
}

test('a node gets a login with its own role, keeps it for the next Pod, and says until when the kubelet may keep it', async () => {
  const { args } = await bench.node(WORKER)
  const [first, calls] = await callsOf(() => bench.run(args, APP))
  const response = responseOf(first)
  assert.deepEqual(Object.keys(response.auth), [DOMAIN])
  assert.deepEqual(calls, { GetAuthorizationToken: 1, ListInstanceEndpoint: 1 })
  assert.equal(response.cacheKeyType, 'Registry')
  // Tokens live an hour and are replaced after 60 to 70 % of it.
  assert.ok(secondsOf(first) > 2000 && secondsOf(first) < 2600, response.cacheDuration)
  const [second, more] = await callsOf(() => bench.run(args, { image: `${DOMAIN}/platform/tools` }))
  assert.deepEqual([passwordOf(second), more], [passwordOf(first), {}])
})

test('only root can read the logins of a node, and its configuration holds none', async () => {
  const { args, cache } = await bench.node(WORKER)
  const password = passwordOf(await bench.run(args, APP)) ?? ''
  assert.equal((await stat(cache)).mode & 0o777, 0o700)
  const files = await readdir(cache)
  assert.equal(files.length, 1)
  assert.equal((await stat(join(cache, files[0] ?? ''))).mode & 0o777, 0o600)
  assert.ok(password.length > 20)
  assert.ok(!(await readFile(args[2] ?? '', 'utf8')).includes(password))
})

test('a folder that others may read keeps no login', async () => {
  const { args, cache } = await bench.node(WORKER)
  await bench.run(args, APP)
  await chmod(cache, 0o755)
  const [run, calls] = await callsOf(() => bench.run(args, APP))
  assert.ok(passwordOf(run))
  assert.equal(calls.GetAuthorizationToken, 1)
  assert.equal((await readdir(cache)).length, 1)
})

test('fifty pulls at once make one call to the cloud', async () => {
  const { args } = await bench.node(WORKER)
  const [runs, calls] = await callsOf(() => Promise.all(Array.from({ length: 50 }, () => bench.run(args, APP))))
  assert.equal(new Set(runs.map(passwordOf)).size, 1)
  assert.deepEqual(calls, { GetAuthorizationToken: 1, ListInstanceEndpoint: 1 })
})

test('pulls that waited for a call share its failure', async () => {
  const { args } = await bench.node(WORKER)
  bench.cloud.faults.add({ kind: 'slow', ms: 3000, match: { action: 'GetAuthorizationToken' } })
  allowWorker(['cr:ListInstanceEndpoint'])
  const [runs, calls] = await callsOf(() => Promise.all(Array.from({ length: 5 }, () => bench.run(args, APP))))
  assert.deepEqual([...new Set(runs.map(refusalOf))], ['CLOUD_DENIED'])
  assert.deepEqual(calls, { GetAuthorizationToken: 1 })
})

test('an image that no entry claims gets the empty response, without a call', async () => {
  const { args } = await bench.node(WORKER)
  const foreign = { image: 'other-registry.cn-beijing.cr.aliyuncs.com/team/app' }
  const [run, calls] = await callsOf(() => bench.run(args, foreign))
  assert.deepEqual([responseOf(run), calls], [EMPTY, {}])
})

test('an image of another instance in the same region gets the empty response, and the login of no instance', async () => {
  const { args } = await bench.node(WORKER)
  const foreign = { image: 'other-registry.cn-hangzhou.cr.aliyuncs.com/team/app' }
  assert.deepEqual(responseOf(await bench.run(args, foreign)), EMPTY)
  const [again, calls] = await callsOf(() => bench.run(args, foreign))
  assert.deepEqual([responseOf(again), calls], [EMPTY, {}])
})

/** Far below the minute that a kubelet waits; a busy machine adds seconds to the three. */
const isInTime = ({ milliseconds }: ProviderRun): boolean => milliseconds > 2000 && milliseconds < 20_000

test('a cloud that does not respond delays a Pod by three seconds: without a login, and with the last one', async () => {
  const { args, cache } = await bench.node(WORKER)
  const hang = { kind: 'hang', times: 99, match: { action: 'GetAuthorizationToken' } } as const
  bench.cloud.faults.add(hang)
  const none = await bench.runInTime(args, APP)
  assert.equal(refusalOf(none), 'NODE_TIMEOUT')
  assert.ok(isInTime(none), `${none.milliseconds} ms`)
  bench.cloud.faults.clear()
  const password = passwordOf(await bench.run(args, APP))
  await passHours(cache, 30)
  bench.cloud.faults.add(hang)
  const last = await bench.runInTime(args, APP)
  assert.deepEqual([passwordOf(last), secondsOf(last)], [password, 0])
  assert.ok(isInTime(last), `${last.milliseconds} ms`)
  // For the next seconds, the last login is used at once.
  const [next, calls] = await callsOf(() => bench.run(args, APP))
  assert.deepEqual([passwordOf(next), calls], [password, {}])
})

test('on a node so slow that the time is over when the program starts, the last login is returned, or the kubelet logs one line', async () => {
  const { args } = await bench.node(WORKER)
  const busy = 'const end = performance.now() + 3100; while (performance.now() < end);'
  const words = ['--import', `data:text/javascript,${encodeURIComponent(busy)}`, bench.program, ...args]
  const none = await runProgram(process.execPath, words, requestOf(APP))
  assert.match(none.stderr, /^NODE_TIMEOUT: [^\n]+; fix: [^\n]+$/)
  const password = passwordOf(await bench.run(args, APP))
  // A busy machine may not give the process its last 300 ms.
  await eventually(async () => {
    const last = await runProgram(process.execPath, words, requestOf(APP))
    assert.deepEqual([last.stderr, passwordOf(last)], ['', password])
  }, 60_000)
})

test('while the cloud is down, a login is used even after it has expired; after a refusal it is not', async () => {
  const { args, cache } = await bench.node(WORKER)
  const password = passwordOf(await bench.run(args, APP))
  await passHours(cache, 30)
  bench.cloud.faults.add({ kind: 'empty', times: 99, match: { product: 'cr' } })
  const down = await bench.run(args, APP)
  assert.deepEqual([passwordOf(down), secondsOf(down)], [password, 0])
  bench.cloud.faults.clear()
  await changeRecord(cache, ({ failure: _, ...rest }) => rest)
  allowWorker(['cr:ListInstanceEndpoint'])
  assert.equal(refusalOf(await bench.run(args, APP)), 'CLOUD_DENIED')
})

test('a login that is due is renewed, and one that cannot be renewed is used until it expires', async () => {
  const { args, cache } = await bench.node(WORKER)
  const first = passwordOf(await bench.run(args, APP))
  await passHours(cache, 0.8)
  allowWorker(['cr:ListInstanceEndpoint'])
  assert.equal(passwordOf(await bench.run(args, APP)), first)
  allowWorker()
  await changeRecord(cache, ({ failure: _, ...rest }) => rest)
  const renewed = passwordOf(await bench.run(args, APP))
  assert.notEqual(renewed, first)
  assert.equal(passwordOf(await bench.run(args, APP)), renewed)
})

test('after a restart of the machine the login is requested anew, whatever its clock says', async () => {
  const { args, cache } = await bench.node(WORKER)
  const first = passwordOf(await bench.run(args, APP))
  await changeRecord(cache, (record) => ({ ...record, boot: 'another boot' }))
  assert.notEqual(passwordOf(await bench.run(args, APP)), first)
})

test('with a clock that is two hours off, a node gets its login and the kubelet keeps it as long', async () => {
  for (const hours of [2, -2]) {
    bench.cloud.control.setClockSkew(hours * 3_600_000)
    const { args } = await bench.node(WORKER)
    const run = await bench.run(args, APP)
    assert.ok(secondsOf(run) > 2000 && secondsOf(run) < 2600, `${hours} hours: ${secondsOf(run)} s`)
    const [again, calls] = await callsOf(() => bench.run(args, APP))
    assert.deepEqual([passwordOf(again), calls], [passwordOf(run), {}])
  }
})

test('a killed process leaves no lock that anyone waits for', async () => {
  const { args, cache } = await bench.node(WORKER)
  bench.cloud.faults.add({ kind: 'hang', match: { action: 'GetAuthorizationToken' } })
  const child = spawn(process.execPath, [bench.program, ...args], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  child.stdin.end(
    `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"${APP.image}"}`,
  )
  await eventually(async () => assert.ok((await readdir(cache)).some((name) => name.endsWith('.lock'))))
  child.kill('SIGKILL')
  await ended
  bench.cloud.faults.clear()
  assert.ok(passwordOf(await bench.run(args, APP)))
  assert.deepEqual(
    (await readdir(cache)).filter((name) => name.includes('.lock')),
    [],
  )
})

test('a request that does not end, and a configuration that is missing, end with their own codes', async () => {
  const { args } = await bench.node(WORKER)
  assert.equal(
    refusalOf(await runProgram(process.execPath, [bench.program, ...args], undefined)),
    'NODE_REQUEST_INVALID',
  )
  assert.equal(refusalOf(await bench.run(args, 'no request')), 'NODE_REQUEST_INVALID')
  assert.equal(refusalOf(await bench.run(['credential-provider', '--config', '/nowhere'], APP)), 'NODE_CONFIG_INVALID')
  assert.equal(refusalOf(await bench.run(['credential-provider'], APP)), 'NODE_CONFIG_INVALID')
})

test('`acr-nopass credential-provider` shows the response of the program on the node without its password, and the same errors', async () => {
  const { args } = await bench.node(WORKER)
  const command = await runBin(args, { input: requestOf(APP) })
  const { auth } = JSON.parse(command.stdout) as Response
  const login = { username: 'cr_temp_user', password: '(redacted)' }
  assert.deepEqual([command.code, command.stderr, auth], [0, '', { [DOMAIN]: login }])
  const wrong = await runBin(args, { input: 'no request' })
  assert.deepEqual([wrong.code, wrong.stdout], [1, ''])
  assert.match(wrong.stderr, /^NODE_REQUEST_INVALID: [^\n]+; fix: [^\n]+\n$/)
})

const TEAMS = [
  { name: 'base', repositories: ['base/*'], limit: 'repositories' },
  { name: 'team-a', repositories: ['team-a/*'], limit: 'repositories', targets: { namespaces: { include: ['a-*'] } } },
  { name: 'team-b', repositories: ['team-b/*'], limit: 'repositories', targets: { namespaces: { include: ['b-*'] } } },
]

/** A request for a Pod of a ServiceAccount. */
function podRequest(image: string, [namespace = '', name = '']: readonly string[], role?: string, uid?: string) {
  const annotations = role === undefined ? {} : { serviceAccountAnnotations: { 'acr-nopass.io/role-arn': role } }
  return { image: `${DOMAIN}/${image}`, serviceAccountToken: bench.token(namespace, name, uid), ...annotations }
}

test('a ServiceAccount gets a login of its role, limited to the lists of its namespace, and none for the lists of others', async () => {
  const role = bench.trust('a-1', 'app')
  const { args } = await bench.node({}, TEAMS)
  const run = await bench.run(args, podRequest('team-a/app', ['a-1', 'app'], role))
  const response = responseOf(run)
  assert.deepEqual(await pullable(response), ['base/os', 'team-a/app'])
  assert.equal(response.cacheKeyType, 'Image')
  const [other, calls] = await callsOf(() => bench.run(args, podRequest('team-b/app', ['a-1', 'app'], role)))
  assert.deepEqual([responseOf(other), calls], [EMPTY, {}])
  // Auditors find the ServiceAccount in ActionTrail.
  const session = bench.cloud.calls.findLast(({ action }) => action === 'GetAuthorizationToken')?.principal ?? ''
  assert.match(session, /acr-nopass\.a-1\.app$/)
})

test('another ServiceAccount with the same annotation is refused by STS, and gets no login of the first', async () => {
  const role = bench.trust('a-1', 'app')
  const { args } = await bench.node({}, TEAMS)
  assert.ok(passwordOf(await bench.run(args, podRequest('team-a/app', ['a-1', 'app'], role))))
  const token = bench.token('a-1', 'other')
  const run = await bench.run(args, { ...podRequest('team-a/app', ['a-1', 'other'], role), serviceAccountToken: token })
  assert.match(refusalOf(run), /^(IDENTITY_NOT_TRUSTED|CLOUD_DENIED)$/)
  assert.ok(!run.stderr.includes(token.slice(0, 40)))
})

test('a ServiceAccount that was deleted and made again under its name gets a login of its own', async () => {
  const role = bench.trust('a-1', 'app')
  const { args } = await bench.node({}, TEAMS)
  const first = await bench.run(args, podRequest('team-a/app', ['a-1', 'app'], role, 'u1'))
  const [second, calls] = await callsOf(() => bench.run(args, podRequest('team-a/app', ['a-1', 'app'], role, 'u2')))
  assert.notEqual(passwordOf(second), passwordOf(first))
  assert.equal(calls.AssumeRoleWithOIDC, 1)
})

test('ten Pods each of two ServiceAccounts at once make one session and one login for each', async () => {
  const roles = { app: bench.trust('a-1', 'app'), web: bench.trust('a-1', 'web') }
  const { args } = await bench.node({}, TEAMS)
  const [runs, calls] = await callsOf(() =>
    Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const name = index % 2 === 0 ? 'app' : 'web'
        return bench.run(args, podRequest('team-a/app', ['a-1', name], roles[name]))
      }),
    ),
  )
  assert.equal(new Set(runs.map(passwordOf)).size, 2)
  assert.deepEqual(calls, { AssumeRoleWithOIDC: 2, GetAuthorizationToken: 2, ListInstanceEndpoint: 2 })
})

test('without a role that works a Pod gets nothing, or with a fallback the login of the node', async () => {
  const wrong = `acs:ram::${bench.cloud.accountId}:role/nobody`
  const strict = await bench.node({})
  assert.deepEqual(responseOf(await bench.run(strict.args, podRequest('team/app', ['shop', 'web']))), EMPTY)
  assert.deepEqual(responseOf(await bench.run(strict.args, APP)), EMPTY)
  refusalOf(await bench.run(strict.args, podRequest('team/app', ['shop', 'web'], wrong)))
  assert.equal(
    refusalOf(await bench.run(strict.args, podRequest('team/app', ['shop', 'web'], 'nobody'))),
    'NODE_ROLE_INVALID',
  )
  const lenient = await bench.node({ fallback: 'worker-role' })
  const node = passwordOf(await bench.run(lenient.args, APP))
  assert.ok(node)
  for (const role of [undefined, wrong, 'nobody']) {
    assert.equal(passwordOf(await bench.run(lenient.args, podRequest('team/app', ['shop', 'web'], role))), node, role)
  }
})

test('an STS that does not respond is no refusal: the role of the node does not step in', async () => {
  const role = bench.trust('shop', 'web')
  const { args } = await bench.node({ fallback: 'worker-role' })
  bench.cloud.faults.add({ kind: 'empty', times: 99, match: { product: 'Sts' } })
  const [run, calls] = await callsOf(() => bench.run(args, podRequest('team/app', ['shop', 'web'], role)))
  assert.match(refusalOf(run), /^(CLOUD_UNAVAILABLE|NODE_TIMEOUT)$/)
  assert.equal(calls.GetAuthorizationToken, undefined)
})
