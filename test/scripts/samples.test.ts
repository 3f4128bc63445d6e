import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../cli/run-bin.ts'
import { SAMPLES } from '../support/sample.ts'

/** Pages that show commands without their output, each with the reason. */
const WITHOUT: Readonly<Record<string, string>> = {
  'from-source.md': 'the output is that of docker, which the tests do not have',
  'gitops.md': 'the command writes a file and prints nothing',
  'mainland-china.md': 'the outputs are those of crane, of helm and of an upload',
  'performance.md': 'the output of the bench is the tables of the page',
  'release.md': 'what a maintainer runs: its output is the release',
  'reliability.md': 'the output of the tests is the tables of the page',
  'scale.md': 'the output of the bench is the tables of the page',
  'verify.md': 'there is no release yet that could be verified',
}

/** Pages with outputs that are not snippets, and the tests that compare them with a real run. */
const COMPARED: Readonly<Record<string, string>> = {
  'init.md': 'test/contract/init-page.test.ts',
  'migrate.md': 'test/cluster/passwords.test.ts',
}

const pages = globSync(['README*.md', 'docs/{en,zh}/*.md'], { cwd: ROOT }).sort()
const tests = globSync('test/**/*.ts', { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'))

interface Page {
  readonly path: string
  readonly commands: readonly string[]
  /** Outputs: blocks without a language, or of the language `text`. */
  readonly outputs: readonly string[]
  readonly pictures: readonly string[]
  /** The files that snippets of outputs include. */
  readonly snippets: readonly string[]
}

function readPage(path: string): Page {
  const whole = readFileSync(join(ROOT, path), 'utf8')
  // A file without an extension, such as a Jenkinsfile, is no output.
  const text = whole.replaceAll(/<!-- snippet: (?!\S+\.txt -->)\S+ -->\n```\n[\s\S]*?<!-- \/snippet -->/g, '')
  const blocks = [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map(([, , language = '', block = '']) => {
    return { language, block }
  })
  return {
    path,
    commands: blocks.filter(({ language }) => language === 'sh').map(({ block }) => block),
    outputs: blocks.filter(({ language }) => language === '' || language === 'text').map(({ block }) => block),
    pictures: [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, picture = '']) => picture),
    snippets: [...text.matchAll(/<!-- snippet: (\S+\.txt) -->/g)].map(([, file = '']) => file),
  }
}

test('a page that shows a command also shows what the command prints, or what it opens', () => {
  const without = pages
    .map(readPage)
    .filter(({ commands, outputs, pictures }) => commands.length > 0 && outputs.length + pictures.length === 0)
    .map(({ path }) => path)
  const expected = pages.filter((path) => Object.hasOwn(WITHOUT, basename(path)) && !path.startsWith('README'))
  assert.deepEqual(
    without.filter((path) => !expected.includes(path)),
    [],
    'a page without output',
  )
})

test('every exception is a page that shows a command without its output', () => {
  for (const name of Object.keys(WITHOUT)) {
    const { commands, outputs } = readPage(`docs/en/${name}`)
    assert.deepEqual([commands.length > 0, outputs.length], [true, 0], name)
  }
})

test('an output on a page comes from a test that compares it with a run', () => {
  for (const { path, outputs, snippets } of pages.map(readPage)) {
    const compared = COMPARED[basename(path)]
    assert.ok(compared !== undefined || outputs.length === snippets.length, `${path}: an output that is no snippet`)
    if (compared !== undefined) assert.match(readFileSync(join(ROOT, compared), 'utf8'), /docs[^\n]*\.md/)
    for (const file of snippets) {
      const name = basename(file, '.txt')
      assert.ok(
        tests.some((text) => text.includes(`expectSample('${name}'`) || text.includes(`/${name}.txt'`)),
        `${path}: no test writes ${file}`,
      )
    }
  }
})

test('every sample is on a page, in both languages', () => {
  const shown = pages.map(readPage)
  for (const file of globSync('*.txt', { cwd: SAMPLES })) {
    const showing = shown.filter(({ snippets }) => snippets.includes(`test/samples/${file}`)).map(({ path }) => path)
    const [english, chinese] = [/^(docs\/en|README\.md)/, /^(docs\/zh|README\.zh)/].map((language) => {
      return showing.filter((path) => language.test(path)).length
    })
    assert.ok(english !== undefined && english > 0, file)
    assert.equal(english, chinese, file)
  }
})
