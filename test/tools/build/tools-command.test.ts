import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { TOOL_NAMES, TOOLS } from '../../../tools/build/tool-table.ts'
import { runTools } from '../../../tools/build/tools-command.ts'
import { silentProgress } from '../../support/silent-progress.ts'
import { type FakeMachine, makeFakeMachine } from './fake-go.ts'

let machine: FakeMachine
beforeEach(() => {
  machine = makeFakeMachine()
})
afterEach(() => machine.end())

async function tools(...words: string[]): Promise<string[]> {
  const lines: string[] = []
  const print = (text: string) => void lines.push(...text.split('\n'))
  await runTools(words, { progress: silentProgress, print, host: machine.host, signal: new AbortController().signal })
  return lines
}

test('list shows all tools, and the source, size and age of those that are built', async () => {
  await tools('etcd')
  const [head = '', ...rows] = await tools('list')
  assert.match(head, /^NAME +VERSION +SOURCE +SIZE +AGE$/)
  assert.deepEqual(
    rows.map((row) => row.split(' ')[0]),
    [...TOOL_NAMES],
  )
  assert.match(rows[0] ?? '', /^etcd +\d+\.\d+\.\d+ +built +0 MB +0 min$/)
  assert.match(rows[1] ?? '', /^kube-apiserver +\d+\.\d+\.\d+ +missing$/)
})

test('without arguments all tools are built, except those that are built on demand', async () => {
  const defaults = TOOL_NAMES.filter((name) => !TOOLS[name].onDemand)
  const lines = await tools()
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    defaults,
  )
  assert.equal(machine.builds().length, defaults.length)
  const [line = ''] = await tools('kube-apiserver-1.24')
  assert.match(line, /^kube-apiserver-1\.24 /)
  assert.equal(machine.builds().length, defaults.length + 1)
})

test('clean removes the builds that the current sources do not need, and keeps the others', async () => {
  const [line = ''] = await tools('etcd')
  const current = line.split(/ +/)[1] ?? ''
  for (const folder of ['etcd/0123-go1.0', 'etcd/.unfinished-x', 'gone/4567-go1.0']) {
    mkdirSync(join(machine.cache, 'tools', folder), { recursive: true })
    writeFileSync(join(machine.cache, 'tools', folder, folder.split('/')[0] ?? ''), 'x'.repeat(1_000_000))
  }
  assert.deepEqual(await tools('clean'), ['removed 3 old builds, 3 MB'])
  assert.equal(existsSync(current), true)
  assert.deepEqual(await tools('clean'), ['removed 0 old builds, 0 MB'])
})

test('an option that does not exist is refused before anything is built', async () => {
  await assert.rejects(tools('--buidl', 'etcd'), { code: 'TOOL_UNKNOWN', message: /--build and --keep-caches/ })
  assert.deepEqual(machine.builds(), [])
})

test('--help shows every option and builds nothing', async () => {
  const usage = (await tools('--help', 'etcd')).join('\n')
  for (const word of ['list', 'clean', '--build', '--keep-caches']) assert.ok(usage.includes(`  ${word} `), word)
  assert.deepEqual(machine.builds(), [])
})

test('--keep-caches keeps what was compiled', async () => {
  await tools('etcd', '--keep-caches')
  assert.equal(existsSync(join(machine.cache, 'go-build')), true)
})

test('the error for an unknown name lists the valid ones', async () => {
  await assert.rejects(tools('etdc'), { code: 'TOOL_UNKNOWN', message: /^etdc is not one of etcd, / })
})
