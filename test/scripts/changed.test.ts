import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { affectedTests, changedFiles } from '../../scripts/test/changed.ts'

const root = mkdtempSync(join(tmpdir(), 'changed-'))
after(() => rmSync(root, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}

test('a test is affected by its direct and indirect imports, by the programs that it starts, and by itself', () => {
  write({
    'src/a.ts': `import { b } from './b.ts'\n`,
    'src/b.ts': `export const later = () => import('./c.ts')\n`,
    'src/c.ts': '',
    'src/main.ts': `import './c.ts'\n`,
    'test/a.test.ts': `import { a } from '../src/a.ts'\n`,
    'test/b.test.ts': `import type { B } from '../src/b.ts'\n`,
    'test/main.test.ts': `const MAIN = new URL('../src/main.ts', import.meta.url)\n`,
    'test/other.test.ts': `import { test } from 'node:test'\n`,
  })
  const tests = ['test/a.test.ts', 'test/b.test.ts', 'test/main.test.ts', 'test/other.test.ts']
  assert.deepEqual(affectedTests(root, tests, ['src/c.ts']), ['test/a.test.ts', 'test/b.test.ts', 'test/main.test.ts'])
  assert.deepEqual(affectedTests(root, tests, ['src/a.ts']), ['test/a.test.ts'])
  assert.deepEqual(affectedTests(root, tests, ['test/other.test.ts']), ['test/other.test.ts'])
  assert.deepEqual(affectedTests(root, tests, []), [])
})

test('files that are not imported affect the suites that read them: chart, pages, the action, dependencies', () => {
  const tests = ['test/contract/x.test.ts', 'test/cluster/x.test.ts', 'test/scripts/x.test.ts', 'test/action/x.test.ts']
  const affected = (file: string) => affectedTests(root, tests, [file]).map((name) => name.split('/')[1])
  assert.deepEqual(affected('chart/values.yaml'), ['contract', 'cluster'])
  assert.deepEqual(affected('docs/en/values.md'), ['contract', 'scripts'])
  assert.deepEqual(affected('action.yml'), ['contract', 'action'])
  assert.deepEqual(affected('package-lock.json'), ['contract', 'cluster', 'scripts', 'action'])
})

test('files that differ from the commit, and untracked files, count as changed', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args])
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', 'first')
  write({ 'src/a.ts': 'export const a = 1\n', 'src/new.ts': '' })
  assert.deepEqual([...changedFiles(root, 'HEAD')].sort(), ['src/a.ts', 'src/new.ts'])
})
