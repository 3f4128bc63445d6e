import assert from 'node:assert/strict'
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { createProgress, silentProgress } from '../../../src/sandbox/progress.ts'
import { ensureTools } from '../../../src/sandbox/tools/ensure-tools.ts'
import type { Host } from '../../../src/sandbox/tools/host.ts'
import { TOOLS } from '../../../src/sandbox/tools/tool-table.ts'
import { eventually } from '../../support/eventually.ts'
import { type FakeMachine, makeFakeMachine } from './fake-go.ts'

const never = new AbortController().signal
let machine: FakeMachine
beforeEach(() => {
  machine = makeFakeMachine()
})
afterEach(() => machine.end())

const ensure = (host: Host = machine.host, signal = never) =>
  ensureTools(['etcd'], { progress: silentProgress, signal, host })

function installProgram(folder: string, name: string, answer: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\necho '${answer}'\n`)
  chmodSync(path, 0o755)
  return path
}

const pinned = () =>
  /go\.etcd\.io\/etcd\/server\/v3 v(\S+)/.exec(
    readFileSync(join(machine.host.toolsFolder, 'etcd/go.mod'), 'utf8'),
  )?.[1] ?? ''

test('a tool is built once; the second time it is just there', async () => {
  const first = await ensure()
  assert.ok(first.etcd.startsWith(join(machine.cache, 'tools', 'etcd')))
  assert.equal(readFileSync(first.etcd, 'utf8'), `#!/bin/sh\necho built ${TOOLS.etcd.package}\n`)
  assert.deepEqual(await ensure(), first)
  assert.deepEqual(machine.builds(), [`${TOOLS.etcd.package} GOTOOLCHAIN=local CGO_ENABLED=0`])
})

test('only the asked tools are answered, each once', async () => {
  const paths = await ensureTools(['runc', 'etcd', 'runc'], {
    progress: silentProgress,
    signal: never,
    host: machine.host,
  })
  assert.deepEqual(Object.keys(paths).sort(), ['etcd', 'runc'])
  assert.deepEqual(machine.builds(), [
    `${TOOLS.runc.package} GOTOOLCHAIN=local CGO_ENABLED=1`,
    `${TOOLS.etcd.package} GOTOOLCHAIN=local CGO_ENABLED=0`,
  ])
})

test('an older Go may fetch the toolchain that the module asks for', async () => {
  const old = makeFakeMachine('1.21.3')
  try {
    await ensure(old.host)
    assert.deepEqual(old.builds(), [`${TOOLS.etcd.package} GOTOOLCHAIN=auto CGO_ENABLED=0`])
  } finally {
    old.end()
  }
})

test('two runs at once build once: the second waits, says for whom, and finds the tool', async () => {
  machine.setMode('hang')
  const broken = new AbortController()
  const first = ensure(machine.host, broken.signal)
  await eventually(() => assert.ok(machine.isBuilding()))
  let said = ''
  const ticks = new Set<() => void>()
  const every = (_ms: number, tick: () => void) => {
    ticks.add(tick)
    return () => void ticks.delete(tick)
  }
  const progress = createProgress({ columns: 300, write: (text) => (said += text) }, { plain: false, every })
  const second = ensureTools(['etcd'], { progress, signal: never, host: machine.host })
  await eventually(() => {
    for (const tick of ticks) tick()
    assert.match(said, new RegExp(`waits for another run \\(process ${process.pid}, building etcd since`))
  })
  machine.setMode('ok')
  broken.abort()
  await assert.rejects(first)
  assert.equal(existsSync((await second).etcd), true)
  assert.equal(machine.builds().length, 2)
})

test('an interrupted build leaves nothing half-done, and the next run builds', async () => {
  machine.setMode('hang')
  const broken = new AbortController()
  const work = ensure(machine.host, broken.signal)
  await eventually(() => assert.ok(machine.isBuilding()))
  broken.abort()
  await assert.rejects(work, { name: 'AbortError' })
  assert.deepEqual(globSync('{tools,locks}/*/{*,.*}', { cwd: machine.cache }), [])
  machine.setMode('ok')
  assert.match(readFileSync((await ensure()).etcd, 'utf8'), /built/)
})

