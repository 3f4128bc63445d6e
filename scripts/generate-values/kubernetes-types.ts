import { isKubernetesType, type Schema } from '../../src/values/schema/schema.ts'

/** The file with the generated definitions. */
export const KUBERNETES_TYPES = 'schemas/generated/kubernetes.schema.json'

/** The part of an OpenAPI document that is read. */
export interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, OpenApiType>> }
}

type OpenApiType = Readonly<Record<string, unknown>>

/** Shortens a name: `io.k8s.api.core.v1.Affinity` becomes `core.v1.Affinity`. */
function shortName(name: string): string {
  return name.replace(/^io\.k8s\.(api|apimachinery\.pkg\.(apis|api|util))\./, '')
}

/**
 * Returns every definition of Kubernetes that a schema references, directly or through another
 * definition, in alphabetical order.
 */
export function kubernetesDefinitions(values: Schema, documents: readonly OpenApi[]): Record<string, Schema> {
  const types = new Map(
    documents.flatMap(({ components }) =>
      Object.entries(components.schemas).map(([name, type]) => [shortName(name), type] as const),
    ),
  )
  const found = new Map<string, Schema>()
  const visit = (node: unknown): void => {
    for (const name of namesIn(node)) {
      if (found.has(name)) continue
      const type = types.get(name)
      if (type === undefined) throw new Error(`Kubernetes has no type ${name}`)
      const schema = toSchema(type)
      found.set(name, schema)
      visit(schema)
    }
  }
  visit(values)
  return Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Returns the names of Kubernetes types in `$ref` and `x-extends`. */
function namesIn(node: unknown): readonly string[] {
  const names = [...JSON.stringify(node).matchAll(/"#\/definitions\/([^"]+)"|"x-extends":"([^"]+)"/g)].map(
    ([, ref = '', base = '']) => ref || base,
  )
  return names.filter((name) => isKubernetesType(name))
}

/**
 * Converts an OpenAPI type to JSON Schema draft-07. Fields that editors and Helm do not use are
 * omitted: defaults of the API server, OpenAPI's own formats, and the keys `x-kubernetes-*`.
 */
function toSchema(type: OpenApiType): Schema {
  const { $ref, type: kind, oneOf, allOf, properties, items, additionalProperties, required } = type
  const union = oneOf as readonly { readonly type: string }[] | undefined
  const [only] = (allOf ?? []) as readonly OpenApiType[]
  const inner = only === undefined ? {} : toSchema(only)
  const of = (key: string, value: unknown): object => (value === undefined ? {} : { [key]: value })
  return {
    ...inner,
    ...of('$ref', $ref === undefined ? undefined : `#/definitions/${shortName(refName(String($ref)))}`),
    ...of('type', union?.map((one) => one.type) ?? kind),
    ...of('required', required),
    ...of('properties', properties && mapValues(properties as Record<string, OpenApiType>, toProperty)),
    ...of('items', items && toSchema(items as OpenApiType)),
    ...of(
      'additionalProperties',
      typeof additionalProperties === 'object' ? toSchema(additionalProperties as OpenApiType) : additionalProperties,
    ),
  } as Schema
}

/**
 * Converts a property with its description, which editors show. In draft-07 a `$ref` allows no
 * other keyword next to it.
 */
function toProperty(type: OpenApiType): Schema {
  const schema = toSchema(type)
  const description = shortened(String(type.description ?? ''))
  if (description === '') return schema
  const { $ref, ...own } = schema
  return $ref === undefined ? { description, ...own } : { description, allOf: [{ $ref }] }
}

const LONGEST = 240

/**
 * Returns the first sentences of a description, as many as an editor shows well. The rest is in
 * Kubernetes' reference.
 */
function shortened(text: string): string {
  const sentences = text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .split(/(?<=\.) (?=[A-Z"])/)
  const lengths = sentences.map((_, index) => sentences.slice(0, index + 1).join(' ').length)
  return sentences.slice(0, lengths.filter((length) => length <= LONGEST).length).join(' ')
}

function refName(ref: string): string {
  return ref.replace('#/components/schemas/', '')
}

function mapValues<T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}

/**
 * Assembles the whole schema of values: our schema, with the definitions of Kubernetes that it
 * references. `x-extends` names the type of Kubernetes whose keys a definition of ours has in
 * addition to its own keys.
 */
export function assembleValues(values: Schema, kubernetes: Readonly<Record<string, Schema>>): Schema {
  const own = mapValues(values.definitions ?? {}, ({ 'x-extends': base, ...definition }): Schema => {
    if (base === undefined) return definition
    const type = kubernetes[base]
    if (type === undefined) throw new Error(`${KUBERNETES_TYPES} has no ${base}`)
    return {
      ...type,
      ...definition,
      properties: { ...definition.properties, ...type.properties, ...definition.properties },
    }
  })
  const whole = { ...values, definitions: { ...own, ...kubernetes } }
  const used = new Set<string>()
  const visit = (node: unknown): void => {
    for (const [, name = ''] of JSON.stringify(node).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      const definition: Schema | undefined = whole.definitions[name]
      if (definition === undefined) throw new Error(`no definition named ${name}`)
      visit(definition)
    }
  }
  visit(values.properties)
  const spare = Object.keys(own).filter((name) => !used.has(name))
  if (spare.length > 0) throw new Error(`schemas/values.schema.json: nothing refers to ${spare.join(', ')}`)
  const definitions = Object.fromEntries(Object.entries(whole.definitions).filter(([name]) => used.has(name)))
  return { ...values, definitions }
}
