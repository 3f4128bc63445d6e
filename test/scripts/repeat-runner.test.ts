import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { StrykerOptions } from '@stryker-mutator/api/core'
import type { MutantRunOptions } from '@stryker-mutator/api/test-runner'
import { RepeatRunner } from '../../scripts/mutate/repeat-runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'repeat-runner-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0

/** Creates a runner of test files with these sources, as in a new process of Stryker. */
function createRunner(...sources: readonly string[]) {
  const own = join(folder, String(count++))
  mkdirSync(own)
  const files = ['one.test.mjs', 'another.test.mjs'].map((name) => join(own, name)).slice(0, sources.length)
  for (const [index, file] of files.entries())
    writeFileSync(file, `import { test } from 'node:test'\n${sources[index]}`)
  const runner = new RepeatRunner({ repeat: files.toReversed() } as unknown as StrykerOptions)
  const tryMutant = (mutantActivation: MutantRunOptions['mutantActivation'], testFilter?: string[]) =>
    runner.mutantRun({
      activeMutant: { id: '1', fileName: '/src/one.ts' },
      mutantActivation,
      testFilter,
    } as MutantRunOptions)
  return { files, tryMutant, [Symbol.asyncDispose]: () => runner.dispose() }
}

/** Tries mutant `1` of `one.ts` on test files with these sources. */
async function tryMutant(mutantActivation: MutantRunOptions['mutantActivation'], ...sources: readonly string[]) {
  await using runner = createRunner(...sources)
  return await runner.tryMutant(mutantActivation)
}

const failsIfMutated = (where: string): string =>
  `if (globalThis.__stryker__.activeMutant === '1') throw new Error('the ${where} is wrong')`

test('a change that breaks the import of a test file counts as noticed', async () => {
  const source = `${failsIfMutated('import')}\ntest('passes', () => undefined)`
  assert.deepEqual(await tryMutant('static', source), {
    status: 'killed',
    killedBy: [],
    failureMessage: 'the import is wrong',
    nrOfTests: 0,
  })
})

test('a change that no import and no test notices survives, and counts the tests that ran', async () => {
  assert.deepEqual(await tryMutant('static', `test('one', () => undefined)\ntest('two', () => undefined)`), {
    status: 'survived',
    nrOfTests: 2,
  })
})

test('a test that fails with a change notices it', async () => {
  const { status } = await tryMutant('runtime', `test('one', () => { ${failsIfMutated('test')} })`)
  assert.equal(status, 'killed')
})

test('an import that fails before the change takes effect says nothing about the change', async () => {
  await assert.rejects(tryMutant('runtime', `throw new Error('no file can be opened')`), {
    message: 'no file can be opened',
  })
})

test('a change that takes effect during import is tried first on the tests of its file, and on no more once it is noticed', async () => {
  const { status } = await tryMutant('static', `test('one', () => { ${failsIfMutated('test')} })`, 'while (true) {}')
  assert.equal(status, 'killed')
})

test('a change that takes effect later is tried on all files, imported without the change', async () => {
  const imported = `if (globalThis.__stryker__.activeMutant === '1') throw new Error('imported with the change')`
  const sources = ['one', 'two'].map((name) => `${imported}\ntest('${name}', () => undefined)`)
  assert.deepEqual(await tryMutant('runtime', ...sources), { status: 'survived', nrOfTests: 2 })
})

test('a change is tried only on the tests that reach it, and a file without such a test is not imported', async () => {
  const source = `test('one', () => undefined)\ntest('two', () => undefined)`
  await using runner = createRunner(source, `throw new Error('it is not needed')`)
  const result = await runner.tryMutant('runtime', [`${runner.files[0]} #1 two`])
  assert.deepEqual(result, { status: 'survived', nrOfTests: 1 })
})

test('after an earlier change in the same process, a failure counts only if the test passes without the change', async () => {
  const states: unknown[] = []
  Object.assign(globalThis, { states })
  const note = 'states.push(globalThis.__stryker__.activeMutant)'
  await using runner = createRunner(`test('one', () => { ${note}; ${failsIfMutated('test')} })`)
  await runner.tryMutant('runtime')
  assert.deepEqual(states, ['1'])
  await runner.tryMutant('runtime')
  assert.deepEqual(states, ['1', '1', undefined])
})
