import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type VolumeContent, writeVolume } from '../../../../sandbox/nodes/process/pod-volumes.ts'

const root = mkdtempSync(join(tmpdir(), 'acr-nopass-test-'))
after(() => rmSync(root, { recursive: true, force: true }))

const content = (files: Record<string, string>): VolumeContent =>
  new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]))

test('a volume is updated atomically by switching one link, and removed files disappear', () => {
  const folder = join(root, 'v')
  writeVolume(folder, content({ 'a.yaml': '1', 'sub/b': '2', old: '3' }), 'v1')
  assert.equal(readFileSync(join(folder, 'a.yaml'), 'utf8'), '1')
  assert.equal(readFileSync(join(folder, 'sub/b'), 'utf8'), '2')
  assert.equal(statSync(join(folder, 'a.yaml')).mode & 0o777, 0o600)
  assert.equal(readlinkSync(join(folder, 'a.yaml')), '..data/a.yaml')
  writeVolume(folder, content({ 'a.yaml': 'one', 'sub/b': 'two', fresh: 'four' }), 'v2')
  assert.equal(readFileSync(join(folder, 'a.yaml'), 'utf8'), 'one')
  assert.equal(readFileSync(join(folder, 'fresh'), 'utf8'), 'four')
  assert.deepEqual(readdirSync(folder).sort(), ['..data', '..v2', 'a.yaml', 'fresh', 'sub'])
})
