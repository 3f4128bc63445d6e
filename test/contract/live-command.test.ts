import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, afterEach, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Cloud, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { objectsOf } from '../../scripts/live/names.ts'
import { createRamObjects } from '../../scripts/live/ram-objects.ts'
import { parseEvidence } from '../../scripts/live/read-evidence.ts'
import { eventually } from '../support/eventually.ts'
import { clientOf, fixed } from './acr-cloud-client.ts'
import { INSTANCE, liveSeed, USER } from './live-bench.ts'

const MAIN = fileURLToPath(new URL('../../scripts/live.ts', import.meta.url))
const ARGUMENTS = ['--region', 'cn-hangzhou', '--instance', INSTANCE, '--repository', 'team/app']

let cloud: Cloud
const children: ChildProcess[] = []
const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-live-command-'))
const records = join(folder, 'records')
before(async () => {
  cloud = await startCloud({ seed: await liveSeed({}) })
})
afterEach(() => cloud.faults.clear())
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await cloud.stop()
  rmSync(folder, { recursive: true })
})

function start(args: readonly string[], env: Record<string, string> = credentials()): ChildProcess {
  const { ram, sts, cr, cs, imds } = cloud.endpoints
  // No registry listens there, so pulls are not answered.
  const endpoints = JSON.stringify({ ram, sts, cr, cs, imds, registry: 'http://127.0.0.1:1' })
  const all = ['--disable-warning=ExperimentalWarning', MAIN, '--endpoints', endpoints, '--records', records, ...args]
  const child = spawn(process.execPath, all, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  return child
}

async function finish(child: ChildProcess) {
  assert.ok(child.stdout && child.stderr)
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, stdout, stderr, all: stdout + stderr }
}

const run = (args: readonly string[], env?: Record<string, string>) => finish(start(args, env))

