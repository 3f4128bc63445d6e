import { Ajv } from 'ajv'
// The module form of ajv's standalone entry is CommonJS; its default export is the generator.
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import type { Schema } from '../../src/values/schema/schema.ts'

const BANNER = '// Generated from schemas/ by scripts/generate-values.ts. Do not edit.'

const ANNOTATIONS = ['title', 'description', 'default', 'examples', 'x-helper', 'x-kubernetes']

/**
 * Generates a module that checks values against a schema without ajv at run time. Compiling in
 * ajv's strict mode also lints the schema: unknown keywords, keywords of another type, and required
 * keys without a property are errors.
 */
export async function generateValidator(schema: Schema, root: string): Promise<string> {
  const ajv = new Ajv({
    strict: true,
    strictRequired: true,
    allowUnionTypes: true,
    allErrors: true,
    messages: false,
    code: { source: true, esm: true, lines: false },
  })
  const code = standalone.default(ajv, { check: ajvId(ajv, schema) })
  // ajv's helpers (code points, deep equality) are inlined.
  const result = await build({
    stdin: { contents: code, resolveDir: root, loader: 'js' },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['main'],
    minify: true,
    write: false,
    banner: { js: BANNER },
    legalComments: 'none',
  })
  return result.outputFiles[0]?.text ?? ''
}

function ajvId(ajv: Ajv, schema: Schema): string {
  const id = 'schema'
  ajv.addSchema(withoutAnnotations(schema), id)
  ajv.getSchema(id)
  return id
}

function withoutAnnotations(schema: Schema): Schema {
  const strip = (node: unknown, isKeyword: boolean): unknown => {
    if (Array.isArray(node)) return node.map((item) => strip(item, true))
    if (typeof node !== 'object' || node === null) return node
    const entries = Object.entries(node).filter(([key]) => !isKeyword || !ANNOTATIONS.includes(key))
    return Object.fromEntries(
      entries.map(([key, value]) => [key, strip(value, !isKeyword || !['properties', 'definitions'].includes(key))]),
    )
  }
  return strip(schema, true) as Schema
}

/** The type declaration next to the module. */
export const VALIDATOR_TYPES: string = `${BANNER}
import type { ErrorObject } from 'ajv'

export declare const check: {
  (value: unknown): boolean
  errors?: readonly ErrorObject[] | null
}
`
