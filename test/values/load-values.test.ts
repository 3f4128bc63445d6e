import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ERROR_CODES } from '../../src/error-codes.ts'
import { formatPlace } from '../../src/errors.ts'
import { explainErrors } from '../../src/values/explain.ts'
import { loadClusters } from '../../src/values/load-clusters.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { errorData, type ValuesError } from '../../src/values/values-error.ts'
import { type ExpectedError, readCases } from './fixtures/error-case.ts'

const defaults = {
  name: 'chart/values.yaml',
  text: await readFile(new URL('../../chart/values.yaml', import.meta.url), 'utf8'),
}
const valuesCases = (
  await Promise.all(['reading-cases', 'schema-cases', 'check-cases', 'limit-cases'].map(readCases))
).flat()
const clustersCases = await readCases('clusters-cases')

const shown = (errors: readonly ValuesError[]): ExpectedError[] =>
  errors.map(({ place, code, message, hint }) => ({ at: formatPlace(place), code, message, hint }))

for (const { title, files, rrsaComesLater, expected, warnings: suspected = [] } of valuesCases) {
  test(`values: ${title}`, () => {
    const sources = files.map((text, index) => ({ name: `${'ab'[index]}.yaml`, text }))
    const { errors, values, helmAccepts, warnings } = loadValues({ files: sources, defaults, rrsaComesLater })
    assert.deepEqual(shown(errors), expected)
    assert.deepEqual(shown(warnings), suspected)
    assert.equal(values === undefined, expected.length > 0)
    const isUnread = expected.some(({ code }) => code.startsWith('YAML_'))
    const isRefused = expected.some(({ code }) => code.startsWith('SCHEMA_'))
    assert.equal(helmAccepts, isUnread ? undefined : !isRefused)
  })
}

for (const { title, files, expected } of clustersCases) {
  test(`clusters: ${title}`, () => {
    const { errors, clusters } = loadClusters({ name: 'a.yaml', text: files[0] ?? '' })
    assert.deepEqual(shown(errors), expected)
    assert.equal(clusters === undefined, expected.length > 0)
  })
}

test('every kind of error of values and clusters has a case with its exact location and text', () => {
  const known = Object.keys(ERROR_CODES).filter((code) => /^(YAML|SCHEMA|VALUES|CLUSTERS)_/.test(code))
  const cases = [...valuesCases, ...clustersCases].flatMap(({ expected, warnings = [] }) => [...expected, ...warnings])
  const cased = new Set(cases.map(({ code }) => code))
  assert.deepEqual(known.toSorted(), [...cased].toSorted())
})

test('P6 no message, hint, datum or excerpt repeats a possible secret', () => {
  const secrets = ['hunter2', 'LTAI5tAbCdEfGhIjKlMn', 'My_Pass']
  for (const { files, rrsaComesLater } of valuesCases) {
    const sources = files.map((text, index) => ({ name: `${'ab'[index]}.yaml`, text }))
    for (const error of loadValues({ files: sources, defaults, rrsaComesLater }).errors) {
      const all = `${JSON.stringify(errorData(error))}${explainErrors([error], sources)}`
      for (const secret of secrets) assert.ok(!all.includes(secret), `${secret} in ${all}`)
    }
  }
})

test('the entries of a list that is refused for its length are not compared with each other', () => {
  const codes = (count: number): readonly string[] => {
    const entry = (index: number) =>
      `  - { name: r${index}, edition: enterprise, instanceId: cri-a, region: cn-hangzhou }\n`
    const registries = Array.from({ length: count }, (_, index) => entry(index)).join('')
    const text = `identity: { type: worker-role }\nregistries:\n${registries}`
    return [...new Set(loadValues({ files: [{ name: 'a.yaml', text }] }).errors.map(({ code }) => code))]
  }
  assert.ok(codes(50).includes('VALUES_DOMAIN_TWICE'))
  assert.deepEqual(codes(51), ['SCHEMA_LIST'])
})
