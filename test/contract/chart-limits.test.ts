import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { loadValues } from '../../src/values/load-values.ts'
import { openHelm } from '../support/chart/chart.ts'
import { openNotesChart } from '../support/chart/notes-chart.ts'
import { readCases } from '../values/fixtures/error-case.ts'

// The cases of the tests of `validate`, with both Helms.

const helm = await openHelm()
const chart = await openNotesChart()
after(() => Promise.all([helm, chart].map((resource) => resource[Symbol.asyncDispose]())))

const cases = await readCases('limit-cases')
const ROLE = 'acs:ram::1234567890123456:role/helper'
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c123'
const rrsa = { identity: { rrsa: { roleArn: ROLE, oidcProviderArn: PROVIDER } } }
const layersOf = (files: readonly string[], isRrsa = false) => [
  ...files.map((text) => parse(text, { merge: true }) as object),
  ...(isRrsa ? [rrsa] : []),
]
for (const { title, files, rrsaComesLater, expected } of cases) {
  const values = layersOf(files, rrsaComesLater)
  const { registries } = values[0] as { registries: readonly { name: string }[] }
  // Helm shows one problem, so each expected error is a test with only the entries that it names.
  for (const { code, message } of expected) {
    test(`P11 Helm refuses as validate does: ${title}: ${message}`, async () => {
      const named = [...message.matchAll(/`registries\[(\d+)\]/g)].map(([, index]) => Number(index))
      const indexes = [...new Set(named)].sort()
      const entries = indexes.flatMap((index) => registries[index] ?? [])
      const key = /^`registries\[\d+\]\.(\w+)`/.exec(message)?.[1] ?? ''
      const refusal = await helm.refusal({ values: [...values, { registries: entries }] })
      const others = expected.filter((one) => one.message !== message)
      const isOnly = !others.some((one) => indexes.some((index) => one.message.includes(`registries[${index}]`)))
      if (code.startsWith('SCHEMA_')) assert.match(refusal, /schema/)
      else if (isOnly)
        for (const word of [key, ...entries.map(({ name }) => name)]) assert.match(refusal, new RegExp(`\\b${word}\\b`))
    })
  }
  if (expected.length > 0) continue
  test(`P13 Helm accepts, and its notes name the entries that validate warns of: ${title}`, async () => {
    const sources = files.map((text, index) => ({ name: `${index}.yaml`, text }))
    const { warnings } = loadValues({ files: sources, rrsaComesLater })
    const nameAt = (index: string): string => registries[Number(index)]?.name ?? ''
    const shown = warnings.map(({ message }) =>
      [...message.matchAll(/`registries\[(\d+)\]`/g)].map(([, index = '']) => nameAt(index)),
    )
    const notes = await chart.notes(helm, values)
    const lines = [...notes.matchAll(/the credential of (\S+) may also pull the repositories of (.+)$/gm)]
    // The warning names three entries, the notes all.
    assert.deepEqual(
      lines.map(([, own, others = '']) => [own, ...others.split(', ').slice(0, 3)]),
      shown,
    )
    assert.equal(notes.includes('write limit: repositories'), shown.length > 0)
  })
}
