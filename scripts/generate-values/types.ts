import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { definitionName, isDefaulted, resolve, type Schema } from '../../src/values/schema/schema.ts'

const BANNER = '// Generated from schemas/ by scripts/generate-values.ts. Do not edit.'

interface TypeOptions {
  readonly rootName: string
  /** A prefix for the names of all types. */
  readonly prefix?: string
  /**
   * Keys with a default are required, because the type describes values after defaults were filled
   * in.
   */
  readonly resolved?: boolean
}

/** Generates the TypeScript types of a schema: one interface for each definition. */
export async function generateTypes(root: Schema, options: TypeOptions): Promise<string> {
  const { prefix = '', rootName } = options
  const definitions = Object.entries(root.definitions ?? {})
    .filter(([, schema]) => schema.type === 'object')
    .map(([name, schema]) => [
      `${prefix}${name}`,
      forTypes({ ...schema, title: `${prefix}${name}` }, root, options, true),
    ])
  const { definitions: _definitions, ...top } = root
  const schema = {
    ...forTypes({ ...top, title: rootName }, root, options, true),
    definitions: Object.fromEntries(definitions),
  }
  const text = await compile(schema as JSONSchema, rootName, {
    additionalProperties: false,
    bannerComment: BANNER,
    format: true,
    ignoreMinAndMaxItems: true,
    strictIndexSignatures: false,
    style: { semi: false, singleQuote: true, printWidth: 120, trailingComma: 'all' },
  })
  // A comment that fits on one line is written on one line, as everywhere in this code.
  return text.replace(/\/\*\*\n *\* (.*)\n *\*\//g, '/** $1 */')
}

/**
 * Generates the type of the helper's configuration: the chart's additions, and the resolved values
 * except those that the helper does not read.
 */
export async function generateHelperConfigType(added: Schema, unread: readonly string[]): Promise<string> {
  const keys = unread.map((key) => `'${key}'`).join(' | ')
  return (await generateTypes(added, { rootName: 'HelperConfig' }))
    .replace(BANNER, `${BANNER}\nimport type { ResolvedValues } from './resolved-values.ts'`)
    .replace('interface HelperConfig {', `interface HelperConfig extends Omit<ResolvedValues, ${keys}> {`)
}

/**
 * Removes from a schema what a type cannot express, such as conditions. Keeps titles only of
 * interfaces, and makes keys with defaults required.
 */
function forTypes(schema: Schema, root: Schema, options: TypeOptions, named = false): Record<string, unknown> {
  const name = definitionName(schema)
  const description = schema.description === undefined ? {} : { description: schema.description }
  const full = resolve(schema, root)
  if (name !== undefined && full.type !== 'object') return forTypes(full, root, options)
  if (name !== undefined) return { ...description, allOf: [{ $ref: `#/definitions/${options.prefix ?? ''}${name}` }] }
  const properties = Object.entries(schema.properties ?? {})
  const always = options.resolved ? properties.filter(([, value]) => isDefaulted(value, root)).map(([key]) => key) : []
  return {
    ...description,
    ...(named ? { title: schema.title } : {}),
    ...(schema.type === undefined ? {} : { type: schema.type }),
    ...(schema.enum === undefined ? {} : { enum: schema.enum }),
    ...(schema.const === undefined ? {} : { enum: [schema.const] }),
    // The description is removed, because it would become a second paragraph in the list's own
    // comment.
    ...(schema.items === undefined
      ? {}
      : { items: { ...forTypes(schema.items, root, options), description: undefined } }),
    ...(properties.length === 0
      ? {}
      : { properties: Object.fromEntries(properties.map(([key, value]) => [key, forTypes(value, root, options)])) }),
    ...(typeof schema.additionalProperties === 'object'
      ? { additionalProperties: forTypes(schema.additionalProperties, root, options) }
      : schema.type === 'object'
        ? { additionalProperties: schema.additionalProperties ?? true }
        : {}),
    required: [...new Set([...(schema.required ?? []), ...always])],
  }
}
