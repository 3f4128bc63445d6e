import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import schemaFile from '../../chart/values.schema.json' with { type: 'json' }
import { loadValues } from '../../src/values/load-values.ts'
import type { Schema } from '../../src/values/schema/schema.ts'
import { CHART, listScenarios, NEWEST, openHelm } from '../support/chart/chart.ts'
import { mutations } from '../support/chart/schema-values.ts'

/** `FUZZ_RUNS` takes more cases, `FUZZ_SEED` repeats those of a printed seed. */
const numRuns = Number(process.env.FUZZ_RUNS) || 40
const seed = Number(process.env.FUZZ_SEED) || (process.env.FUZZ_RUNS ? Date.now() % 2 ** 31 : 2612)
/** Concurrent runs of Helm: each uses mostly one thread. */
const CONCURRENCY = 2

const helm = await openHelm('helm4')
after(() => helm[Symbol.asyncDispose]())
const schema = schemaFile as Schema

type Values = Readonly<Record<string, unknown>>
const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The chart's scenarios, and the values files that the tests of `validate` are about. */
async function readBases(): Promise<readonly Values[]> {
  const scenarios = (await listScenarios()).map(({ file }) => file)
  const texts = await Promise.all(scenarios.map((file) => readFile(file, 'utf8')))
  const folder = new URL('../values/fixtures/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => /^(check|limit|schema)-cases/.test(name)).toSorted()
  for (const name of names) {
    const cases: readonly { readonly files: readonly string[] }[] = parse(await readFile(new URL(name, folder), 'utf8'))
    texts.push(...cases.flatMap(({ files }) => (files.length === 1 ? files : [])))
  }
  return texts.flatMap((text) => {
    try {
      const value: unknown = parse(text)
      return isValues(value) && isValues(value.identity) ? [value] : []
    } catch {
      return []
    }
  })
}

const bases = await readBases()
/** Also takes whole keys, such as `registries`, from other files. */
const borrow = fc.constantFrom(...bases).chain((other) =>
  fc.constantFrom(...Object.keys(other)).map((key) => (tree: unknown): unknown => ({
    ...(tree as Values),
    [key]: other[key],
  })),
)
const ENTRY_KEYS = [
  'targets',
  'domains',
  'repositories',
  'limit',
  'assumeRole',
  'network',
  'edition',
  'instanceId',
  'region',
  'probe',
]
/** Puts a key of another file's registry into a registry, or joins the registries of two files. */
const ofEntry = fc
  .tuple(fc.constantFrom(...bases), fc.constantFrom(...ENTRY_KEYS, '+'), fc.nat(), fc.nat())
  .map(([other, key, mine, theirs]) => (tree: unknown): unknown => {
    const own = (tree as Values).registries
    const from = other.registries
    if (!Array.isArray(own) || !Array.isArray(from) || own.length === 0 || from.length === 0) return tree
    if (key === '+') return { ...(tree as Values), registries: [...own, ...from].slice(0, 4) }
    const at = mine % own.length
    const value = (from[theirs % from.length] as Values | null)?.[key]
    if (!isValues(own[at])) return tree
    const { [key]: _, ...rest } = own[at]
    return {
      ...(tree as Values),
      registries: own.toSpliced(at, 1, value === undefined ? rest : { ...rest, [key]: value }),
    }
  })
const change = fc.oneof(
  { weight: 2, arbitrary: mutations(schema, schema) },
  { weight: 3, arbitrary: borrow },
  { weight: 4, arbitrary: ofEntry },
)
const mutant = fc
  .tuple(fc.constantFrom(...bases), fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([base, changes]) => changes.reduce<unknown>((tree, one) => one(tree), base))
  .filter(isValues)

const CHART_ARGUMENTS = ['template', 'r', CHART, '--namespace', 'acr-system', '--kube-version', NEWEST]

test('P11 the verdict of `validate` on mutated values is that of Helm with the chart', async (context) => {
  context.diagnostic(`seed ${seed}`)
  const counts = { accepted: 0, refused: 0 }
  const differing: string[] = []
  const queue = fc.sample(mutant, { numRuns, seed }).values()
  const worker = async (): Promise<void> => {
    for (const values of queue) {
      const { errors } = loadValues({ files: [{ name: 'a.yaml', text: JSON.stringify(values) }] })
      const { code, stderr } = await helm.run(CHART_ARGUMENTS, [values])
      counts[code === 0 ? 'accepted' : 'refused'] += 1
      if ((errors.length === 0) === (code === 0)) continue
      differing.push(`${errors.map(({ message }) => message).join('; ')}\n${stderr}\n${stringify(values)}`)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  context.diagnostic(`${counts.accepted} accepted, ${counts.refused} refused by Helm`)
  assert.deepEqual(differing, [])
  assert.ok(counts.accepted >= numRuns / 20 && counts.refused > 0, 'cases with both verdicts')
})
