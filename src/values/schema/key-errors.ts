import type { Cursor } from '../cursor.ts'
import { quotable } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'
import type { ValuePath } from '../yaml/yaml-node.ts'
import { nearest } from './nearest.ts'
import { keyPlaces, type Schema, schemaAt } from './schema.ts'
import { exampleFor, lowerFirst, name, type ProblemContext } from './schema-problem.ts'

/**
 * Returns the error for an unknown key. It suggests the nearest known key here, and other places
 * where a key of this name exists. It never shows the value.
 */
export function unknownKeyError({ rootSchema, at, schema }: ProblemContext, key: string): ValuesError {
  const known = Object.keys(schema?.properties ?? {})
  const here = at.name.replaceAll(/\[\d+\]/g, '[]')
  const elsewhere = (keyPlaces(rootSchema).get(key) ?? []).filter((place) => place !== here)
  const message = `there is no key \`${quotable(key)}\` ${at.name === '' ? 'at the top' : `in ${name(at)}`}`
  const unknown = at.at(key)
  return unknown.error('SCHEMA_UNKNOWN_KEY', message, {
    at: unknown.keyPosition,
    expected: `one of ${known.join(', ')}`,
    hint: leftOut(at.path, key) ?? hintFor(key, known, elsewhere) ?? `Remove it; ${listOf(known)}.`,
    hideLine: true,
  })
}

// Lists the keys, unless the list would be too long to read.
function listOf(known: readonly string[]): string {
  return known.length > 15 ? 'docs/en/values.md describes every key' : `the keys here are ${known.join(', ')}`
}

/** Returns the known key that the user most likely meant. */
export function meantKey({ at, schema, problem }: ProblemContext): Cursor | undefined {
  const key: string = problem.params.additionalProperty ?? ''
  const known = Object.keys(schema?.properties ?? {})
  const meant = usualName(key, known) ?? nearest(key, known)
  return meant === undefined ? undefined : at.at(meant)
}

/** Usual names of keys, in other charts also, with our names for them. */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  replicaCount: 'replicas',
  topologySpreadConstraints: 'topologySpread',
  env: 'extraEnv',
  extraManifests: 'extraObjects',
  extraDeploy: 'extraObjects',
  imagePullSecret: 'imagePullSecrets',
  pullSecrets: 'imagePullSecrets',
  strategy: 'updateStrategy',
  deploymentStrategy: 'updateStrategy',
  containerSecurityContext: 'securityContext',
  volumes: 'extraVolumes',
  volumeMounts: 'extraVolumeMounts',
  podDnsPolicy: 'dnsPolicy',
  podDnsConfig: 'dnsConfig',
  additionalLabels: 'labels',
  extraLabels: 'labels',
  additionalRuleLabels: 'alertLabels',
  path: 'file',
  variable: 'env',
  id: 'clusterId',
}

function usualName(key: string, known: readonly string[]): string | undefined {
  const usual = Object.hasOwn(USUAL_NAMES, key) ? USUAL_NAMES[key] : undefined
  return usual !== undefined && known.includes(usual) ? usual : undefined
}