function credentials(user = USER): Record<string, string> {
  const { accessKeyId, accessKeySecret } = cloud.accessKeyOf(user)
  return { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
}

/** Names of a run's objects that exist in RAM. */
async function inRam(id: string): Promise<readonly string[]> {
  const objects = createRamObjects({ ...clientOf(cloud), caller: fixed(cloud.administrator) })
  const found: string[] = []
  for (const { kind, name } of objectsOf(id, false)) {
    if ((await objects.describe(kind, name)) !== undefined) found.push(name)
  }
  return found
}

const recorded = (): readonly string[] => (existsSync(records) ? readdirSync(records) : [])

/** Starts the program, and stops it while a call of this action does not return. */
async function interrupt(
  signal: 'SIGINT' | 'SIGKILL',
  args: readonly string[] = [...ARGUMENTS, '--yes', '--out', join(folder, 'never.json')],
  action = 'ListInstanceEndpoint',
) {
  cloud.faults.add({ kind: 'hang', match: { action } })
  const calls = cloud.calls.length
  const child = start(args)
  const ended = finish(child)
  await eventually(() => assert.ok(cloud.calls.slice(calls).some(({ code }) => code === 'fault:hang')), 60_000)
  cloud.faults.clear()
  child.kill(signal)
  const result = await ended
  const [, id = ''] = /^run +([0-9a-f]{16})$/m.exec(result.stdout) ?? []
  return { ...result, id }
}

test('--dry-run prints every creation, its removal and the needed policy, and calls nothing', async () => {
  const calls = cloud.calls.length
  const { code, stdout } = await run([...ARGUMENTS, '--dry-run', '--stopped-instance', 'cri-s0t0p0p0e0d00001'], {})
  const [, id = ''] = /^run +([0-9a-f]{16})$/m.exec(stdout) ?? []
  assert.equal(code, 0)
  for (const { name } of objectsOf(id, false)) assert.ok(stdout.includes(` ${name} `), name)
  assert.ok(stdout.includes(`npm run live -- --clean-up ${id}`))
  const policy = JSON.parse(stdout.slice(stdout.indexOf('{')))
  assert.deepEqual(policy.Statement.at(-1).Action, ['cr:GetAuthorizationToken'])
  assert.deepEqual([cloud.calls.length, recorded()], [calls, []])
})

test('without a terminal nothing is created unless --yes is given', async () => {
  const calls = cloud.calls.length
  const { code, stderr } = await run(ARGUMENTS)
  assert.deepEqual([code, stderr.split('\n')[0]], [1, 'LIVE_NOT_CONFIRMED: there is no terminal to ask'])
  assert.equal(cloud.calls.length, calls)
})

test('a wrong argument exits with 2, and --help with 0', async () => {
  const { code, stderr } = await run(ARGUMENTS.slice(2))
  assert.deepEqual([code, stderr.split('\n')[0]], [2, 'LIVE_ARGUMENTS: --region is missing'])
  assert.equal((await run(['--help'], {})).code, 0)
})

test('a stopped instance is refused before anything is created', async () => {
  const stopped = [...ARGUMENTS, '--instance', 'cri-s0t0p0p0e0d00001', '--yes', '--out', join(folder, 'never.json')]
  const { code, stderr } = await run(stopped)
  assert.equal(code, 1)
  assert.ok(stderr.startsWith('LIVE_CALLER: the instance cri-s0t0p0p0e0d00001 is STOPPED, not RUNNING'), stderr)
  assert.deepEqual(recorded(), [])
})

test('a whole run answers, removes what it created, and writes a file that is no evidence, because the cloud is emulated', async () => {
  cloud.control.read({ ignoresCase: true, notResource: true })
  const out = join(folder, 'evidence', 'live.json')
  const { code, all, stdout } = await run([...ARGUMENTS, '--yes', '--out', out])
  assert.equal(code, 0, all)
  const evidence = parseEvidence(readFileSync(out, 'utf8'), out)
  assert.equal(evidence.cloud, 'emulator')
  assert.equal(evidence.answers.TOKEN_EXPIRES_IN_HOURS.answer, 'yes')
  assert.match(stdout, /Does `GetAuthorizationToken` honour `ExpiresInHours`\?\n {2}yes: a token of 3 hours/)
  assert.deepEqual([await inRam(evidence.run), recorded()], [[], []])
  for (const secret of Object.values(credentials())) assert.equal(all.includes(secret), false)
})

test('Ctrl-C removes everything, exits with 130 and writes no answers', async () => {
  const { code, stderr, id } = await interrupt('SIGINT')
  assert.equal(code, 130)
  assert.match(stderr, /^Interrupted\. Everything that this run created was removed; no answers were written\.$/m)
  assert.deepEqual([await inRam(id), recorded(), existsSync(join(folder, 'never.json'))], [[], [], false])
})

test('after a crash --clean-up removes what the run recorded, by its ID or its file, and nothing else', async () => {
  for (const name of ['id', 'file', 'id without the file']) {
    const { code, id } = await interrupt('SIGKILL')
    const file = join(records, `${id}.json`)
    assert.equal(code, null)
    assert.ok((await inRam(id)).length >= 2, name)
    if (name === 'id without the file') rmSync(file)
    const { code: done, all } = await run(['--clean-up', name === 'file' ? file : id])
    assert.equal(done, 0, all)
    assert.deepEqual([await inRam(id), recorded()], [[], []], name)
  }
})

test('--clean-up that is interrupted keeps the record, does not say that anything was removed, and can be repeated', async () => {
  const { id } = await interrupt('SIGKILL')
  const { code, all } = await interrupt('SIGINT', ['--clean-up', id], 'GetCallerIdentity')
  assert.deepEqual([code, all, recorded()], [null, '', [`${id}.json`]])
  assert.equal((await run(['--clean-up', id])).code, 0)
  assert.deepEqual([await inRam(id), recorded()], [[], []])
})

test('a record of another account, a record that names anything else, and no record are refused', async () => {
  const { id } = await interrupt('SIGKILL')
  const file = join(records, `${id}.json`)
  const record = JSON.parse(readFileSync(file, 'utf8'))
  const refusal = async (content: object): Promise<string> => {
    const other = join(folder, 'other.json')
    writeFileSync(other, JSON.stringify(content))
    const { code, stderr } = await run(['--clean-up', other])
    assert.equal(code, 1)
    return stderr.split(':')[0] ?? ''
  }
  assert.equal(await refusal({ ...record, accountId: '1' }), 'LIVE_RECORD')
  const objects = [...record.objects, { kind: 'role', name: 'acr-nopass-deploy', state: 'created' }]
  assert.equal(await refusal({ ...record, objects }), 'LIVE_RECORD')
  assert.equal(await refusal({ run: id }), 'LIVE_RECORD')
  assert.equal((await run(['--clean-up', 'nothing'])).code, 1)
  assert.ok((await inRam(id)).length >= 2)
})
