import { ValuesError } from '../values-error.ts'
import { child, formatPath, is, lookup, type Scalar, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'
import { nearest } from './nearest.ts'
import { definitionName, keyPlaces, resolve, type Schema, schemaAt } from './schema.ts'
import {
  about,
  firstExample,
  lowerFirst,
  mayShow,
  name,
  type ProblemContext,
  placeOf,
  placeOfKey,
  showValue,
} from './schema-problem.ts'

/** A text in the wrong form: a value, or the name of a key. */
export function formError(context: ProblemContext): ValuesError {
  const { problem, root, rootSchema, path, schema, node } = context
  if (problem.propertyName !== undefined) {
    const names = schema?.propertyNames
    const definition = names === undefined ? undefined : rootSchema.definitions?.[definitionName(names) ?? '']
    const expected = definition?.description ?? 'another name'
    return new ValuesError(
      'SCHEMA_FORM',
      `the key ${JSON.stringify(problem.propertyName)} in ${name(path)} is no ${lowerFirst(definition?.title ?? 'key')}`,
      {
        at: placeOfKey(root, path, problem.propertyName),
        path: [...path, problem.propertyName],
        value: problem.propertyName,
        expected,
        hint: `Write it as ${expected}`,
        hideLine: true,
      },
    )
  }
  const expected = expectedForm(schema, rootSchema)
  const value = node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : ''
  return new ValuesError(
    'SCHEMA_FORM',
    `${name(path)} is ${value === '' ? 'empty' : (showValue(node, path) ?? 'not what it should be')}; expected: ${expected}`,
    {
      ...about({ root, path, node }),
      expected,
      hint: formHint(value, schema, rootSchema) ?? likeExample(schema, expected),
      hideLine: !mayShow(path),
    },
  )
}

/** How to convert a value to the schema's type. */
export function typeHint(schema: Schema | undefined, node: YamlNode | undefined, path: ValuePath): string | undefined {
  const types = typeof schema?.type === 'string' ? [schema.type] : (schema?.type ?? [])
  if (node?.kind === 'scalar' && node.value === null) {
    return 'Write a value, or remove the key; null takes a default away, and here there is none to take.'
  }
  if (types.includes('string') && node?.kind === 'scalar') {
    return mayShow(path) ? `Quote it: "${node.source ?? String(node.value)}".` : 'Put it in quotes.'
  }
  if (node?.kind === 'scalar' && typeof node.value === 'string') {
    const text = node.value.trim()
    if (types.includes('boolean') && /^(true|false)$/i.test(text)) return `Remove the quotes: ${text.toLowerCase()}.`
    if ((types.includes('integer') || types.includes('number')) && /^\d+(\.\d+)?$/.test(text))
      return `Remove the quotes: ${text}.`
    if (types.includes('array')) return 'Write a list: one item in each line, after "- ".'
  }
  if (types.includes('array') && node?.kind === 'map')
    return 'Write a list: put "- " before the first key of each item.'
  const example = firstExample(schema)
  if (example !== undefined) return `Write it like ${example}.`
  const keys = Object.keys(schema?.properties ?? {})
  return keys.length === 0 ? undefined : `Write its keys below it, each on a line of its own: ${keys.join(', ')}.`
}

function likeExample(schema: Schema | undefined, expected: string): string {
  const example = firstExample(schema)
  return `Write it ${example === undefined ? `as ${lowerFirst(expected)}` : `like ${example}`}.`
}

// The definition says what form its texts have; a property only says what it is for.
function expectedForm(schema: Schema | undefined, rootSchema: Schema): string {
  const definitions = Object.values(rootSchema.definitions ?? {})
  const form = definitions.find(({ pattern }) => pattern !== undefined && pattern === schema?.pattern)
  const words = lowerFirst(form?.description ?? schema?.title ?? 'another form').replace(/\.$/, '')
  const example = firstExample(schema)
  return example === undefined ? words : `${words} (such as ${example})`
}

// Common mistakes in domains and addresses, and their fix.
/** Source: https://www.alibabacloud.com/help/en/acr/user-guide/individual-edition-instance-independent-domain-name-capacity-limit */
const NEW_PERSONAL_EDITION =
  '`crpi-…` is an instance of the new Personal Edition, which returns no temporary tokens. Use `edition: static` with its domain and a fixed user name and password.'

function formHint(value: string, schema: Schema | undefined, rootSchema: Schema): string | undefined {
  if (schema?.pattern?.startsWith('^cri-') && value.startsWith('crpi-')) return NEW_PERSONAL_EDITION
  const isForm = (definition: string): boolean =>
    schema?.pattern !== undefined && schema.pattern === rootSchema.definitions?.[definition]?.pattern
  const isDomain = isForm('Domain')
  if (isDomain && value.includes('://'))
    return `Leave the scheme out: ${value.replace(/^.*:\/\//, '').replace(/\/+$/, '')}.`
  if (isDomain && value.includes('*'))
    return 'List every domain by its full name; a credential is never written for a pattern.'
  if (isDomain && /^[\d.]+(:\d+)?$/.test(value)) return 'Write a host name; no credential is written for an IP address.'
  if (isDomain && /[A-Z]/.test(value)) return `Write it in lower case: ${value.toLowerCase()}.`
  if (isForm('EndpointUrl') && !value.includes('://')) return `Write it with its scheme: https://${value}.`
  if (isForm('EndpointUrl') && value.startsWith('http://')) {
    return 'Write https://; plain http is only for addresses of the machine itself.'
  }
  if (isForm('RepositoryGlob') && !value.includes('/'))
    return `Write namespace/repository: ${value}/* allows all of a namespace.`
  if (isForm('IpAddress') || isForm('Cidr')) {
    const [, mapped] = /^[0:]+:ffff:([0-9]+\.[0-9.]+)(\/.*)?$/i.exec(value) ?? []
    if (mapped !== undefined) return `Write it as IPv4: ${mapped}.`
    if (/(^|\.)0[0-9]/.test(value)) return 'Leave out zeros before a number: some programs read them as octal.'
    if (/[a-z]/i.test(value) && !value.includes(':')) return 'Write an address; a host name is not resolved here.'
  }
  if (isForm('HostName')) {
    if (value.includes('://')) return `Leave the scheme out: ${value.replace(/^.*:\/\//, '').replace(/\/.*$/, '')}.`
    if (value.includes('*')) return 'List every host by its full name; /etc/hosts knows no wildcard.'
    if (/[A-Z]/.test(value)) return `Write it in lower case: ${value.toLowerCase()}.`
    if (value.endsWith('.')) return `Leave out the dot at its end: ${value.replace(/\.+$/, '')}.`
    return 'Write a host name such as images.example.com: lower-case letters, digits and `-`, in parts with a dot between them.'
  }
  if (isForm('Duration') && /^\d+$/.test(value))
    return `Write a number with its unit: ${value}s, ${value}m or ${value}h.`
  return undefined
}

/** An unknown key: suggests the nearest one here, and where a key of that name exists. Its value is never shown. */
export function unknownKeyError(context: ProblemContext, key: string): ValuesError {
  const { root, rootSchema, path, schema } = context
  const known = Object.keys(schema?.properties ?? {})
  const here = formatPath(path).replaceAll(/\[\d+\]/g, '[]')
  const elsewhere = (keyPlaces(rootSchema).get(key) ?? []).filter((place) => place !== here)
  return new ValuesError(
    'SCHEMA_UNKNOWN_KEY',
    `there is no key \`${key}\` ${path.length === 0 ? 'at the top' : `in ${name(path)}`}`,
    {
      at: placeOfKey(root, path, key),
      path: [...path, key],
      expected: `one of ${known.join(', ')}`,
      hint: leftOut(path, key) ?? hintFor(key, known, elsewhere) ?? `Remove it; ${listOf(known)}.`,
      hideLine: true,
    },
  )
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
    'Remove it: a folder of the node would let the helper read what is not its own, and Pod Security restricted forbids it. Use `configMap`, `secret` or `csi`.',
  privileged: 'Remove it: the helper needs no right on its node.',
  add: 'Remove it: the helper needs no capability.',
  procMount: 'Remove it: the helper needs no right on its node.',
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
  return new ValuesError(
    'SCHEMA_MISSING',
    `\`${key}\` is missing${place}${reason === undefined ? '' : `: ${reason} needs it`}`,
    {
      at: placeOf(root, path),
      path: full,
      expected: property?.title,
      hint: `${rrsaHint(path, key) ?? 'Add'} ${example === undefined ? `\`${key}\`` : `\`${key}: ${example}\``}${property?.title === undefined ? '' : ` (${lowerFirst(property.title)})`}.`,
    },
  )
}

/** None or several of mutually exclusive keys. */
export function exactlyOneError(context: ProblemContext): ValuesError {
  const { root, path, node, schema } = context
  const choices = alternatives(schema)
  const given = choices.filter((key) => child(node, key) !== undefined)
  const list = (given.length === 0 ? choices : given).map((key) => `\`${key}\``)
  const place = path.length === 0 ? '' : ` in ${name(path)}`
  const second = given[1]
  const at = second === undefined ? placeOf(root, path) : keyPlace(node, second)
  return new ValuesError(
    'SCHEMA_EXACTLY_ONE',
    given.length === 0
      ? `one of ${list.join(' and ')} is missing${place}`
      : `${list.join(' and ')} are ${list.length === 2 ? 'both' : 'all'} set${place}`,
    {
      at: at ?? placeOf(root, path),
      path,
      expected: `exactly one of ${choices.join(', ')}`,
      hint: given.length === 0 ? `Add one of ${list.join(', ')}.` : `Keep one of ${list.join(', ')}.`,
    },
  )
}

function keyPlace(node: YamlNode | undefined, key: string): YamlNode['at'] | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.keyAt : undefined
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
  const isRrsa = formatPath(path) === 'identity.rrsa' || (formatPath(path) === 'identity' && key === 'rrsa')
  return isRrsa
    ? 'Only for clusters given by `ack` the action and `acr-nopass apply` fill the ARNs in; here add'
    : undefined
}
