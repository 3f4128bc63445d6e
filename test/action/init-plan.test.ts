import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runBin } from '../cli/run-bin.ts'
import { startActionFixture } from './support/action-fixture.ts'

/** What `init` writes is planned on real API servers, with the command that it prints. */
const SHOP = `c${'a'.repeat(32)}`
const clusterIds = { shop: SHOP, batch: `c${'b'.repeat(32)}` }
const fixture = await startActionFixture({ clusters: Object.keys(clusterIds), clusterIds, helm: 'helm4' })
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-init-plan-'))
after(async () => {
  await fixture[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function initAndPlan(name: string, ...args: readonly string[]) {
  const cwd = join(folder, name)
  await mkdir(cwd)
  const options = { cwd, env: { ...fixture.env, HOME: folder } }
  const endpoints = ['--endpoints', fixture.endpoints]
  const init = await runBin(['init', '--instance', 'demo', '--repositories', 'shop/*', ...args, ...endpoints], options)
  assert.equal(init.code, 0, init.stderr)
  const [, next = ''] = /^next: acr-nopass (.*)$/m.exec(init.stdout) ?? []
  return runBin([...next.split(' '), ...endpoints], options)
}

test('the plan of one cluster after init is green, and would create its role', async () => {
  const { code, stdout, stderr } = await initAndPlan('one', '--cluster', 'shop')
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, new RegExp(`^${SHOP}: would install acr-nopass-`, 'm'))
  assert.match(stdout, /^ {2}RAM +role acr-nopass-\S+: created/m)
  assert.match(stdout, /\nplan: 1 planned, /)
})

test('the plan of several clusters after init is green', async () => {
  const { code, stdout, stderr } = await initAndPlan('list', '--cluster', 'shop', '--cluster', 'batch')
  assert.equal(code, 0, stdout + stderr)
  for (const name of ['shop', 'batch']) assert.match(stdout, new RegExp(`^${name}: would install acr-nopass-`, 'm'))
  assert.match(stdout, /\nplan: 2 planned, /)
})
