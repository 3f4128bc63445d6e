import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { formatPlace } from '../../src/errors.ts'
import { judgeValues, type LoadedValues } from '../../src/values/load-values.ts'
import type { Schema } from '../../src/values/schema/schema.ts'
import { decodeText } from '../../src/values/yaml/decode-text.ts'
import { openHelm, type TestHelm } from '../support/chart/chart.ts'
import { goJson } from '../support/chart/go-json.ts'
import { helmReading, helmVerdicts, makeProbeChart, type ProbeChart } from '../support/chart/probe-chart.ts'
import { readCorpus } from '../support/chart/values-corpus.ts'
import type { ValuesCase } from '../support/chart/values-traps.ts'

const GOLDEN = fileURLToPath(new URL('golden/values-corpus.txt', import.meta.url))
const root = new URL('../../', import.meta.url)
const schemaText = await readFile(new URL('chart/values.schema.json', root), 'utf8')
const defaults = { name: 'chart/values.yaml', text: await readFile(new URL('chart/values.yaml', root), 'utf8') }
const { written, made } = await readCorpus(JSON.parse(schemaText) as Schema)
const corpus = [...written, ...made]
const ours = corpus.map(({ files }) => {
  const sources = files.map((bytes, index) => ({ name: `${'abcd'.charAt(index)}.yaml`, text: decodeText(bytes) }))
  // Like the command line tool, without reading chart/values.yaml; Helm below reads it.
  return judgeValues({ files: sources })
})

/** Concurrent runs of Helm: each uses mostly one thread. */
const CONCURRENCY = 2

let helm: TestHelm
let probe: ProbeChart
/** How Helm reads each case, as JSON in its own bytes. Undefined if Helm rejects the case. */
let readings: readonly (string | undefined)[]
before(async () => {
  helm = await openHelm()
  probe = await makeProbeChart(defaults.text, schemaText)
  const paths: string[][] = []
  for (const { files } of corpus) paths.push(await Promise.all(files.map((bytes) => probe.file(bytes))))
  readings = await readAll(paths)
})
after(async () => {
  for (const resource of [helm, probe]) await resource[Symbol.asyncDispose]()
})

async function readAll(paths: readonly string[][]): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = []
  const queue = paths.entries()
  const worker = async (): Promise<void> => {
    for (const [index, files] of queue) found[index] = await helmReading(helm, probe, files)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return found
}

/** Yields each case with our result and Helm's. */
function* results(): Generator<ValuesCase & { mine: LoadedValues; theirs: string | undefined }> {
  for (const [index, one] of corpus.entries()) {
    const mine = ours[index]
    assert.ok(mine)
    yield { ...one, mine, theirs: readings[index] }
  }
}

/** Returns only the top-level keys that differ, because a whole tree would hide the difference. */
function difference(mine: Readonly<Record<string, unknown>>, theirs: string | undefined): object {
  if (theirs === undefined) return { theirs }
  const other = JSON.parse(theirs) as Readonly<Record<string, unknown>>
  const keys = [...new Set([...Object.keys(mine), ...Object.keys(other)])]
  const differing = keys.filter((key) => goJson(mine[key]) !== goJson(other[key]))
  if (differing.length === 0) return { mine: goJson(mine), theirs }
  return Object.fromEntries(differing.map((key) => [key, { mine: mine[key], theirs: other[key] }]))
}

function show(files: readonly Buffer[]): string {
  return files.map((bytes) => bytes.toString('utf8').slice(0, 1500)).join('+++\n')
}

test('P11 we read a chain of files exactly as Helm does, byte for byte as JSON', (context) => {
  const differing: unknown[] = []
  let read = 0
  for (const { title, files, mine, theirs } of results()) {
    if (mine.merged === undefined) continue
    read += 1
    if (goJson(mine.merged) !== theirs)
      differing.push({ title, files: show(files), ...difference(mine.merged, theirs) })
  }
  assert.deepEqual(differing, [])
  context.diagnostic(`${corpus.length} cases, ${read} read alike`)
  assert.ok(corpus.length >= 400 && read > corpus.length / 3)
})

test('P11 files that Helm cannot read are rejected with the correct notation', () => {
  for (const { title, files, mine, theirs } of results()) {
    if (theirs === undefined) assert.equal(mine.merged, undefined, `${title} is accepted\n${show(files)}`)
    if (mine.merged !== undefined) continue
    const refusals = mine.errors.filter(({ code }) => code.startsWith('YAML_'))
    assert.ok(refusals.length > 0, `${title}: no refusal names its reason`)
    for (const { code, hint, message } of refusals) {
      assert.notEqual(hint, '', title)
      if (code === 'YAML_AMBIGUOUS') assert.match(`${message} ${hint}`, /quote|write it|plain|take one of/i, title)
    }
  }
})

test("P11 Helm's schema check accepts what we accept, and nothing else", async (context) => {
  const judged = [...results()].filter(({ mine }) => mine.helmAccepts !== undefined)
  for (let start = 0; start < judged.length; start += 150) {
    const part = judged.slice(start, start + 150)
    const values = part.map((one) => JSON.parse(one.theirs ?? 'null'))
    const theirs = await helmVerdicts(helm, schemaText, values)
    const differing = part.filter(({ mine }, at) => mine.helmAccepts !== theirs[at])
    assert.deepEqual(
      differing.map(({ title, files }) => ({ title, files: show(files) })),
      [],
    )
  }
  const accepted = judged.filter(({ mine }) => mine.helmAccepts).length
  context.diagnostic(`${accepted} of ${judged.length} accepted`)
  assert.ok(accepted > 100 && accepted < judged.length - 100, 'a corpus with both verdicts')
})

test('P11 every rejection in the corpus is reviewed', async () => {
  const text = `${written.map((one, index) => `${one.title}\n${verdict(ours[index])}\n`).join('\n')}\n${generatedMessages()}`
  if (process.env.UPDATE_GOLDEN) await writeFile(GOLDEN, text)
  assert.equal(await readFile(GOLDEN, 'utf8'), text, 'the messages have changed: read them, then UPDATE_GOLDEN=1')
})

function verdict(mine: LoadedValues | undefined): string {
  if (mine === undefined || mine.errors.length + mine.warnings.length === 0) return '  valid'
  const lines = [...mine.errors, ...mine.warnings].map(({ place, code, message, hint }) => {
    // The position and the number of stack overflows vary between runs.
    if (message === 'the file is nested too deeply') return `  ${place.file}: ${code}: ${message}\n    fix: ${hint}`
    return `  ${formatPlace(place)}: ${code}: ${message}\n    fix: ${hint}`
  })
  const more = lines.length > 12 ? [`  … ${lines.length - 12} more`] : []
  return [...new Set(lines.slice(0, 12)), ...more].join('\n')
}

/** Returns the messages of the generated cases, each once and without its subject. */
function generatedMessages(): string {
  const messages = new Map<string, string>()
  for (const { errors } of ours.slice(written.length)) {
    for (const { code, message, hint } of errors) {
      const key = `${code}: ${message.replaceAll(/`[^`]*`|"[^"]*"|\d+/g, '_')}`
      if (!messages.has(key)) messages.set(key, `${code}: ${message}\n    fix: ${hint}`)
    }
  }
  const lines = [...messages].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => `  ${line}`)
  return `made of the chart's scenarios: each kind of sentence once\n${lines.join('\n')}\n`
}
