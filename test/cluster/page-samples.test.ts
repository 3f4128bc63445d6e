import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { linkPrograms, readCommands, typeCommands } from '../support/page-commands.ts'
import { expectSample } from '../support/sample.ts'
import { type HelperCluster, HOME, openHelperCluster } from './helper-cluster.ts'

// The pages' commands, typed as shown on a cluster with a running helper. The namespace of this
// release is another one than on the pages.

let fixture: HelperCluster
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-samples-'))
  await linkPrograms(folder)
  fixture = await openHelperCluster('page-samples')
  await fixture.chart.createNamespace('a-1')
  await fixture.install()
  await fixture.settled()
  await eventually(async () => assert.ok(await fixture.isUsable('a-1')), 60_000)
})
after(async () => {
  await fixture?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Types a block for the namespace of this release. */
async function type(block: string): Promise<string> {
  const own = block.replaceAll(/\bacr-nopass:acr-nopass\b/g, `${HOME}:acr-nopass`)
  const kubeconfig = fixture.chart.cluster.adminKubeconfigFile
  return (await typeCommands(own, { folder, kubeconfig })).replaceAll(HOME, 'acr-nopass')
}

const TIME = /\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g

test('the threat model shows that the helper cannot read other Secrets, and that the guard refuses one of another type', async () => {
  const [block = ''] = await readCommands('security.md')
  const list = 'kubectl auth can-i --list --as $helper\n'
  assert.ok(block.includes(list))
  assert.match(await type(block.split('\n').slice(0, 2).join('\n')), /^secrets +\[\] +\[acr-nopass\] +\[/m)
  const output = await type(block.replace(list, ''))
  assert.match(output, /^no\nyes\n/)
  expectSample('see-the-guard', output, [[/\b\d+[smh]\d*s?$/gm, '9d']])
})

test('the page about a leaked Secret shows how long its logins live', async () => {
  const [block = ''] = await readCommands('leaked-secret.md')
  const output = await type(block)
  assert.ok(Math.abs(Date.parse(output.trim()) - Date.now() - 3_600_000) < 600_000, output)
  expectSample('login-expires', output, [[TIME, '2026-12-01T09:00:00Z']])
})

test('the page about the command line shows what a refresh prints', async () => {
  const refresh = (await readCommands('cli.md')).find((block) => block.includes('acr-nopass refresh')) ?? ''
  const output = await type(refresh)
  expectSample('refresh', output, [
    [/ token of \S+, until \S+$/gm, ' token of 2026-12-01T08:00:00.000Z, until 2026-12-01T09:00:00.000Z'],
  ])
})

test('the page about the command line shows what a cleanup lists, and what it removes', async () => {
  const cleanup = (await readCommands('cli.md')).find((block) => block.includes('cleanup --detach')) ?? ''
  assert.match(await type(`helm uninstall acr-nopass --namespace ${HOME} --wait`), /uninstalled\n$/)
  await eventually(async () => assert.equal(fixture.helpers().length, 0), 60_000)
  // With several releases, or without an object of the chart, a release has to be named.
  const named = cleanup.replaceAll('--detach', `--detach --namespace ${HOME} --release acr-nopass`)
  expectSample('cleanup', await type(named))
  assert.match(await type(named), /^nothing of acr-nopass\/acr-nopass is left\n/)
})
