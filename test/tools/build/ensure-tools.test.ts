import assert from 'node:assert/strict'
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ensureTools } from '../../../tools/build/ensure-tools.ts'
import { findGo } from '../../../tools/build/go-program.ts'
import { TOOLS } from '../../../tools/build/tool-table.ts'
import type { Host } from '../../../tools/host.ts'
import { addTrace, writeHead } from '../../../tools/process/ledger.ts'
import { ledgerFolder } from '../../../tools/process/run.ts'
import { createProgress } from '../../../tools/progress.ts'
import { eventually } from '../../support/eventually.ts'
import { silentProgress } from '../../support/silent-progress.ts'
import { type FakeMachine, makeFakeMachine } from './fake-go.ts'

const never = new AbortController().signal
let machine: FakeMachine
beforeEach(() => {
  machine = makeFakeMachine()
})
afterEach(() => machine.end())

const ensure = (host: Host = machine.host, signal = never) =>
  ensureTools(['etcd'], { progress: silentProgress, signal, host })

function installProgram(folder: string, name: string, output: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\necho '${output}'\n`)
  chmodSync(path, 0o755)
  return path
}

test('a tool is built once and then found in the cache', async () => {
  const first = await ensure()
  assert.ok(first.etcd.startsWith(join(machine.cache, 'tools', 'etcd')))
  assert.equal(readFileSync(first.etcd, 'utf8'), `#!/bin/sh\necho built ${TOOLS.etcd.package}\n`)
  assert.deepEqual(await ensure(), first)
  assert.deepEqual(machine.builds(), [`${TOOLS.etcd.package} GOTOOLCHAIN=auto CGO_ENABLED=0`])
})

test('only the requested tools are returned, each once', async () => {
  const paths = await ensureTools(['runc', 'etcd', 'runc'], {
    progress: silentProgress,
    signal: never,
    host: machine.host,
  })
  assert.deepEqual(Object.keys(paths).sort(), ['etcd', 'runc'])
  assert.deepEqual(machine.builds().sort(), [
    `${TOOLS.runc.package} GOTOOLCHAIN=auto CGO_ENABLED=1`,
    `${TOOLS.etcd.package} GOTOOLCHAIN=auto CGO_ENABLED=0`,
  ])
})

test('while several tools are built, progress shows the number of the current tool and of all tools', async () => {
  const lines: string[] = []
  const progress = createProgress({ write: (text) => void lines.push(text) })
  await ensureTools(['runc', 'etcd'], { progress, signal: never, host: machine.host })
  const shown = lines.map((line) => line.split(' · ')[0]?.replace(/ v?\d+\.\d.*/, ''))
  assert.deepEqual(shown.slice(1).sort(), [
    "✔ Go's standard library",
    '✔ tool 1 of 2: build etcd',
    '✔ tool 2 of 2: build runc',
  ])
})

test('an older Go may download the toolchain that the module requires', async () => {
  const old = makeFakeMachine('1.21.3')
  try {
    await ensure(old.host)
    assert.deepEqual(old.builds(), [`${TOOLS.etcd.package} GOTOOLCHAIN=auto CGO_ENABLED=0`])
  } finally {
    old.end()
  }
})

test('a concurrent run waits for the first run, shows which run it waits for, and continues when that run ends', async () => {
  machine.setMode('hang')
  const interrupt = new AbortController()
  const first = ensure(machine.host, interrupt.signal)
  await eventually(() => assert.ok(machine.isBuilding()))
  let shown = ''
  const progress = createProgress({ isTTY: true, columns: 300, write: (text) => (shown += text) })
  const second = ensureTools(['etcd'], { progress, signal: never, host: machine.host })
  await eventually(() => {
    assert.match(shown, new RegExp(`waiting for another run \\(process ${process.pid}, building etcd since`))
  })
  machine.setMode('ok')
  interrupt.abort()
  await assert.rejects(first)
  assert.equal(existsSync((await second).etcd), true)
  assert.equal(machine.builds().length, 2)
})

