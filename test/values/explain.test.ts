import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { explainErrors } from '../../src/values/explain.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { errorData, sortErrors } from '../../src/values/values-error.ts'

const defaults = {
  name: 'chart/values.yaml',
  text: await readFile(new URL('../../chart/values.yaml', import.meta.url), 'utf8'),
}
const files = [
  {
    name: 'values.yaml',
    text: 'registries:\n  - name: prod\n    edition: enterprise\n    instanceId: cri-abc\n    region: cn-hangzou # mine\nidentity: {type: worker-role}\npasword: hunter2\n',
  },
]
const { errors } = loadValues({ files, defaults })

test('errors show the line with a mark under the location, and the fix; a line that may contain a secret is not shown', () => {
  assert.equal(
    explainErrors(errors, files),
    [
      'values.yaml:5:13: VALUES_REGION: `registries[0].region` is "cn-hangzou": Alibaba Cloud has no such region',
      '  5 |     region: cn-hangzou …',
      '    |             ^^^^^^^^^^',
      '  fix: Did you mean cn-hangzhou? For a cloud with its own regions, set `endpoints.cr`.',
      'values.yaml:7:1: SCHEMA_UNKNOWN_KEY: there is no key `pasword` at the top',
      '  fix: Remove it; docs/en/values.md describes every key.',
    ].join('\n'),
  )
})

test('an error from a cloud or an API server names its own code and the ID of the request', () => {
  const error = new NopassError('CLOUD_DENIED', 'refused', { reason: 'NoPermission', requestId: 'R1', hint: 'Ask.' })
  assert.equal(explainErrors([error], []), 'CLOUD_DENIED: refused (NoPermission, request R1)\n  fix: Ask.')
})

test('errors as data have the same content as errors as text', () => {
  assert.deepEqual(errors.map(errorData), [
    {
      code: 'VALUES_REGION',
      message: '`registries[0].region` is "cn-hangzou": Alibaba Cloud has no such region',
      file: 'values.yaml',
      line: 5,
      column: 13,
      path: 'registries[0].region',
      value: 'cn-hangzou',
      expected: 'a region, such as cn-hangzhou',
      hint: 'Did you mean cn-hangzhou? For a cloud with its own regions, set `endpoints.cr`.',
    },
    {
      code: 'SCHEMA_UNKNOWN_KEY',
      message: 'there is no key `pasword` at the top',
      file: 'values.yaml',
      line: 7,
      column: 1,
      path: 'pasword',
      value: null,
      expected: errorData(errors[1] ?? new NopassError('INTERNAL', '')).expected,
      hint: 'Remove it; docs/en/values.md describes every key.',
    },
  ])
})

test('errors of other areas are explained and listed too, after errors with a location', () => {
  const other = new NopassError('INTERRUPTED', 'stopped')
  assert.equal(explainErrors([other], files), `INTERRUPTED: stopped\n  fix: ${other.hint}`)
  assert.deepEqual(errorData(other).file, null)
  assert.deepEqual(sortErrors<NopassError>([other, ...errors], ['values.yaml']).at(-1), other)
})
