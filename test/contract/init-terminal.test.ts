import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BIN } from '../cli/run-bin.ts'
import { CLUSTERS, INSTANCE, OTHER_ACCOUNT, userWithout } from '../support/cloud/init-cloud.ts'
import { useInitCloud } from '../support/cloud/use-init-cloud.ts'
import { openTerminal } from '../support/open-terminal.ts'

const [ENTER, SPACE, DOWN, CTRL_C, ESCAPE] = ['\r', ' ', '\u001b[B', '\u0003', '\u001b']

const own = useInitCloud()

const open = (args: readonly string[] = [], user = 'reader', account?: string) =>
  openTerminal(BIN, ['init', '--endpoints', own.endpoints, ...args], { cwd: own.folder, env: own.keyOf(user, account) })

test('in a terminal four questions lead to the files', async () => {
  await using terminal = open()
  await terminal.waitFor('Which clusters?')
  await terminal.waitFor('Shop')
  terminal.type(`${SPACE}${DOWN}${SPACE}${ENTER}`)
  await terminal.waitFor('Which instances?')
  terminal.type(`${SPACE}${ENTER}`)
  await terminal.waitFor('Which repositories')
  terminal.type(`shop/*, base/alpine${ENTER}`)
  await terminal.waitFor('Also write a workflow')
  terminal.type(`y`)
  const { code, screen } = await terminal.ended()
  assert.equal(code, 0, screen)
  assert.equal(new Set(screen.match(/◆ {2}.*\?/g)).size, 4, screen)
  assert.match(screen, /next: acr-nopass plan --clusters-file clusters\.yaml -f values\.yaml/)
  assert.deepEqual((await readdir(own.folder)).sort(), ['.github', 'clusters.yaml', 'values.yaml'])
  const [registry] = (await own.readYaml('values.yaml')).registries
  assert.deepEqual([registry.instanceId, registry.repositories], [INSTANCE, ['shop/*', 'base/alpine']])
  const ids = (await own.readYaml('clusters.yaml')).map(({ ack }: { ack: { clusterId: string } }) => ack.clusterId)
  assert.deepEqual(ids, [CLUSTERS.rrsa, CLUSTERS.roles])
})

test('what there is one of is not asked, and what a flag names neither', async () => {
  await using terminal = open(['--repositories', '*'], 'administrator', OTHER_ACCOUNT)
  await terminal.waitFor('Also write a workflow')
  terminal.type(ENTER)
  const { code, screen } = await terminal.ended()
  assert.equal(code, 0, screen)
  assert.doesNotMatch(screen, /Which/)
  assert.deepEqual(await readdir(own.folder), ['values.yaml'])
})

test('a list that cannot be read becomes a question for ids', async () => {
  await using terminal = open(['--instance', INSTANCE, '--repositories', '*'], userWithout('cs:GetClusters'))
  await terminal.waitFor('The list is not complete')
  await terminal.waitFor('REGION/ID')
  terminal.type(`${CLUSTERS.rrsa}${ENTER}`)
  await terminal.waitFor('is not known')
  terminal.type(`\u0015cn-hangzhou/${CLUSTERS.rrsa}${ENTER}`)
  await terminal.waitFor('Also write a workflow')
  terminal.type(ENTER)
  const { code, screen } = await terminal.ended()
  assert.equal(code, 0, screen)
  assert.match(screen, /cluster shop \(c1{32}, cn-hangzhou\): rrsa/)
})

test('a cluster that cannot be described becomes a question about RRSA, instead of the one about a workflow', async () => {
  const args = ['--cluster', CLUSTERS.roles, '--instance', INSTANCE]
  await using terminal = open(args, userWithout('cs:DescribeClusterDetail'))
  await terminal.waitFor('Which repositories')
  terminal.type(ENTER)
  await terminal.waitFor('Is RRSA on')
  terminal.type(`${DOWN}${ENTER}`)
  const { code, screen } = await terminal.ended()
  assert.equal(code, 0, screen)
  assert.doesNotMatch(screen, /workflow/)
  const { identity, registries } = await own.readYaml('values.yaml')
  assert.deepEqual([identity, registries[0].repositories], [{ type: 'worker-role' }, ['*']])
})

test('wrong repositories are asked again', async () => {
  await using terminal = open(['--cluster', CLUSTERS.rrsa, '--instance', INSTANCE])
  await terminal.waitFor('Which repositories')
  terminal.type(`Shop${ENTER}`)
  await terminal.waitFor('is not NAMESPACE/NAME')
  terminal.type(CTRL_C)
  assert.equal((await terminal.ended()).code, 130)
})

for (const [name, key] of [
  ['Ctrl-C', CTRL_C],
  ['Esc', ESCAPE],
] as const) {
  for (const question of ['Which clusters?', 'Which repositories', 'Also write a workflow']) {
    test(`${name} at "${question}" ends with 130 and leaves nothing`, async () => {
      const answers = [
        ['Which clusters?', `${SPACE}${ENTER}`],
        ['Which repositories', ENTER],
        ['Also write a workflow', ENTER],
      ] as const
      await using terminal = open(['--instance', INSTANCE])
      for (const [text, keys] of answers) {
        await terminal.waitFor(text)
        terminal.type(text === question ? key : keys)
        if (text === question) break
      }
      const { code, screen } = await terminal.ended()
      assert.equal(code, 130, screen)
      assert.match(screen, /INTERRUPTED: no answer was given, and nothing was written/)
      assert.deepEqual(await readdir(own.folder), [])
    })
  }
}

for (const name of ['values.yaml', 'clusters.yaml']) {
  test(`if ${name} exists, that is refused before the first question`, async () => {
    await writeFile(join(own.folder, name), 'mine')
    await using terminal = open()
    const { code, screen } = await terminal.ended()
    assert.equal(code, 2, screen)
    assert.match(screen, /INIT_FILE_EXISTS/)
    assert.doesNotMatch(screen, /Which/)
  })
}

test("a list and a workflow that exist are in nobody's way if one cluster is named", async () => {
  await mkdir(join(own.folder, '.github/workflows'), { recursive: true })
  for (const name of ['clusters.yaml', '.github/workflows/acr-nopass.yml'])
    await writeFile(join(own.folder, name), 'mine')
  await using terminal = open(['--cluster', 'Shop', '--instance', INSTANCE, '--repositories', '*'])
  const { code, screen } = await terminal.ended()
  assert.equal(code, 0, screen)
  assert.doesNotMatch(screen, /◆/)
  assert.equal(await readFile(join(own.folder, 'clusters.yaml'), 'utf8'), 'mine')
})
