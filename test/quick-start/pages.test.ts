import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/registry/release-registry.ts'
import { readSteps } from './support/read-page.ts'

test('every quick start has a test that follows it', () => {
  const pages = globSync('docs/en/quick-start-*.md', { cwd: ROOT }).sort()
  const tests = globSync('test/quick-start/*.test.ts', { cwd: ROOT }).map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  )
  assert.ok(pages.length >= 3)
  for (const page of pages) {
    const name = /(quick-start-.*)\.md$/.exec(page)?.[1]
    assert.ok(
      tests.some((text) => text.includes(`docsPage('${name}')`)),
      page,
    )
  }
})

for (const page of ['README.md', 'README.zh-CN.md']) {
  test(`every file that ${page} shows has its name above it`, () => {
    const steps = readSteps(readFileSync(join(ROOT, page), 'utf8'))
    assert.deepEqual(
      steps.flatMap((step) => (step.kind === 'file' ? step.path : [])),
      ['values.yaml', '.github/workflows/acr-nopass.yml', 'rrsa.yaml'],
    )
  })
}

/**
 * What a reader has to replace, by its form: ids, accounts, domains, and a repository on GitHub.
 */
const EXAMPLE =
  /\bc[0-9a-f]{32}\b|\bcri-\w+|\b14\d{14}\b|\b(?:[\w-]+\.cn-hangzhou\.cr\.aliyuncs\.com|images\.example\.com)\/[\w/]+:1\b|\bcn-hangzhou\b|\bacme\/\w+/g

for (const page of globSync('docs/*/quick-start-*.md', { cwd: ROOT }).sort()) {
  test(`every example value of ${page} is named at the top, and everything that is named there is used`, () => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    const named = new Set(
      text
        .split(/^### (?:Replace these values|替换这些值)$/m)[1]
        ?.split(/^## /m)[0]
        ?.split('\n')
        .filter((line) => line.startsWith('| `'))
        .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, value = '']) => value)),
    )
    assert.ok(named.size >= 5, page)
    const blocks = readSteps(text)
      .map((step) => step.text)
      .join('\n')
    const used = new Set(blocks.match(EXAMPLE))
    assert.deepEqual([...used].filter((value) => !named.has(value)).sort(), [])
    assert.deepEqual([...named].filter((value) => !blocks.includes(value)).sort(), [])
  })
}

test('a block is a file with its name above it, or commands; anything else is an error because it would not be tested', () => {
  const page = ['Write `a/b.yaml`:', '', '```yaml', 'key: 1', '```', '', '```sh', 'ls', '```', ''].join('\n')
  assert.deepEqual(readSteps(page), [
    { kind: 'file', path: 'a/b.yaml', text: 'key: 1\n', line: 3 },
    { kind: 'commands', text: 'ls\n', line: 7 },
  ])
  assert.throws(() => readSteps('Write it:\n\n```yaml\nkey: 1\n```\n'), /line 3: .* name of the file/)
  assert.throws(
    () => readSteps('```powershell\ndir\n```\n'),
    /line 1: no test runs a block of the language "powershell"/,
  )
})
