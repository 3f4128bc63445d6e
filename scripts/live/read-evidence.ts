import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parseJson } from '../../src/lib/json.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import type { Evidence } from './evidence.ts'
import { isQuestionId } from './questions.ts'

const SCHEMA = join(import.meta.dirname, '..', '..', 'schemas', 'live-evidence.schema.json')

/**
 * Reads the result of a run, of any version.
 * @throws LIVE_EVIDENCE
 */
export function parseEvidence(text: string, file: string): Evidence {
  const problem = (what: string): TestbedError => new TestbedError('LIVE_EVIDENCE', `${file}: ${what}`)
  const value = parseJson(text, () => problem('it is not JSON'))
  const validate = new Ajv({ allErrors: false, allowUnionTypes: true }).compile<Evidence>(
    JSON.parse(readFileSync(SCHEMA, 'utf8')),
  )
  if (!validate(value)) {
    const [error] = validate.errors ?? []
    throw problem(`${error?.instancePath || 'the document'} ${error?.message ?? 'is not valid'}`)
  }
  const unknown = Object.keys(value.answers).find((id) => !isQuestionId(id))
  if (unknown !== undefined) throw problem(`${unknown} is not a question`)
  return value
}
