import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { writeNewFiles } from '../../src/init/write-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'acr-nopass-write-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const FILES = [
  { name: 'values.yaml', text: 'a' },
  { name: '.github/workflows/acr-nopass.yml', text: 'b' },
]

test('all files are written, with their folders and without temporary files', () => {
  writeNewFiles(folder, FILES, 'u')
  for (const { name, text } of FILES) assert.equal(readFileSync(join(folder, name), 'utf8'), text)
  assert.deepEqual(readdirSync(folder).sort(), ['.github', 'values.yaml'])
  assert.deepEqual(readdirSync(join(folder, '.github/workflows')), ['acr-nopass.yml'])
})

test('if the last file exists, nothing is left of the others, and its text stays', () => {
  mkdirSync(join(folder, '.github/workflows'), { recursive: true })
  writeFileSync(join(folder, '.github/workflows/acr-nopass.yml'), 'mine')
  assert.throws(() => writeNewFiles(folder, FILES, 'u'), { code: 'INIT_FILE_EXISTS' })
  assert.deepEqual(readdirSync(folder), ['.github'])
  assert.equal(readFileSync(join(folder, '.github/workflows/acr-nopass.yml'), 'utf8'), 'mine')
})

test('folders that were created for a failed write are removed again', () => {
  writeFileSync(join(folder, 'z.yaml'), 'mine')
  const files = [FILES[1], { name: 'z.yaml', text: '' }] as never
  assert.throws(() => writeNewFiles(join(folder), files, 'u'), { code: 'INIT_FILE_EXISTS' })
  assert.deepEqual(readdirSync(folder), ['z.yaml'])
  assert.throws(() => writeNewFiles(join(folder, 'z.yaml/sub'), FILES, 'u'), { code: 'INPUT_INVALID' })
  assert.ok(!existsSync(join(folder, 'sub')))
})
