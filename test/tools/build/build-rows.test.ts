import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { acquireLock } from '../../../tools/bootstrap/lock.mjs'
import { countRows, estimateSeconds, groupByPackages } from '../../../tools/build/build-rows.ts'
import { ensureTools } from '../../../tools/build/ensure-tools.ts'
import { TOOLS, type Tool, type ToolName } from '../../../tools/build/tool-table.ts'
import { moduleLock } from '../../../tools/host.ts'
import { createProgress } from '../../../tools/progress.ts'
import { eventually } from '../../support/eventually.ts'
import { silentProgress } from '../../support/silent-progress.ts'
import { type FakeMachine, makeFakeMachine } from './fake-go.ts'

const never = new AbortController().signal
const named = (...names: ToolName[]) => names.map((name) => ({ name }))
let machine: FakeMachine
beforeEach(() => {
  machine = makeFakeMachine()
})
afterEach(() => machine.end())

const options = (signal = never) => ({ progress: silentProgress, signal, host: machine.host })
const compiled = () => join(machine.cache, 'go-build')

test('two builds run side by side only with two cores and enough memory for two linkers', () => {
  assert.equal(countRows({ cores: 2, memory: 8e9 }), 2)
  assert.equal(countRows({ cores: 16, memory: 64e9 }), 2)
  assert.equal(countRows({ cores: 1, memory: 8e9 }), 1)
  assert.equal(countRows({ cores: 4, memory: 4e9 }), 1)
})

test('tools with the same packages are built one after the other, and the longest group begins', () => {
  const groups = groupByPackages(named('etcd', 'helm4', 'kube-apiserver-1.30', 'kubelet', 'kube-apiserver'))
  assert.deepEqual(
    groups.map((group) => group.map(({ name }) => name)),
    [['kube-apiserver', 'kubelet', 'helm4'], ['kube-apiserver-1.30'], ['etcd']],
  )
})

test('the announced time is that of one row, less the tenth that the second row saves', () => {
  const all = named('registry', 'promtool', 'etcd', 'act')
  const seconds = all.reduce((sum, { name }) => sum + TOOLS[name].seconds, 0)
  assert.equal(Math.round(estimateSeconds(all)), Math.round(seconds * 0.9))
})

test('a tool that shares the packages of another module has them in the same versions', () => {
  for (const { folder, shares } of Object.values<Tool>(TOOLS)) {
    if (shares === undefined) continue
    const [own, theirs] = [folder, shares].map(requiredVersions)
    const common = [...(own ?? [])].filter(([module]) => theirs?.has(module))
    assert.deepEqual(
      common.filter(([module, version]) => theirs?.get(module) !== version).map(([module]) => `${folder}: ${module}`),
      [],
    )
    assert.ok(common.length > 20, folder)
  }
})

/** Returns the versions of the modules in a go.mod, after its replacements. */
function requiredVersions(folder: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(machine.host.toolsFolder, folder, 'go.mod'), 'utf8')
  const versions = new Map(
    [...text.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name = '', version = '']) => [name, version]),
  )
  for (const [, name = '', version = ''] of text.matchAll(/^replace (\S+) => \S+ (v\S+)$/gm))
    versions.set(name, version)
  return versions
}

test('two modules are built at the same time', async () => {
  machine.setMode('hang')
  const interrupt = new AbortController()
  const work = ensureTools(['etcd', 'crane'], { ...options(interrupt.signal), capacity: { cores: 2, memory: 8e9 } })
  await eventually(() => assert.equal(machine.builds().length, 2))
  // Before them, and its failure is not the one to report.
  assert.deepEqual(machine.standard(), [0])
  interrupt.abort()
  await assert.rejects(work, { name: 'AbortError' })
})