/** Keys of a Pod that the chart leaves out on purpose, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  hostPath:
    'Remove it: a folder of the node may contain data of other workloads, and Pod Security restricted forbids it. Use `configMap`, `secret` or `csi`.',
  privileged: 'Remove it: the helper needs no privilege on its node.',
  add: 'Remove it: the helper needs no capability.',
  procMount: 'Remove it: the helper needs no privilege on its node.',
}

function leftOut(path: ValuePath, key: string): string | undefined {
  const isOfPod = ['extraVolumes', 'podSecurityContext', 'securityContext'].includes(String(path[0]))
  return isOfPod && Object.hasOwn(LEFT_OUT, key) ? LEFT_OUT[key] : undefined
}

function hintFor(key: string, known: readonly string[], elsewhere: readonly string[]): string | undefined {
  const near = nearest(key, known)
  const places = elsewhere
    .slice(0, 3)
    .map((place) => place.replace(/^\[\]\.?/, ''))
    .map((place) => (place === '' ? 'at the top of the file' : `under \`${place}\``))
  const usual = usualName(key, known)
  if (usual !== undefined) return `Did you mean \`${usual}\`?`
  if (near !== undefined && elsewhere.length === 0) return `Did you mean \`${near}\`?`
  if (near !== undefined) return `Did you mean \`${near}\`? A key \`${key}\` belongs ${places.join(' or ')}.`
  return elsewhere.length === 0 ? undefined : `\`${key}\` belongs ${places.join(' or ')}: move it there.`
}

/** Returns the error for a missing required key. Its place is the map that lacks the key. */
export function missingKeyError(rootSchema: Schema, key: Cursor): ValuesError {
  const { parent } = key
  const property = schemaAt(rootSchema, key.path)
  const example = exampleFor(key, property)
  const reason = reasonFor(rootSchema, parent, key.key)
  const place = parent.name === '' ? '' : ` in ${name(parent)}`
  const why = reason === undefined ? '' : `: ${reason} needs it`
  const what = example === undefined ? key.key : `${key.key}: ${example}`
  const title = property?.title === undefined ? '' : ` (${lowerFirst(property.title)})`
  return key.error('SCHEMA_MISSING', `\`${key.key}\` is missing${place}${why}`, {
    at: parent.position,
    expected: property?.title,
    hint: `${rrsaHint(key.name) ?? 'Add'} \`${what}\`${title}.${key.name === 'identity' ? IDENTITIES : ''}`,
  })
}

/** Returns the error for none or several of mutually exclusive keys. */
export function exactlyOneError({ at, schema }: ProblemContext): ValuesError {
  const choices = alternatives(schema)
  const given = choices.filter((key) => at.at(key).node !== undefined)
  const list = (given.length === 0 ? choices : given).map((key) => `\`${key}\``)
  const place = at.name === '' ? '' : ` in ${name(at)}`
  const message =
    given.length === 0
      ? `one of ${list.join(' and ')} is missing${place}`
      : `${list.join(' and ')} are ${list.length === 2 ? 'both' : 'all'} set${place}`
  return at.error('SCHEMA_EXACTLY_ONE', message, {
    at: given[1] === undefined ? at.position : at.at(given[1]).keyPosition,
    expected: `exactly one of ${choices.join(', ')}`,
    hint: `${given.length === 0 ? 'Add' : 'Keep'} one of ${list.join(', ')}.`,
  })
}

/** Returns the keys of which exactly one has to be set. */
export function alternatives(schema: Schema | undefined): string[] {
  const groups = [schema, ...(schema?.allOf ?? []).map((part) => part.then)]
  return groups.flatMap((group) => (group?.oneOf ?? []).flatMap(({ required }) => required ?? []))
}

// Returns the key and value that make the key required, such as `edition: static`. Undefined if the
// key is always required.
function reasonFor(rootSchema: Schema, at: Cursor, key: string): string | undefined {
  const own = discriminators(rootSchema, at).find(({ needs }) => needs?.required?.includes(key))
  if (own !== undefined || at.path.length === 0) return own?.reason
  const above = discriminators(rootSchema, at.parent)
  return above.find(({ needs }) => needs?.properties?.[at.key]?.required?.includes(key))?.reason
}

function discriminators(
  rootSchema: Schema,
  at: Cursor,
): { readonly reason: string; readonly needs: Schema | undefined }[] {
  return (schemaAt(rootSchema, at.path)?.allOf ?? []).flatMap((part) => {
    const [condition] = Object.entries(part.if?.properties ?? {})
    if (condition === undefined) return []
    const [key, { const: wanted, enum: choices = [] }] = condition
    const { value } = at.at(key)
    const isMet = value !== undefined && [wanted, ...choices].includes(value)
    return isMet ? [{ reason: `\`${key}: ${String(value)}\``, needs: part.then }] : []
  })
}

/** The other types of identity, for a hint that names the preferred type first. */
const IDENTITIES =
  ' RRSA is the narrowest, where ACK offers it; else `worker-role` (RAM role of the nodes) or `access-key` (docs/en/cluster-kinds.md).'

function rrsaHint(key: string): string | undefined {
  return /^identity\.rrsa(\.|$)/.test(key)
    ? 'Only for clusters given by `ack` the action and `acr-nopass apply` fill the ARNs in; here add'
    : undefined
}