test('what a killed run left unfinished is never used, and cleared by the next build', async () => {
  const left = join(machine.cache, 'tools', 'etcd', '.unfinished-old')
  mkdirSync(left, { recursive: true })
  writeFileSync(join(left, 'etcd'), 'half')
  await ensure()
  assert.equal(existsSync(left), false)
})

test('a failed build tells its cause, leaves no lock, and its log holds everything', async () => {
  machine.setMode('fail go: x@v1: dial tcp 192.0.2.1:443: connect: connection refused')
  await assert.rejects(ensure(), { code: 'TOOL_DOWNLOAD_FAILED', message: /^etcd cannot be built: x@v1: dial tcp/ })
  const log = readFileSync(join(machine.cache, 'logs', 'tools', 'etcd.log'), 'utf8')
  assert.match(log, /^\$ go build -v [\s\S]*downloading example[\s\S]*connection refused/)
  machine.setMode('ok')
  await ensure()
})

test('without Go the error says how to get it; what is built already still works', async () => {
  const withoutGo = { ...machine.host, env: { ...machine.host.env, PATH: '/nowhere' } }
  await assert.rejects(ensure(withoutGo), { code: 'GO_MISSING', hint: /go\.dev\/dl/ })
  const { etcd } = await ensure()
  assert.equal((await ensure(withoutGo)).etcd, etcd)
})

test('a Go before 1.21 is refused', async () => {
  const old = makeFakeMachine('1.20.14')
  try {
    await assert.rejects(ensure(old.host), {
      code: 'GO_TOO_OLD',
      message: /is Go 1\.20\.14; the toolchain needs 1\.21/,
    })
  } finally {
    old.end()
  }
})

test('the folder ACR_NOPASS_TOOLS comes first, as it is', async () => {
  const folder = join(machine.cache, 'given')
  const path = installProgram(folder, 'etcd', 'any version')
  assert.equal((await ensure({ ...machine.host, env: { ...machine.host.env, ACR_NOPASS_TOOLS: folder } })).etcd, path)
  assert.deepEqual(machine.builds(), [])
})

for (const variable of ['KUBEBUILDER_ASSETS', 'PATH']) {
  test(`a program of the machine (${variable}) is used when its version is exactly ours`, async () => {
    const folder = join(machine.cache, 'installed')
    const value = variable === 'PATH' ? `${folder}:${machine.host.env.PATH}` : folder
    const host = { ...machine.host, env: { ...machine.host.env, [variable]: value } }
    const path = installProgram(folder, 'etcd', `etcd Version: ${pinned()}`)
    assert.equal((await ensure(host)).etcd, path)
    assert.deepEqual(machine.builds(), [])
    installProgram(folder, 'etcd', 'etcd Version: 0.0.1')
    assert.notEqual((await ensure(host)).etcd, path)
    assert.equal(machine.builds().length, 1)
  })
}

test('parts of a node are refused on another system than Linux, before anything is built', async () => {
  const host = { ...machine.host, platform: 'darwin', env: { ...machine.host.env } }
  const work = ensureTools(['etcd', 'containerd'], { progress: silentProgress, signal: never, host })
  await assert.rejects(work, {
    code: 'TOOL_NOT_HERE',
    message: /containerd runs on Linux only; this machine is darwin/,
  })
  assert.deepEqual(machine.builds(), [])
})

test('a missing C compiler is told before anything is built, and only when something needs it', async () => {
  machine.setCompiler('no-such-cc -m64')
  const both = ensureTools(['etcd', 'runc'], { progress: silentProgress, signal: never, host: machine.host })
  await assert.rejects(both, { code: 'NO_C_COMPILER', message: 'the C compiler no-such-cc is not on PATH' })
  assert.deepEqual(machine.builds(), [])
  await ensure()
})