test('two runs at once compile the standard library once, and both get their tools', async () => {
  const go = machine.holdStandard()
  let shown = ''
  const progress = createProgress({ isTTY: true, columns: 300, write: (text) => (shown += text) })
  const run = (more: object) =>
    ensureTools(['etcd', 'crane'], { ...options(), capacity: { cores: 2, memory: 8e9 }, keepCaches: true, ...more })
  const first = run({})
  await eventually(() => assert.deepEqual(machine.standard(), [0]))
  const second = run({ progress })
  await eventually(() => assert.match(shown, /Go's standard library · waiting for another run \(process \d+, building/))
  go()
  assert.deepEqual(await second, await first)
  assert.deepEqual([machine.standard(), machine.builds().length], [[0], 2])
})

test('an interrupt ends the compilation of the standard library, and the next run is not kept waiting', async () => {
  machine.holdStandard()
  const interrupt = new AbortController()
  const work = ensureTools(['etcd', 'crane'], { ...options(interrupt.signal), capacity: { cores: 2, memory: 8e9 } })
  await eventually(() => assert.deepEqual(machine.standard(), [0]))
  interrupt.abort()
  await assert.rejects(work, { name: 'AbortError' })
  assert.deepEqual([machine.builds(), readdirSync(join(machine.cache, 'locks'))], [[], []])
})

test('a single row compiles only what its tools use of the standard library', async () => {
  await ensureTools(['etcd', 'crane'], { ...options(), capacity: { cores: 1, memory: 8e9 } })
  assert.deepEqual(machine.standard(), [])
})

test('the first failure ends the build of the other row, and is the reported one', async () => {
  machine.setMode('hang')
  const work = ensureTools(['etcd', 'crane', 'oras'], { ...options(), capacity: { cores: 2, memory: 8e9 } })
  const settled = assert.rejects(work, { code: 'TOOL_BUILD_FAILED', message: /^crane cannot be built/ })
  await eventually(() => assert.equal(machine.builds().length, 2))
  machine.stop(TOOLS.crane.package)
  await settled
  assert.equal(machine.builds().length, 2)
  assert.deepEqual(readdirSync(join(machine.cache, 'locks')), [])
})

test('compiled packages are removed when all is built, unless they are to be kept', async () => {
  await ensureTools(['etcd'], { ...options(), keepCaches: true })
  assert.deepEqual(readdirSync(compiled()), ['v3'])
  await ensureTools(['crane'], options())
  assert.equal(existsSync(compiled()), false)
})

test("the user's own GOCACHE is used, and never removed", async () => {
  const GOCACHE = join(machine.cache, 'own')
  const host = { ...machine.host, env: { ...machine.host.env, GOCACHE } }
  await ensureTools(['etcd'], { ...options(), host })
  assert.deepEqual(readdirSync(GOCACHE), ['v3'])
  assert.equal(existsSync(compiled()), false)
})

test('a compiler collects no garbage below our limit of memory, and as usual with a limit of the user', async () => {
  await ensureTools(['etcd'], options())
  const host = { ...machine.host, env: { ...machine.host.env, GOMEMLIMIT: 'off' } }
  await ensureTools(['crane'], { ...options(), host })
  assert.deepEqual(machine.memory(), ['GOGC=off GOMEMLIMIT=2GiB', 'GOGC=400 GOMEMLIMIT=off'])
})

test('while another run builds, its compiled packages stay', async () => {
  const release = await acquireLock(moduleLock('act', machine.host), { what: 'building act' })
  await ensureTools(['etcd'], options())
  assert.equal(existsSync(compiled()), true)
  release()
  await ensureTools(['crane'], options())
  assert.equal(existsSync(compiled()), false)
})

test('after an interruption the compiled packages are kept, so that the next run continues', async () => {
  machine.setMode('hang')
  const interrupt = new AbortController()
  const work = ensureTools(['etcd'], options(interrupt.signal))
  await eventually(() => assert.ok(machine.isBuilding()))
  interrupt.abort()
  await assert.rejects(work)
  assert.equal(existsSync(compiled()), true)
})
