import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bundleCli } from '../../scripts/build/bundles.ts'
import { trimMetadata } from '../../scripts/release/npm-archive.ts'
import { ROOT, runBin } from './run-bin.ts'

let folder: string
let bin: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-package-'))
  const home = join(folder, 'node_modules/acr-nopass')
  await mkdir(home, { recursive: true })
  for (const part of ['bin', 'chart']) await cp(join(ROOT, part), join(home, part), { recursive: true })
  await bundleCli(ROOT, join(home, 'dist'))
  await writeFile(join(home, 'package.json'), trimMetadata(await readFile(join(ROOT, 'package.json'), 'utf8')))
  bin = join(home, 'bin/acr-nopass')
})
after(() => rm(folder, { recursive: true }))

test('the npm package validates with its own chart', async () => {
  const values = join(ROOT, 'examples/values/production.yaml')
  const { code, stdout, stderr } = await runBin(['validate', '-f', values], { bin, cwd: folder })
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `valid: ${values}\n`, stderr: '' })
  const bad = await runBin(['validate', '-f', join(ROOT, 'test/cli/fixtures/bad.yaml')], { bin, cwd: folder })
  assert.equal(bad.code, 2)
  assert.match(bad.stderr, /\n5 errors\n$/)
})

test("the compile cache is kept in the user's cache folder, and a broken entry is replaced", async () => {
  const home = join(folder, 'home')
  const kept = join(home, '.cache/acr-nopass/compiled')
  const values = join(ROOT, 'examples/values/production.yaml')
  const run = (file: string, env = {}) =>
    runBin(['validate', '-f', file], { bin, cwd: folder, env: { HOME: home, NODE_COMPILE_CACHE: '', ...env } })
  const plain = await runBin(['validate', '-f', values], { bin, cwd: folder })
  assert.deepEqual(await run(values), plain)
  const [version = '', ...others] = await readdir(kept)
  assert.match(version, /^v24/)
  assert.deepEqual(others, [])
  const files = (await readdir(join(kept, version))).map((name) => join(kept, version, name))
  assert.ok(files.length > 0)
  assert.deepEqual(await run(values), plain)
  const bad = await run(join(ROOT, 'test/cli/fixtures/bad.yaml'))
  assert.match(bad.stderr, /\n5 errors\n$/)
  for (const file of files) await writeFile(file, 'no code')
  assert.deepEqual(await run(values), plain)
  for (const file of files) assert.notEqual(await readFile(file, 'latin1'), 'no code')
  await rm(home, { recursive: true })
  assert.deepEqual(await run(values, { NODE_DISABLE_COMPILE_CACHE: '1' }), plain)
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
