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
/** The chart does not compare the namespaces of two entries, nor refuse all keys without effect. */
const ONLY_VALIDATE = /for the same namespaces|has no effect with `edition: static`/

for (const { title, files, rrsaComesLater, expected } of cases) {
  const refused = expected.filter(({ message }) => !ONLY_VALIDATE.test(message))
  const values = layersOf(files, rrsaComesLater)
  const { registries } = values[0] as { registries: readonly { name: string }[] }
  // Helm shows one problem, so each expected error is a test with only the entries that it names.
  for (const { code, message } of refused) {
    test(`P11 Helm refuses as validate does: ${title}: ${message}`, async () => {
      const indexes = [...message.matchAll(/`registries\[(\d+)\]/g)].map(([, index]) => Number(index)).sort()
      const entries = indexes.flatMap((index) => registries[index] ?? [])
      const key = /^`registries\[\d+\]\.(\w+)`/.exec(message)?.[1] ?? ''
      const refusal = await helm.refusal({ values: [...values, { registries: entries }] })
      if (code.startsWith('SCHEMA_')) assert.match(refusal, /schema/)
      else
        for (const word of [key, ...entries.map(({ name }) => name)]) assert.match(refusal, new RegExp(`\\b${word}\\b`))
    })
  }
  if (refused.length > 0) continue
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

test('P13 the notes do not compare static logins, whose repositories have no effect', async () => {
  const login = (name: string) => {
    const targets = { namespaces: { include: [name] } }
    return {
      name,
      edition: 'static',
      existingSecret: name,
      domains: ['a.example.com'],
      repositories: [`${name}/*`],
      targets,
    }
  }
  const values = [{ registries: ['a', 'b'].map(login), identity: { type: 'worker-role' } }]
  assert.doesNotMatch(await chart.notes(helm, values), /ISOLATED/)
})
