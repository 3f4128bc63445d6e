/** The part of JSON Schema draft-07 that our schemas use. */
export interface Schema {
  readonly $schema?: string
  readonly $ref?: string
  readonly title?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly propertyNames?: Schema
  readonly items?: Schema
  readonly allOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly if?: Schema
  readonly then?: Schema
  readonly else?: Schema
  readonly definitions?: Readonly<Record<string, Schema>>
}

/** The name of the definition that a schema stands for: `{$ref}` or `{allOf: [{$ref}]}`. */
export function definitionName(schema: Schema): string | undefined {
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined)
  return ref?.replace('#/definitions/', '')
}

/** A schema with its definition's keywords filled in; its own title, description, default and examples win. */
export function resolve(schema: Schema, root: Schema): Schema {
  const name = definitionName(schema)
  if (name === undefined) return schema
  const definition = root.definitions?.[name]
  if (definition === undefined) throw new Error(`no definition named ${name}`)
  const { $ref: _ref, allOf: _allOf, ...own } = schema
  return { ...resolve(definition, root), ...own }
}

/** Whether filling defaults always makes this key present: it has a default, or is an object that needs no key and has a default inside. */
export function isDefaulted(schema: Schema, root: Schema): boolean {
  const full = resolve(schema, root)
  if (full.default !== undefined) return true
  if (full.required !== undefined) return false
  return Object.values(full.properties ?? {}).some((property) => isDefaulted(property, root))
}