test('an interrupted build leaves no files behind, and the next run builds the tool', async () => {
  machine.setMode('hang')
  const interrupt = new AbortController()
  const work = ensure(machine.host, interrupt.signal)
  await eventually(() => assert.ok(machine.isBuilding()))
  interrupt.abort()
  await assert.rejects(work, { name: 'AbortError' })
  assert.deepEqual(globSync('{tools,locks}/*/{*,.*}', { cwd: machine.cache }), [])
  machine.setMode('ok')
  assert.match(readFileSync((await ensure()).etcd, 'utf8'), /built/)
})

test('an interrupt while Go is asked for its version is no Go that does not run', async () => {
  const host = { env: machine.host.env }
  await assert.rejects(findGo(host, AbortSignal.abort()), { name: 'AbortError' })
  writeFileSync(join(machine.host.home, 'bin', 'go'), '#!/bin/sh\nexit 1\n')
  await assert.rejects(findGo(host, never), { code: 'GO_MISSING' })
})

test('the unfinished build of a killed run is never used, and the next build removes it', async () => {
  const left = join(machine.cache, 'tools', 'etcd', '.unfinished-old')
  mkdirSync(left, { recursive: true })
  writeFileSync(join(left, 'etcd'), 'half')
  const ledger = join(ledgerFolder(machine.host), 'old.ledger')
  mkdirSync(ledgerFolder(machine.host))
  writeHead(ledger, { run: 'old', owner: { pid: process.pid, start: 'before' } })
  addTrace(ledger, { kind: 'folder', path: left })
  await ensure()
  assert.equal(existsSync(left), false)
})

test('a failed build reports its cause, leaves no lock behind, and has a complete log', async () => {
  machine.setMode('fail go: x@v1: dial tcp 192.0.2.1:443: connect: connection refused')
  await assert.rejects(ensure(), { code: 'TOOL_DOWNLOAD_FAILED', message: /^etcd cannot be built: x@v1: dial tcp/ })
  const log = readFileSync(join(machine.cache, 'logs', 'tools', 'etcd.log'), 'utf8')
  assert.match(log, /^\$ go build -v [\s\S]*downloading example[\s\S]*connection refused/)
  machine.setMode('ok')
  await ensure()
})

test('without Go the error explains how to install it, and tools that are already built still work', async () => {
  const withoutGo = { ...machine.host, env: { ...machine.host.env, PATH: '/nowhere' } }
  await assert.rejects(ensure(withoutGo), { code: 'GO_MISSING', hint: /go\.dev\/dl/ })
  const { etcd } = await ensure()
  assert.equal((await ensure(withoutGo)).etcd, etcd)
})

test('Go before 1.21 is rejected', async () => {
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

test('a tool in the folder ACR_NOPASS_TOOLS takes precedence, regardless of its version', async () => {
  const folder = join(machine.cache, 'given')
  const path = installProgram(folder, 'etcd', 'any version')
  assert.equal((await ensure({ ...machine.host, env: { ...machine.host.env, ACR_NOPASS_TOOLS: folder } })).etcd, path)
  assert.deepEqual(machine.builds(), [])
})

test('tools of a real node are rejected on systems other than Linux, before anything is built', async () => {
  const host = { ...machine.host, platform: 'darwin', env: { ...machine.host.env } }
  const work = ensureTools(['etcd', 'containerd'], { progress: silentProgress, signal: never, host })
  await assert.rejects(work, {
    code: 'TOOL_NOT_HERE',
    message: /containerd runs on Linux only; this machine is darwin/,
  })
  assert.deepEqual(machine.builds(), [])
})

test('a missing C compiler is reported before anything is built, and only if a tool needs it', async () => {
  machine.setCompiler('no-such-cc -m64')
  const both = ensureTools(['etcd', 'runc'], { progress: silentProgress, signal: never, host: machine.host })
  await assert.rejects(both, { code: 'NO_C_COMPILER', message: 'the C compiler no-such-cc is not on PATH' })
  assert.deepEqual(machine.builds(), [])
  await ensure()
})
