import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { loadValues } from '../../src/values/load-values.ts'
import { openHelm } from '../support/chart/chart.ts'
import { openNotesChart } from '../support/chart/notes-chart.ts'
import { readCases } from '../values/fixtures/error-case.ts'

// The same cases as of `validate`, with both Helms.

const helms = [await openHelm('helm4'), await openHelm('helm3')]
const chart = await openNotesChart()
after(() => Promise.all([...helms, chart].map((resource) => resource[Symbol.asyncDispose]())))

const cases = await readCases('limit-cases')
const ROLE = 'acs:ram::1234567890123456:role/helper'
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c123'
const rrsa = { identity: { rrsa: { roleArn: ROLE, oidcProviderArn: PROVIDER } } }
const layersOf = (files: readonly string[], isRrsa = false) => [
  ...files.map((text) => parse(text) as object),
  ...(isRrsa ? [rrsa] : []),
]
/** The chart does not compare the namespaces of two entries. */
const ONLY_VALIDATE = /for the same namespaces/

for (const { title, files, rrsaComesLater, expected } of cases) {
  const isRefused = expected.some(({ message }) => !ONLY_VALIDATE.test(message))
  test(`P11 Helm ${isRefused ? 'refuses' : 'accepts'} as validate does: ${title}`, async () => {
    for (const helm of helms) {
      const values = layersOf(files, rrsaComesLater)
      if (!isRefused) await helm.render({ values })
      else assert.match(await helm.refusal({ values }), /(Remove|Add|Write) .+\.|does not match pattern/)
    }
  })
}

for (const { title, files, rrsaComesLater, expected } of cases) {
  if (expected.some(({ message }) => !ONLY_VALIDATE.test(message))) continue
  test(`P13 the notes name the entries that validate warns of: ${title}`, async () => {
    const sources = files.map((text, index) => ({ name: `${index}.yaml`, text }))
    const { warnings } = loadValues({ files: sources, rrsaComesLater })
    const { registries } = parse(files[0] ?? '') as { registries: readonly { name: string }[] }
    const nameAt = (index: string): string => registries[Number(index)]?.name ?? ''
    const shown = warnings.map(({ message }) =>
      [...message.matchAll(/`registries\[(\d+)\]`/g)].map(([, index = '']) => nameAt(index)),
    )
    for (const helm of helms) {
      const notes = await chart.notes(helm, layersOf(files, rrsaComesLater))
      const lines = [...notes.matchAll(/the credential of (\S+) may also pull the repositories of (.+)$/gm)]
      assert.deepEqual(
        lines.map(([, own, others = '']) => [own, ...others.split(', ')]),
        shown,
      )
      assert.equal(notes.includes('Write limit: repositories'), shown.length > 0)
    }
  })
}
