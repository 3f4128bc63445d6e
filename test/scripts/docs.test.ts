import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { errorTables, readChineseRows } from '../../scripts/generate-docs/errors-page.ts'
import { findPages } from '../../scripts/generate-docs/pages.ts'
import { fillSnippets } from '../../scripts/generate-docs/snippets.ts'
import { UNVERIFIED } from '../../src/alibaba/unverified.ts'
import { ERROR_CODES } from '../../src/error-codes.ts'
import { VERSION } from '../../src/version.ts'

const root = join(import.meta.dirname, '../..')

test('a snippet is the file that the page names, without its leading comments', () => {
  const page = 'a\n<!-- snippet: x.yaml -->\nold\n<!-- /snippet -->\nb\n'
  const filled = fillSnippets(page, () => '# hint\n# more\n\nkey: 1 # stays\n')
  assert.equal(filled, 'a\n<!-- snippet: x.yaml -->\n```yaml\nkey: 1 # stays\n```\n<!-- /snippet -->\nb\n')
  assert.equal(
    fillSnippets(filled, () => '# hint\n# more\n\nkey: 1 # stays\n'),
    filled,
  )
})

test('a workflow is shown as readers use it: with the released action, and without the address of an emulated cloud', () => {
  const file =
    'steps:\n  - uses: ./ # in your repository\n    with:\n      mode: plan\n      endpoints: ' +
    '$' +
    '{{ vars.ALIBABA_CLOUD_ENDPOINTS }} # x\n'
  const [major] = VERSION.split('.')
  assert.equal(
    fillSnippets('<!-- snippet: x.yml -->\n<!-- /snippet -->', () => file),
    `<!-- snippet: x.yml -->\n\`\`\`yaml\nsteps:\n  - uses: acr-nopass/acr-nopass@v${major}\n    with:\n      mode: plan\n\`\`\`\n<!-- /snippet -->`,
  )
})

test('a script is shown with the released chart', () => {
  const shown = fillSnippets(
    '<!-- snippet: x.sh -->\n<!-- /snippet -->',
    () => 'helm upgrade acr-nopass ./chart --wait\n',
  )
  assert.match(
    shown,
    new RegExp(
      `^helm upgrade acr-nopass oci://ghcr\\.io/acr-nopass/charts/acr-nopass --version ${VERSION} --wait$`,
      'm',
    ),
  )
})

test('every error code has a row on the page of errors, in both languages; without a Chinese text it is English, and marked', () => {
  const chinese = readChineseRows((path) => readFileSync(join(root, path), 'utf8'))
  for (const language of ['en', 'zh'] as const) {
    const page = Object.values(errorTables(language, chinese)).join('\n')
    const missing = Object.keys(ERROR_CODES).filter((code) => !page.includes(`| \`${code}\` |`))
    assert.deepEqual(missing, [])
  }
  const { INTERNAL: _internal, ...rest } = chinese
  assert.match(
    errorTables('zh', rest)['errors:general'] ?? '',
    /\| `INTERNAL` \| <!-- untranslated --> acr-nopass failed in an unexpected way\. \|/,
  )
  assert.throws(() => readChineseRows(() => 'GONE: [a, b]'), /errors-zh\.yaml: GONE does not exist/)
})

test('every code that a table of a page explains is in the list of errors, or in that of unverified facts', () => {
  const known = new Set<string>([...Object.keys(ERROR_CODES), ...Object.keys(UNVERIFIED)])
  const unknown = findPages(root).flatMap((page) => {
    const rows = readFileSync(join(root, page), 'utf8').matchAll(/^\| `([A-Z]+(?:_[A-Z]+)+)` \|/gm)
    return [...rows].filter(([, code = '']) => !known.has(code)).map(([, code]) => `${page}: ${code}`)
  })
  assert.deepEqual(unknown, [])
})

test('every label and annotation of acr-nopass.io is explained on the page about the Secret, in both languages', () => {
  const files = globSync(['src/**/*.ts', 'chart/templates/*'], { cwd: root })
  const used = files.flatMap(
    (file) => readFileSync(join(root, file), 'utf8').match(/\bacr-nopass\.io\/[a-z-]*[a-z]/g) ?? [],
  )
  assert.ok(used.length > 10)
  for (const language of ['en', 'zh']) {
    const page = readFileSync(join(root, 'docs', language, 'other-tools.md'), 'utf8')
    const missing = [...new Set(used)].filter((name) => !page.includes(`\`${name}`))
    assert.deepEqual(missing, [], language)
  }
})

test('every npm script and program that a page names exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const unknown = findPages(root).flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8')
    const names = [...text.matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => name)
    return names.filter((name) => !(name in scripts)).map((name) => `${page}: npm run ${name}`)
  })
  assert.deepEqual(unknown, [])
})
