import type { ValuePath } from '../yaml/yaml-node.ts'

/** The subset of JSON Schema draft-07 that our schemas use. */
export interface Schema {
  readonly $schema?: string
  readonly $ref?: string
  /** Our own keyword: true if the helper reads this value. */
  readonly 'x-helper'?: boolean
  /**
   * Our own keyword: a Kubernetes type whose keys are added to this definition. The assembled
   * schema no longer has the keyword.
   */
  readonly 'x-extends'?: string
  /**
   * Our own keyword: a Kubernetes type that the chart passes on as a whole, so that its keys are
   * not documented one by one.
   */
  readonly 'x-kubernetes'?: boolean
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
  readonly not?: Schema
  readonly if?: Schema
  readonly then?: Schema
  readonly else?: Schema
  readonly definitions?: Readonly<Record<string, Schema>>
}

/**
 * Returns the name of the definition to which a schema refers by `{$ref}` or `{allOf: [{$ref}]}`.
 */
export function definitionName(schema: Schema): string | undefined {
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined)
  return ref?.replace('#/definitions/', '')
}

/**
 * True if the name has a group and a version, such as `core.v1.Affinity`: the definition of a
 * Kubernetes type is generated.
 */
export function isKubernetesType(name: string | undefined): boolean {
  return name?.includes('.') ?? false
}

/**
 * Returns a schema with the keywords of its definition. The schema's own title, description,
 * default and examples take precedence.
 */
export function resolve(schema: Schema, root: Schema): Schema {
  const name = definitionName(schema)
  if (name === undefined) return schema
  const definition = root.definitions?.[name]
  if (definition === undefined) throw new Error(`no definition named ${name}`)
  const { $ref: _ref, allOf: _allOf, ...own } = schema
  return { ...resolve(definition, root), ...own }
}

/**
 * True if defaults always set this key. The key has a default, or is an object without required
 * keys that contains a default.
 */
export function isDefaulted(schema: Schema, root: Schema): boolean {
  const full = resolve(schema, root)
  if (full.default !== undefined) return true
  if (full.required !== undefined) return false
  return Object.values(full.properties ?? {}).some((property) => isDefaulted(property, root))
}

/** Returns the schema of one key or item. Undefined if it is unknown. */
export function schemaOfChild(schema: Schema, step: string | number, root: Schema): Schema | undefined {
  const { properties, additionalProperties, items } = resolve(schema, root)
  if (typeof step === 'number') return items
  // Only own properties count, because a key may have the name of a method of Object.
  if (properties !== undefined && Object.hasOwn(properties, step)) return properties[step]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/** Returns the resolved schema of the value at a path. Undefined if it is unknown. */
export function schemaAt(root: Schema, path: ValuePath): Schema | undefined {
  const found = path.reduce<Schema | undefined>(
    (schema, step) => (schema === undefined ? undefined : schemaOfChild(schema, step, root)),
    root,
  )
  return found === undefined ? undefined : resolve(found, root)
}

/**
 * Returns for each of our keys the dotted paths of the maps that have it. A list is written
 * `registries[]`.
 */
export function keyPlaces(root: Schema): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>()
  const visit = (schema: Schema, path: string): void => {
    if (isKubernetesType(definitionName(schema))) return
    const { properties, items } = resolve(schema, root)
    if (items !== undefined) visit(items, `${path}[]`)
    for (const [key, property] of Object.entries(properties ?? {})) {
      if (property.title === undefined) continue
      places.set(key, [...(places.get(key) ?? []), path])
      visit(property, path === '' ? key : `${path}.${key}`)
    }
  }
  visit(root, '')
  return places
}
