import { ValuesError } from '../values-error.ts'
import { child, formatPath, is, lookup, type Scalar, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'
import { nearest } from './nearest.ts'
import { keyPlaces, resolve, type Schema, schemaAt } from './schema.ts'
import { firstExample, lowerFirst, name, type ProblemContext, placeOf, placeOfKey } from './schema-problem.ts'

/** An unknown key: suggests the nearest one here, and where a key of that name exists. Its value is never shown. */
export function unknownKeyError(context: ProblemContext, key: string): ValuesError {
  const { root, rootSchema, path, schema } = context
  const known = Object.keys(schema?.properties ?? {})
  const here = formatPath(path).replaceAll(/\[\d+\]/g, '[]')
  const elsewhere = (keyPlaces(rootSchema).get(key) ?? []).filter((place) => place !== here)
  const message = `there is no key \`${key}\` ${path.length === 0 ? 'at the top' : `in ${name(path)}`}`
  return new ValuesError('SCHEMA_UNKNOWN_KEY', message, {
    at: placeOfKey(root, path, key),
    path: [...path, key],
    expected: `one of ${known.join(', ')}`,
    hint: leftOut(path, key) ?? hintFor(key, known, elsewhere) ?? `Remove it; ${listOf(known)}.`,
    hideLine: true,
  })
}

// A list that is too long to read does not help.
function listOf(known: readonly string[]): string {
  return known.length > 15 ? 'docs/en/values.md describes every key' : `the keys here are ${known.join(', ')}`
}

/** The path of the key that the user most likely meant. */
export function meantPath({ path, schema, problem }: ProblemContext): ValuePath | undefined {
  const meant = nearest(problem.params.additionalProperty ?? '', Object.keys(schema?.properties ?? {}))
  return meant === undefined ? undefined : [...path, meant]
}

/** Names of keys in other charts, and ours. */
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
}

/** Keys of a Pod that are not supported on purpose. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  hostPath:
    'Remove it: a folder of the node would allow the helper to read the data of others, and Pod Security restricted forbids it. Use `configMap`, `secret` or `csi`.',
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
  const usual = USUAL_NAMES[key]
  if (usual !== undefined && known.includes(usual)) return `Did you mean \`${usual}\`?`
  if (near !== undefined && elsewhere.length === 0) return `Did you mean \`${near}\`?`
  if (near !== undefined) return `Did you mean \`${near}\`? A key \`${key}\` belongs ${places.join(' or ')}.`
  return elsewhere.length === 0 ? undefined : `\`${key}\` belongs ${places.join(' or ')}: move it there.`
}

/** A missing required key; the place is that of its map. */
export function missingKeyError(context: ProblemContext, key: string): ValuesError {
  const { root, rootSchema, path, schema } = context
  const full = [...path, key]
  const property = schemaAt(rootSchema, full)
  const example = firstExample(property ?? schema?.properties?.[key])
  const reason = reasonFor(context, key)
  const place = path.length === 0 ? '' : ` in ${name(path)}`
  const why = reason === undefined ? '' : `: ${reason} needs it`
  const what = example === undefined ? key : `${key}: ${example}`
  const title = property?.title === undefined ? '' : ` (${lowerFirst(property.title)})`
  return new ValuesError('SCHEMA_MISSING', `\`${key}\` is missing${place}${why}`, {
    at: placeOf(root, path),
    path: full,
    expected: property?.title,
    hint: `${rrsaHint(path, key) ?? 'Add'} \`${what}\`${title}.`,
  })
}

/** None or several of mutually exclusive keys. */
export function exactlyOneError(context: ProblemContext): ValuesError {
  const { root, path, node, schema } = context
  const choices = alternatives(schema)
  const given = choices.filter((key) => child(node, key) !== undefined)
  const list = (given.length === 0 ? choices : given).map((key) => `\`${key}\``)
  const place = path.length === 0 ? '' : ` in ${name(path)}`
  const second = given[1] === undefined || node?.kind !== 'map' ? undefined : node.entries.get(given[1])
  const message =
    given.length === 0
      ? `one of ${list.join(' and ')} is missing${place}`
      : `${list.join(' and ')} are ${list.length === 2 ? 'both' : 'all'} set${place}`
  return new ValuesError('SCHEMA_EXACTLY_ONE', message, {
    at: second?.keyAt ?? placeOf(root, path),
    path,
    expected: `exactly one of ${choices.join(', ')}`,
    hint: `${given.length === 0 ? 'Add' : 'Keep'} one of ${list.join(', ')}.`,
  })
}

/** Keys of which exactly one has to be set. */
export function alternatives(schema: Schema | undefined): string[] {
  const groups = [schema, ...(schema?.allOf ?? []).map((part) => part.then)]
  return groups.flatMap((group) => (group?.oneOf ?? []).flatMap(({ required }) => required ?? []))
}

// `edition: static`, if that is why the key is required.
function reasonFor({ root, rootSchema, path }: ProblemContext, key: string): string | undefined {
  const last = path.at(-1)
  const own = discriminators(rootSchema, root, path).find(({ needs }) => needs?.required?.includes(key))
  if (own !== undefined) return own.reason
  if (typeof last !== 'string') return undefined
  const above = discriminators(rootSchema, root, path.slice(0, -1))
  return above.find(({ needs }) => needs?.properties?.[last]?.required?.includes(key))?.reason
}

function discriminators(
  rootSchema: Schema,
  root: YamlNode,
  path: ValuePath,
): { readonly reason: string; readonly needs: Schema | undefined }[] {
  const schema = schemaAt(rootSchema, path)
  const node = lookup(root, path)
  return (schema === undefined ? [] : (resolve(schema, rootSchema).allOf ?? [])).flatMap((part) => {
    const [condition] = Object.entries(part.if?.properties ?? {})
    if (condition === undefined) return []
    const [key, { const: wanted, enum: choices }] = condition
    const fitting = [wanted, ...(choices ?? [])].find(
      (value) => value !== undefined && is(child(node, key), value as Scalar),
    )
    return fitting === undefined ? [] : [{ reason: `\`${key}: ${String(fitting)}\``, needs: part.then }]
  })
}

function rrsaHint(path: ValuePath, key: string): string | undefined {
  const place = formatPath(path)
  const isRrsa = place === 'identity.rrsa' || (place === 'identity' && key === 'rrsa')
  return isRrsa
    ? 'Only for clusters given by `ack` the action and `acr-nopass apply` fill the ARNs in; here add'
    : undefined
}
