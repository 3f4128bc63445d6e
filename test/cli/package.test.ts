import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bundleCli } from '../../scripts/build/bundles.ts'
import { ROOT, runBin } from './run-bin.ts'

let folder: string
let bin: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-package-'))
  const home = join(folder, 'node_modules/acr-nopass')
  await mkdir(home, { recursive: true })
  for (const part of ['bin', 'chart']) await cp(join(ROOT, part), join(home, part), { recursive: true })
  await bundleCli(ROOT, join(home, 'dist'))
  bin = join(home, 'bin/acr-nopass')
})
after(() => rm(folder, { recursive: true }))

test('the npm package validates with the chart that it carries', async () => {
  const values = join(ROOT, 'examples/values/production.yaml')
  const { code, stdout, stderr } = await runBin(['validate', '-f', values], { bin, cwd: folder })
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `valid: ${values}\n`, stderr: '' })
  const bad = await runBin(['validate', '-f', join(ROOT, 'test/cli/fixtures/bad.yaml')], { bin, cwd: folder })
  assert.equal(bad.code, 2)
  assert.match(bad.stderr, /\n5 errors\n$/)
})

test('what was compiled for a start is kept in the cache of the user, and what is broken there is made again', async () => {
  const home = join(folder, 'home')
  const kept = join(home, '.cache/acr-nopass/compiled')
  const values = join(ROOT, 'examples/values/production.yaml')
  const run = (file: string) => runBin(['validate', '-f', file], { bin, cwd: folder, env: { HOME: home } })
  const plain = await runBin(['validate', '-f', values], { bin, cwd: folder })
  assert.deepEqual(await run(values), plain)
  const [name = '', ...others] = await readdir(kept)
  assert.match(name, /^validate-\w+\.cjs-v24/)
  assert.deepEqual(others, [])
  const { mtimeMs } = await stat(join(kept, name))
  assert.deepEqual(await run(values), plain)
  assert.equal((await stat(join(kept, name))).mtimeMs, mtimeMs)
  const bad = await run(join(ROOT, 'test/cli/fixtures/bad.yaml'))
  assert.match(bad.stderr, /\n5 errors\n$/)
  await writeFile(join(kept, name), 'no code')
  assert.deepEqual(await run(values), plain)
  assert.ok((await stat(join(kept, name))).size > 10_000)
  await rm(home, { recursive: true })
  const off = { HOME: home, NODE_DISABLE_COMPILE_CACHE: '1' }
  assert.deepEqual(await runBin(['validate', '-f', values], { bin, cwd: folder, env: off }), plain)
  await assert.rejects(stat(home), { code: 'ENOENT' })
  await writeFile(home, '')
  assert.deepEqual(await run(values), plain)
})

test('the npm package prints policies and reaches for clusters', async () => {
  const values = join(ROOT, 'examples/values/enterprise-worker-role.yaml')
  const policy = await runBin(['policy', '-f', values], { bin, cwd: folder })
  assert.equal(policy.code, 0)
  assert.equal(JSON.parse(policy.stdout).Version, '1')
  const doctor = await runBin(['doctor', '--kubeconfig', '/nowhere'], { bin, cwd: folder })
  assert.match(doctor.stderr, /^KUBECONFIG_INVALID: /)
})

test('the npm package says that the sandbox needs a checkout', async () => {
  const { code, stderr } = await runBin(['sandbox'], { bin, cwd: folder })
  assert.equal(code, 2)
  assert.match(stderr, /^SANDBOX_ABSENT: .*\n {2}cure: Clone the repository/)
})
