import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The outputs that pages show as snippets. */
export const SAMPLES: string = join(import.meta.dirname, '../samples')

/** Parts of an output that differ from run to run, and what pages show instead. */
export type Changing = readonly (readonly [RegExp, string])[]

/**
 * Compares the output of a command with the one that pages show. `UPDATE_GOLDEN=1` writes the file;
 * `npm run generate` then writes the pages.
 */
export function expectSample(name: string, output: string, changing: Changing = []): void {
  const text = changing.reduce((result, [part, shown]) => result.replaceAll(part, shown), `${output.trimEnd()}\n`)
  const file = join(SAMPLES, `${name}.txt`)
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text)
  assert.equal(text, readFileSync(file, 'utf8'), `${name}.txt: the page shows another output`)
}
