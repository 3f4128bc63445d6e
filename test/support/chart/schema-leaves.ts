import { definitionName, isKubernetesType, resolve, type Schema } from '../../../src/values/schema/schema.ts'

/** Keys that are in values.yaml only for information, with a single allowed value. */
export const FIXED: readonly string[] = [
  'podSecurityContext.runAsNonRoot',
  'securityContext.allowPrivilegeEscalation',
  'securityContext.capabilities.drop',
]

/**
 * Keys that change nothing in the manifest: only Helm reads `enabled`, as a dependency's condition.
 */
export const WITHOUT_EFFECT: readonly string[] = ['enabled']

/** Keys that the chart only checks: `acr-nopass node` and the RAM policies read them. */
export const FOR_NODES: readonly string[] = [
  'node.identity',
  'node.fallback',
  'node.serviceAccount.oidcProviderArn',
  'node.serviceAccount.useRrsaRole',
]

/** A key that a user can set: its path (`registries[].assumeRole[].roleArn`) and its schema. */
export interface SchemaLeaf {
  readonly path: string
  readonly schema: Schema
}

/**
 * Returns every key without named keys below it. A Kubernetes type counts as one key, because it is
 * passed on as a whole.
 */
export function schemaLeaves(schema: Schema, root: Schema, path = ''): SchemaLeaf[] {
  const full = resolve(schema, root)
  const items = full.items && resolve(full.items, root)
  const isKubernetes = [schema, full.items ?? {}].map(definitionName).some(isKubernetesType)
  if (full['x-kubernetes'] || isKubernetes) return [{ path, schema: full }]
  if (items?.properties) return schemaLeaves(items, root, `${path}[]`)
  if (!full.properties) return [{ path, schema: full }]
  // Keys without a title are Kubernetes' own.
  const ours = Object.entries(full.properties).filter(([, property]) => resolve(property, root).title !== undefined)
  return ours.flatMap(([key, property]) => schemaLeaves(property, root, path === '' ? key : `${path}.${key}`))
}

/**
 * Returns the default values of a schema as one object. An object with required keys has no
 * default.
 */
export function schemaDefaults(schema: Schema, root: Schema): unknown {
  const full = resolve(schema, root)
  if (full.default !== undefined) return full.default
  if (full.required && schema !== root) return undefined
  const entries = Object.entries(full.properties ?? {}).flatMap(([key, property]) => {
    const value = schemaDefaults(property, root)
    return value === undefined ? [] : [[key, value] as const]
  })
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

/** Returns all values at a leaf's path; several if the path contains a list. */
export function valuesAt(values: unknown, path: string): unknown[] {
  let found = [values]
  for (const step of path.split(/\.|(?=\[\])/)) {
    found = found.flatMap((value) => {
      if (step === '[]') return Array.isArray(value) ? value : []
      return typeof value === 'object' && value !== null && step in value
        ? [(value as Record<string, unknown>)[step]]
        : []
    })
  }
  return found
}
