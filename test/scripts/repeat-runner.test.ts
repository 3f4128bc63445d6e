import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { StrykerOptions } from '@stryker-mutator/api/core'
import type { MutantRunOptions } from '@stryker-mutator/api/test-runner'
import { RepeatRunner } from '../../scripts/mutate/repeat-runner.ts'

/** Tries mutant `1` of `one.ts` on test files, as Stryker tries it in a new process. */
async function tryMutant(mutantActivation: MutantRunOptions['mutantActivation'], ...sources: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'repeat-runner-'))
  try {
    const files = ['one.test.mjs', 'another.test.mjs'].map((name) => join(folder, name)).slice(0, sources.length)
    for (const [index, file] of files.entries())
      writeFileSync(file, `import { test } from 'node:test'\n${sources[index]}`)
    const runner = new RepeatRunner({ repeat: files.toReversed() } as unknown as StrykerOptions)
    try {
      return await runner.mutantRun({
        activeMutant: { id: '1', fileName: '/src/one.ts' },
        mutantActivation,
      } as MutantRunOptions)
    } finally {
      await runner.dispose()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
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
