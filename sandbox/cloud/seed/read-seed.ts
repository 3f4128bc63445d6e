import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import { LineCounter, parseDocument } from 'yaml'
import { TestbedError } from '../../../tools/testbed-error.ts'
import type { Seed } from './generated/seed.ts'
import SCHEMA from './seed.schema.json' with { type: 'json' }

/**
 * Reads and validates a seed file.
 * @throws SEED_INVALID with the location of the first error, or SEED_UNREADABLE
 */
export async function readSeedFile(file: string): Promise<Seed> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new TestbedError('SEED_UNREADABLE', `the seed file ${file} cannot be read`, { place: { file }, cause })
  }
  return parseSeed(text, file)
}

/** Parses and validates a seed. @throws SEED_INVALID with file, line and column */
export function parseSeed(text: string, file: string): Seed {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const syntax = document.errors[0]
  if (syntax !== undefined) {
    const { line, col: column } = lineCounter.linePos(syntax.pos[0])
    throw new TestbedError('SEED_INVALID', `not valid YAML: ${syntax.code}`, { place: { file, line, column } })
  }
  const value: unknown = document.toJS()
  const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile<Seed>(SCHEMA)
  if (validate(value)) return value
  const error = validate.errors?.[0]
  const path = (error?.instancePath ?? '').split('/').slice(1)
  const node = document.getIn(path, true)
  const start = (node as { readonly range?: readonly number[] } | undefined)?.range?.[0] ?? 0
  const { line, col: column } = lineCounter.linePos(start)
  const extra = error?.params.additionalProperty === undefined ? '' : ` (${String(error.params.additionalProperty)})`
  const message = `${path.join('.') || 'the file'} ${error?.message ?? 'is invalid'}${extra}`
  throw new TestbedError('SEED_INVALID', message, { place: { file, line, column } })
}
