import { ValuesError } from '../values-error.ts'
import type { ValuePath, YamlNode } from '../yaml/yaml-node.ts'
import { placeOf, placeOfKey } from './place.ts'
import { lowerFirst, name, type ProblemContext } from './problem-context.ts'
import { definitionName, type Schema } from './schema.ts'
import { firstExample, mayShow, showValue } from './show-value.ts'

/** A text that has not the form it should have: a value, or the name of a key. */
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
      at: placeOf(root, path),
      path,
      value: showValue(node, path),
      expected,
      hint: formHint(value, schema, rootSchema) ?? likeExample(schema, expected),
      hideLine: !mayShow(path),
    },
  )
}

/** How to turn a value into one of the type that the schema takes. */
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

// What people write instead of a domain or an address, and what to write.
function formHint(value: string, schema: Schema | undefined, rootSchema: Schema): string | undefined {
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
  if (isForm('Duration') && /^\d+$/.test(value))
    return `Write a number with its unit: ${value}s, ${value}m or ${value}h.`
  return undefined
}
