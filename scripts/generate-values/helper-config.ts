import type { Schema } from '../../src/values/schema/schema.ts'

/**
 * Lists the values that the helper reads, which the schema marks with `x-helper`. The chart writes
 * them unchanged into its ConfigMap.
 */
export function helperKeys(values: Schema): readonly string[] {
  return Object.entries(values.properties ?? {}).flatMap(([key, property]) => (property['x-helper'] ? [key] : []))
}

/**
 * Values that only the rollout and the commands read. All other values are only for the chart's
 * templates, and `src` has no type for them.
 */
export const ROLLOUT_KEYS = ['nameOverride', 'fullnameOverride', 'serviceAccount', 'extraObjects', 'node', 'caBundle']

/** Returns the part of the values' schema that `src` reads. */
export function readValues(values: Schema): Schema {
  const keys = [...helperKeys(values), ...ROLLOUT_KEYS]
  const properties = Object.fromEntries(Object.entries(values.properties ?? {}).filter(([key]) => keys.includes(key)))
  const all = Object.entries(values.definitions ?? {}).map(([key, one]) => [key, withoutPodKeys(one, values)] as const)
  const definitions = reachableDefinitions(properties, { ...values, definitions: Object.fromEntries(all) })
  return { ...values, properties, definitions }
}

/** Removes keys with types of Kubernetes, which only the chart's templates read. */
function withoutPodKeys(schema: Schema, values: Schema): Schema {
  if (schema.properties === undefined) return schema
  const kept = Object.entries(schema.properties).filter(([, property]) => !isOfKubernetes(property, values))
  return { ...schema, properties: Object.fromEntries(kept) }
}

function isOfKubernetes(schema: Schema, values: Schema): boolean {
  return [...JSON.stringify(schema).matchAll(/"#\/definitions\/([\w.]+)"/g)].some(([, name = '']) => {
    if (name.includes('.')) return true
    const { properties = {} } = values.definitions?.[name] ?? {}
    return isOfKubernetes({ properties }, values)
  })
}

const name = (title: string, description: string): Schema => ({
  title,
  description,
  type: 'string',
  minLength: 1,
  maxLength: 253,
})

const release: Schema = {
  title: 'The release',
  description: 'Names of the release and of the objects that the chart made for the helper.',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'namespace', 'fullname', 'serviceAccount', 'lease', 'status'],
  properties: {
    name: name('Name of the release', 'As given to Helm.'),
    namespace: name('Namespace of the release', 'Where the helper runs.'),
    fullname: name('Full name', 'Prefix of the names of all objects of the chart.'),
    serviceAccount: name('ServiceAccount', 'Of the helper.'),
    lease: name('Lease', 'By which replicas elect a leader.'),
    status: name('Status ConfigMap', 'Where the helper reports.'),
  },
}

const attach: Schema = {
  title: 'How Pods come to reference the pull secret',
  description: 'Decided when the chart was rendered.',
  type: 'string',
  enum: ['admission', 'serviceAccounts', 'both'],
}

/** The keys that the chart adds to the values that the helper reads. */
export const ADDED: Schema = {
  description: 'What the chart writes into the key `config.yaml` of its ConfigMap, defaults filled in.',
  type: 'object',
  additionalProperties: false,
  required: ['attach', 'release'],
  properties: { attach, release },
}

/**
 * Returns the schema of the helper's configuration: the values' own definitions, the resolved
 * `attach`, and the release's names.
 */
export function helperConfigSchema(values: Schema): Schema {
  const properties = Object.fromEntries(
    Object.entries(values.properties ?? {}).flatMap(([key, { 'x-helper': isRead, ...property }]) =>
      isRead ? [[key, property]] : [],
    ),
  )
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: "The helper's configuration",
    description:
      'Generated from values.schema.json by scripts/generate-values.ts: what the chart writes into the key `config.yaml` of its ConfigMap.',
    type: 'object',
    additionalProperties: false,
    required: ['registries', 'identity', 'attach', 'release'],
    properties: { ...properties, ...ADDED.properties },
    definitions: reachableDefinitions(properties, values),
  }
}

function reachableDefinitions(properties: Readonly<Record<string, Schema>>, values: Schema): Record<string, Schema> {
  const found = new Set<string>()
  const visit = (node: unknown): void => {
    for (const [, name] of JSON.stringify(node).matchAll(/"#\/definitions\/(\w+)"/g)) {
      if (name === undefined || found.has(name)) continue
      found.add(name)
      visit(values.definitions?.[name])
    }
  }
  visit(properties)
  return Object.fromEntries(Object.entries(values.definitions ?? {}).filter(([name]) => found.has(name)))
}
