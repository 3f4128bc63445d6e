import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readSeedFile } from '../../sandbox/cloud/seed/read-seed.ts'
import { type Cloud, DEMO_SEED_FILE, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { ROOT, runBin } from '../cli/run-bin.ts'

/** The demo's cloud, with RRSA in its clusters. */
let cloud: Cloud
before(async () => {
  const seed = await readSeedFile(DEMO_SEED_FILE)
  const accounts = seed.accounts.map((account) => {
    const clusters = (account.clusters ?? []).map((cluster) => {
      return { ...cluster, rrsaIssuer: `https://oidc.example.com/${cluster.id}` }
    })
    return { ...account, clusters }
  })
  cloud = await startCloud({ seed: { ...seed, accounts } })
})
after(() => cloud.stop())

for (const language of ['en', 'zh']) {
  test(`the page about init (${language}) shows what its commands print and write`, async () => {
    const page = await readFile(join(ROOT, 'docs', language, 'init.md'), 'utf8')
    const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
      kind,
      text,
    }))
    const [first, ...commands] = blocks.flatMap(({ kind, text }) => (kind === 'sh' ? [text.trim()] : []))
    assert.equal(first, 'acr-nopass init')
    const [output, values] = ['text', 'yaml'].map((kind) => blocks.find((block) => block.kind === kind)?.text)
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-init-page-'))
    try {
      const { sts, cs, cr } = cloud.endpoints
      const { accessKeyId, accessKeySecret } = cloud.administrator
      const env = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
      const run = (command: string) => {
        const words = command
          .split(' ')
          .slice(1)
          .map((word) => word.replaceAll("'", ''))
        const more = words[0] === 'init' ? ['--endpoints', JSON.stringify({ sts, cs, cr })] : []
        return runBin([...words, ...more], { cwd: folder, env })
      }
      const [flags = '', several = '', policy = ''] = commands
      const one = await run(flags)
      assert.deepEqual([one.code, one.stdout], [0, output], one.stderr)
      assert.equal(await readFile(join(folder, 'values.yaml'), 'utf8'), values)
      assert.deepEqual(await readdir(folder), ['values.yaml'])
      const list = await run(several)
      assert.equal(list.code, 0, list.stderr)
      assert.match(list.stdout, /^# clusters\.yaml$/m)
      const { code, stdout } = await run(policy)
      assert.equal(code, 0)
      const actions = JSON.parse(stdout).Statement.flatMap(({ Action }: { Action: string[] }) => Action)
      // The table about missing rights has all of them.
      for (const action of actions) assert.ok(page.includes(`\`${action}\``), action)
      assert.equal(commands.length, 3)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}
