import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { readTar } from '../../src/lib/tar.ts'
import { tarParts } from '../../tools/tar.ts'

const shown = (files: ReadonlyMap<string, Buffer>) =>
  Object.fromEntries([...files].map(([path, content]) => [path, content.toString()]))

for (const format of ['ustar', 'pax', 'gnu', 'v7']) {
  test(`the files of an archive that tar made are read: ${format}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-tar-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const long = format === 'v7' ? 'chart/short' : `chart/${'x'.repeat(90)}/${'y'.repeat(60)}`
    const files = { 'chart/Chart.yaml': 'name: a\n', [long]: 'long', 'chart/empty': '' }
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    const archive = execFileSync('tar', [`--format=${format}`, '-cf', '-', '-C', folder, 'chart'])
    assert.deepEqual(shown(readTar(archive)), files)
  })
}

test('any files come back as they were written', () => {
  const path = fc.stringMatching(/^[a-z0-9]{1,20}(\/[a-z0-9]{1,20}){0,4}$/)
  const content = fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(path, content), { selector: ([name]) => name }), (files) => {
      const entries = files.map(([name, bytes]) => ({ path: name, kind: 'file' as const, content: bytes }))
      const read = readTar(Buffer.concat([...tarParts(entries)]))
      assert.deepEqual(
        [...read].map(([name, bytes]) => [name, Buffer.from(bytes)]),
        files,
      )
    }),
  )
})

test('what is no archive, or a part of one, is refused', () => {
  assert.throws(() => readTar(Buffer.alloc(1024, 'a')), RangeError)
  const whole = Buffer.concat([...tarParts([{ path: 'a', kind: 'file', content: Buffer.alloc(2000) }])])
  assert.throws(() => readTar(whole.subarray(0, 1024)), RangeError)
})
