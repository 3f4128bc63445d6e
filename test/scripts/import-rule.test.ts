import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaOf, findImportProblems, MAY_IMPORT, readImports } from '../../scripts/check/import-rule.ts'

const problems = (files: Record<string, string>) => findImportProblems(new Map(Object.entries(files)))
const imports = (target: string) => `import { x } from '${target}'\n`

test('every import against the arrow is rejected, and every import along the arrow is accepted', () => {
  // One line for each area, in the order of the drawing in ARCHITECTURE.md.
  const order = [
    ['root'],
    ['lib'],
    ['alibaba', 'kube', 'values', 'helm'],
    ['acr', 'policy', 'installation'],
    ['helper', 'rollout', 'doctor', 'migrate'],
    ['cli', 'action'],
  ]
  const file = (area: string) =>
    area === 'root' ? 'src/errors.ts' : area === 'action' ? 'action/main.ts' : `src/${area}/a.ts`
  for (const [level, areas] of order.entries()) {
    for (const from of areas) {
      for (const [other, targets] of order.entries()) {
        for (const to of targets.filter((target) => target !== from)) {
          const target = `${from === 'action' ? '..' : from === 'root' ? '..' : '../..'}/${file(to)}`
          const found = problems({ [file(from)]: imports(target) })
          const expected = other < level ? [] : [`${file(from)}: ${from} must not import ${to} (${file(to)})`]
          assert.deepEqual(found, expected, `${from} -> ${to}`)
        }
      }
    }
  }
})

test('the product imports neither the sandbox nor the tools, and the sandbox may import product and tools', () => {
  const mayImport = (area: string): string[] =>
    Object.keys(MAY_IMPORT).filter((one) => MAY_IMPORT[one]?.includes(area) === true)
  assert.deepEqual([mayImport('sandbox'), mayImport('tools')], [[], ['sandbox']])
  assert.deepEqual(problems({ 'src/helper/a.ts': imports('../../sandbox/cloud/start-cloud.ts') }), [
    'src/helper/a.ts: helper must not import sandbox (sandbox/cloud/start-cloud.ts)',
  ])
})

test('a type, a re-export, a side effect and an import() break the rule like any other', () => {
  const forms = [
    `import type { X } from '../rollout/x.ts'`,
    `import {\n  type X,\n  y,\n} from '../rollout/x.ts'`,
    `export { x } from '../rollout/x.ts'`,
    `export * from '../rollout/x.ts'`,
    `import '../rollout/x.ts'`,
    `const x = await import('../rollout/x.ts')`,
    `export type X = import('../rollout/x.ts').X`,
  ]
  for (const form of forms) {
    assert.deepEqual(
      problems({ 'src/kube/a.ts': form }),
      ['src/kube/a.ts: kube must not import rollout (src/rollout/x.ts)'],
      form,
    )
  }
})

test('product code imports neither tests nor scripts; the schemas and package.json are data for all', () => {
  assert.deepEqual(problems({ 'src/kube/a.ts': imports('../../test/support/eventually.ts') }), [
    'src/kube/a.ts: kube must not import test (test/support/eventually.ts)',
  ])
  assert.deepEqual(
    problems({
      'src/values/a.ts': imports('../../chart/values.schema.json'),
      'src/version.ts': imports('../package.json'),
    }),
    [],
  )
})

test('a new folder must first be added to the rule', () => {
  assert.match(problems({ 'src/misc/a.ts': '' })[0] ?? '', /^src\/misc\/a\.ts: 'misc' is not a known area/)
})

test('a cycle between files is found: a long cycle, a cycle of types only, and a cycle that import() closes', () => {
  const a = {
    'src/kube/a.ts': imports('./b.ts'),
    'src/kube/b.ts': `import type { C } from './c.ts'\n`,
    'src/kube/c.ts': imports('./a.ts'),
  }
  const cycle = ['circle of files src/kube/a.ts, src/kube/b.ts, src/kube/c.ts']
  assert.deepEqual(problems(a), cycle)
  assert.deepEqual(problems({ ...a, 'src/kube/c.ts': `const later = () => import('./a.ts')` }), cycle)
})

test('folders next to each other must not import each other in a cycle of any length; a folder and a folder inside it may', () => {
  const beside = {
    'src/rollout/run/a.ts': imports('../deploy/b.ts'),
    'src/rollout/run/c.ts': '',
    'src/rollout/deploy/b.ts': '',
    'src/rollout/deploy/d.ts': imports('../run/c.ts'),
  }
  assert.deepEqual(problems(beside), [
    'circle of folders src/rollout/deploy, src/rollout/run: src/rollout/deploy/d.ts imports src/rollout/run/c.ts, src/rollout/run/a.ts imports src/rollout/deploy/b.ts',
  ])
  const longer = {
    'src/rollout/run/a.ts': imports('../deploy/b.ts'),
    'src/rollout/deploy/b.ts': imports('../verify/c.ts'),
    'src/rollout/deploy/d.ts': '',
    'src/rollout/verify/c.ts': '',
    'src/rollout/verify/e.ts': imports('../run/f.ts'),
    'src/rollout/run/f.ts': '',
    'src/rollout/inputs/g.ts': imports('../run/f.ts'),
  }
  assert.deepEqual(problems(longer), [
    'circle of folders src/rollout/deploy, src/rollout/run, src/rollout/verify: src/rollout/deploy/b.ts imports src/rollout/verify/c.ts, src/rollout/run/a.ts imports src/rollout/deploy/b.ts, src/rollout/verify/e.ts imports src/rollout/run/f.ts',
  ])
  const nested = {
    'src/rollout/a.ts': imports('./deploy/b.ts'),
    'src/rollout/c.ts': '',
    'src/rollout/deploy/b.ts': imports('../c.ts'),
  }
  assert.deepEqual(problems(nested), [])
})

test('text that only looks like an import is ignored', () => {
  const source = `// import { x } from '../rollout/x.ts'
/* import('../rollout/x.ts') */
const text = 'a // b'
const from = '../rollout/x.ts'
export const important = { from }
`
  assert.deepEqual(readImports('src/kube/a.ts', source), [])
  assert.deepEqual(readImports('src/kube/a.ts', `import { a } from 'yaml'\nimport b from './b.ts'\n`), [
    'yaml',
    'src/kube/b.ts',
  ])
})

test('a file belongs to the area of its folder', () => {
  const files = ['src/errors.ts', 'src/error-codes/kube.ts', 'src/kube/x/y.ts', 'action/main.ts', 'package.json']
  assert.deepEqual(files.map(areaOf), ['root', 'root', 'kube', 'action', 'package.json'])
})
