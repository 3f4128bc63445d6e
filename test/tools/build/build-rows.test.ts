import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { acquireLock } from '../../../tools/bootstrap/lock.mjs'
import { countRows, estimateSeconds, groupByModule } from '../../../tools/build/build-rows.ts'
import { ensureTools } from '../../../tools/build/ensure-tools.ts'
import { TOOLS, type ToolName } from '../../../tools/build/tool-table.ts'
import { moduleLock } from '../../../tools/host.ts'
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

test('tools of one module are built one after the other, and the longest module begins', () => {
  const groups = groupByModule(named('etcd', 'kube-apiserver', 'kube-apiserver-1.30', 'kubelet'))
  assert.deepEqual(
    groups.map((group) => group.map(({ name }) => name)),
    [['kube-apiserver', 'kubelet'], ['kube-apiserver-1.30'], ['etcd']],
  )
})

test('the announced time is that of two rows, and at least that of the longest module', () => {
  const seconds = (name: ToolName): number => TOOLS[name].seconds
  assert.equal(estimateSeconds(named('helm3', 'helm4')), Math.max(seconds('helm3'), seconds('helm4')))
  const all = named('helm3', 'helm4', 'etcd', 'act')
  assert.equal(estimateSeconds(all), (seconds('helm3') + seconds('helm4') + seconds('etcd') + seconds('act')) / 2)
})

test('two modules are built at the same time', async () => {
  machine.setMode('hang')
  const interrupt = new AbortController()
  const work = ensureTools(['etcd', 'crane'], { ...options(interrupt.signal), capacity: { cores: 2, memory: 8e9 } })
  await eventually(() => assert.equal(machine.builds().length, 2))
  interrupt.abort()
  await assert.rejects(work, { name: 'AbortError' })
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
