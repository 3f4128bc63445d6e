import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import type { Schema } from '../../../src/values/schema/schema.ts'
import { listScenarios } from './chart.ts'
import { mutations } from './schema-values.ts'
import { largeTraps, readTraps, type ValuesCase, wordTraps } from './values-traps.ts'
import { QUIRKS } from './yaml-quirks.ts'

/**
 * All cases of the corpus, written by hand or generated from the chart's scenarios. They are the
 * same in every run.
 */
export interface ValuesCorpus {
  /** Each case has its own entry in the golden file. */
  readonly written: readonly ValuesCase[]
  readonly made: readonly ValuesCase[]
}

const MADE = { texts: 100, files: 80, chains: 70 }

/** Reads and generates the corpus. */
export async function readCorpus(schema: Schema): Promise<ValuesCorpus> {
  const quirks = QUIRKS.map((text) => ({
    title: `quirk: ${JSON.stringify(text.slice(0, 60))}`,
    files: [Buffer.from(text)],
  }))
  const scenarios = await readScenarios()
  const changed = fc
    .tuple(fc.constantFrom(...scenarios), fc.array(mutations(schema, schema), { minLength: 1, maxLength: 3 }))
    .map(([base, changes]) => asYaml(changes.reduce<unknown>((tree, change) => change(tree), parse(base))))
  const garbled = fc
    .tuple(
      fc.constantFrom(...scenarios),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...GARBLES)), { minLength: 1, maxLength: 2 }),
    )
    .map(([base, changes]) => changes.reduce((text, [where, garble]) => garbleAt(text, where, garble), base))
  const chains = fc.array(fc.oneof({ weight: 3, arbitrary: changed }, garbled), { minLength: 2, maxLength: 4 })
  return {
    written: [...(await readTraps()), ...wordTraps(), ...largeTraps(), ...quirks],
    made: [
      ...fc.sample(garbled, { numRuns: MADE.texts, seed: 31 }).map((text) => [text]),
      ...fc.sample(changed, { numRuns: MADE.files, seed: 32 }).map((text) => [text]),
      ...fc.sample(chains, { numRuns: MADE.chains, seed: 33 }),
    ].map((texts, index) => ({ title: `made: ${index}`, files: texts.map((text) => Buffer.from(text)) })),
  }
}

/** Reads the values of the chart's scenarios and of the examples. */
async function readScenarios(): Promise<readonly string[]> {
  const examples = fileURLToPath(new URL('../../../examples/values/', import.meta.url))
  const files = [
    ...(await listScenarios()).map(({ file }) => file),
    ...(await readdir(examples)).toSorted().map((name) => `${examples}${name}`),
  ]
  return await Promise.all(files.map((file) => readFile(file, 'utf8')))
}

function asYaml(value: unknown): string {
  return stringify(typeof value === 'object' && !Array.isArray(value) ? value : {}, { version: '1.1' })
}

/** Typical mistakes in an editor: each function returns the changed line. */
const GARBLES: readonly ((line: string, where: number) => string)[] = [
  (line) => `${line}\n${line}`,
  (line) => ` ${line}`,
  (line) => line.replace(/^ {2}/, '\t'),
  (line) => line.replace(/^ /, ''),
  (line) => line.replace(': ', ':'),
  (line) => line.replaceAll(/["']/g, ''),
  (line) => line.replace(/["'\]}]\s*$/, ''),
  (line) => line.replace(/: .*/, ': yes'),
  (line) => line.replace(/: .*/, ':'),
  (line) => line.replace(/: .*/, ': 0123'),
  (line) => line.replace(/- /, '-'),
  (line) => line.replace(/(\w+):/, (_, key: string) => `${key.toUpperCase()}:`),
  (line) => line.replace(/: /, ': &a '),
  (line) => line.replace(/: .*/, ': *a'),
  (line) => line.replace(/: .*/, ': !x y'),
  (line) => line.replace(/: .*/, ': |'),
  (line, where) => line.slice(0, where % (line.length + 1)),
  (line, where) => line.slice(0, where % (line.length + 1)) + line.slice((where % (line.length + 1)) + 1),
  (line) => `---\n${line}`,
  (line) => `# ${line}`,
  () => '',
]

function garbleAt(text: string, where: number, garble: (line: string, where: number) => string): string {
  const lines = text.split('\n')
  const written = lines.flatMap((line, index) => (/^\s*[^#\s]/.test(line) ? [index] : []))
  const at = written[where % written.length] ?? 0
  return lines.toSpliced(at, 1, garble(lines[at] ?? '', where >>> 8)).join('\n')
}
