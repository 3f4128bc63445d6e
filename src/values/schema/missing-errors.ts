import { ValuesError } from '../values-error.ts'
import { child, formatPath, is, lookup, type Scalar, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'
import { placeOf } from './place.ts'
import { lowerFirst, name, type ProblemContext } from './problem-context.ts'
import { resolve, type Schema, schemaAt } from './schema.ts'
import { firstExample } from './show-value.ts'

/** A key that is needed and not there; it points to the map where it belongs. */
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

/** None or several of keys of which exactly one has to be set. */
export function exactlyOneError(context: ProblemContext): ValuesError {
  const { root, path, node, schema } = context
  const choices = alternatives(schema)
  const given = choices.filter((key) => child(node, key) !== undefined)
  const list = choices.map((key) => `\`${key}\``)
  const place = path.length === 0 ? '' : ` in ${name(path)}`
  const second = given[1]
  const at = second === undefined ? placeOf(root, path) : keyPlace(node, second)
  return new ValuesError(
    'SCHEMA_EXACTLY_ONE',
    given.length === 0
      ? `one of ${list.join(' and ')} is missing${place}`
      : `${list.join(' and ')} are both set${place}`,
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

// `edition: static`, when that is why the key is needed.
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
  return isRrsa ? 'The action and `acr-nopass apply` fill the ARNs in by themselves; to install by hand add' : undefined
}
