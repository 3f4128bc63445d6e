import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stripAll } from '../../scripts/test/strip-types.ts'

const root = mkdtempSync(join(tmpdir(), 'acr-nopass-strip-'))
after(() => rmSync(root, { recursive: true, force: true }))

mkdirSync(join(root, 'src'))
const program = join(root, 'src', 'program.ts')
const folder = join(root, 'stripped')
const preload = new URL('../../scripts/test/strip-cache.mjs', import.meta.url).href

function run(file: string): string {
  const env = { PATH: process.env.PATH, NODE_OPTIONS: `--import=${preload}`, ACR_NOPASS_STRIPPED: folder }
  return execFileSync(process.execPath, [file], { env, encoding: 'utf8', stdio: 'pipe' })
}

test('every process of a run loads files without types from the folder, and strips one that changed since', () => {
  writeFileSync(program, "const word: string = 'source'\nconsole.log(word)\n")
  stripAll(root, folder)
  const [name = ''] = readdirSync(folder)
  writeFileSync(join(folder, name), "console.log('stripped before')\n")
  assert.equal(run(program), 'stripped before\n')
  writeFileSync(program, "const word: string = 'changed'\nconsole.log(word)\n")
  assert.equal(run(program), 'changed\n')
})

test('a file that cannot be stripped is reported by Node, with its name', () => {
  const broken = join(root, 'src', 'broken.ts')
  writeFileSync(broken, 'const word: = 1\n')
  rmSync(folder, { recursive: true })
  stripAll(root, folder)
  assert.throws(() => run(broken), /broken\.ts/)
})
