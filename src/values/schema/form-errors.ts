import type { Cursor } from '../cursor.ts'
import { quotable } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'
import { definitionName, type Schema } from './schema.ts'
import {
  describeExpected,
  exampleFor,
  firstExample,
  flowYaml,
  lowerFirst,
  mayShow,
  name,
  type ProblemContext,
  showValue,
} from './schema-problem.ts'

/** Returns the error for a text in the wrong form. The text is a value or the name of a key. */
export function formError({ problem, rootSchema, at, schema }: ProblemContext): ValuesError {
  const { propertyName } = problem
  if (propertyName !== undefined) {
    const names = schema?.propertyNames
    const definition = names === undefined ? undefined : rootSchema.definitions?.[definitionName(names) ?? '']
    const expected = definition?.description ?? 'another name'
    const what = lowerFirst(definition?.title ?? 'key')
    const member = at.at(propertyName)
    return member.error(
      'SCHEMA_FORM',
      `the key ${JSON.stringify(quotable(propertyName))} in ${name(at)} is not a valid ${what}`,
      {
        at: member.keyPosition,
        value: quotable(propertyName),
        expected,
        hint: `Write it as ${expected}`,
        hideLine: true,
      },
    )
  }
  const expected = expectedForm(schema, rootSchema)
  const value = at.text ?? ''
  const shown = value === '' ? 'empty' : (showValue(at) ?? 'not what it should be')
  return at.error('SCHEMA_FORM', `${name(at)} is ${shown}; expected: ${expected}`, {
    value: showValue(at),
    expected,
    hint:
      (showValue(at) === undefined ? undefined : formHint(value, schema, rootSchema)) ?? likeExample(schema, expected),
    hideLine: !mayShow(at),
  })
}

/** Returns how to convert a value to the type of the schema. */
export function typeHint({ schema, at, rootSchema }: ProblemContext): string | undefined {
  const types = typeof schema?.type === 'string' ? [schema.type] : (schema?.type ?? [])
  const { node, value } = at
  const meant = entryHint(at)
  if (meant !== undefined) return meant
  // A list of clusters has no defaults that null could remove.
  if (value === null && at.root.kind === 'map')
    return 'Write a value, or remove the key; null removes a default, and this key has none.'
  const choices = schema?.enum ?? []
  if (choices.length > 0) return `Take one of: ${choices.map(String).join(', ')}.`
  if (types.includes('string') && node?.kind === 'scalar') {
    const text = node.source ?? String(value)
    if (!fits(text, schema))
      return (
        (mayShow(at) ? formHint(text, schema, rootSchema) : undefined) ??
        likeExample(schema, expectedForm(schema, rootSchema))
      )
    return mayShow(at) ? `Quote it: "${text}".` : 'Put it in quotes.'
  }
  if (typeof value === 'string' && mayShow(at)) {
    const text = value.trim()
    if (types.includes('boolean') && /^(true|false)$/i.test(text)) return `Remove the quotes: ${text.toLowerCase()}.`
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema ?? {}
    const number = types.includes('integer') ? /^\d+$/ : types.includes('number') ? /^\d+(\.\d+)?$/ : undefined
    if (number?.test(text)) {
      const isInRange = minimum <= Number(text) && Number(text) <= maximum
      return isInRange
        ? `Remove the quotes: ${text}.`
        : `Write ${describeExpected(schema, rootSchema)}, without quotes.`
    }
    if (types.includes('array')) return 'Write a list: one item per line, after "- ".'
  }
  if (types.includes('array') && at.isMap) return 'Write a list: put "- " before the first key of each item.'
  const example = exampleFor(at, schema)
  if (example !== undefined) return `Write it like ${example}.`
  const keys = Object.keys(schema?.properties ?? {})
  return keys.length === 0 ? undefined : `Write its keys below it, each on its own line: ${keys.join(', ')}.`
}

/** Returns the key of a cluster's entry that was meant, with the given texts. */
function entryHint(at: Cursor): string | undefined {
  if (at.path.length !== 2 || at.root.kind !== 'list' || !mayShow(at)) return undefined
  const texts = at.text === undefined ? at.texts : [at.text]
  const [text = ''] = texts
  if (text === '' || texts.some((one) => quotable(one) !== one || /\n|\$\{\{/.test(one))) return undefined
  const write = (key: string, value: unknown): string => `Write \`${key}: ${flowYaml(value)}\`.`
  const [, variable] = /^\$?\{?([A-Z_][A-Z0-9_]*)\}?$/.exec(text) ?? []
  switch (at.key) {
    case 'kubeconfig':
      return write('kubeconfig', variable === undefined ? { file: text } : { env: variable })
    case 'values':
      return texts.every((one) => /\.(ya?ml|json)$/.test(one)) ? write('valuesFiles', texts) : undefined
    case 'valuesFiles':
      return write('valuesFiles', texts)
    case 'ack':
      return /^c[0-9a-f]{16,}$/.test(text) ? write('ack', { clusterId: text, region: 'cn-hangzhou' }) : undefined
    default:
      return undefined
  }
}

/** True if a text has the form of the schema. */
function fits(text: string, schema: Schema | undefined): boolean {
  const { pattern = '', minLength = 0, maxLength = Number.POSITIVE_INFINITY, not } = schema ?? {}
  const isForbidden = not?.pattern !== undefined && new RegExp(not.pattern).test(text)
  return new RegExp(pattern).test(text) && minLength <= text.length && text.length <= maxLength && !isForbidden
}

function likeExample(schema: Schema | undefined, expected: string): string {
  const example = firstExample(schema)
  return `Write it ${example === undefined ? `as ${lowerFirst(expected)}` : `like ${example}`}.`
}

// Take the description of the definition, which says what form its texts have. The description of a
// property only says what it is for.
function expectedForm(schema: Schema | undefined, rootSchema: Schema): string {
  const definitions = Object.values(rootSchema.definitions ?? {})
  const form = definitions.find(({ pattern }) => pattern !== undefined && pattern === schema?.pattern)
  const words = lowerFirst(form?.description ?? schema?.title ?? 'another form').replace(/\.$/, '')
  const example = firstExample(schema)
  return example === undefined ? words : `${words} (such as ${example})`
}

/**
 * Source:
 * https://www.alibabacloud.com/help/en/acr/user-guide/individual-edition-instance-independent-domain-name-capacity-limit
 */
const NEW_PERSONAL_EDITION =
  '`crpi-…` is an instance of the new Personal Edition, which returns no temporary tokens. Use `edition: static` with its domain and a fixed user name and password.'

/** A fix, and the text that it says to write. */
type FormHint = readonly [hint: string, replacement?: string]

/** By definition of the schema: a function that returns the fix for a common mistake in a text. */
const FORM_HINTS: Readonly<Record<string, (value: string) => FormHint | undefined>> = {
  Domain(value) {
    const host = value.replace(/^.*:\/\//, '').replace(/\/+$/, '')
    if (host !== value) return [`Leave the scheme out: ${host}.`, host]
    if (value.includes('*')) return ['List every domain by its full name; a credential is never written for a pattern.']
    if (/^[\d.]+(:\d+)?$/.test(value)) return ['Write a host name; no credential is written for an IP address.']
    const lower = value.toLowerCase()
    return lower === value ? undefined : [`Write it in lower case: ${lower}.`, lower]
  },
  EndpointUrl(value) {
    const address = `https://${value}`
    if (!value.includes('://')) return [`Write it with its scheme: ${address}.`, address]
    return value.startsWith('http://')
      ? ['Write https://; plain http is only for addresses of the machine itself.']
      : undefined
  },
  RepositoryGlob(value) {
    const glob = `${value}/*`
    return value.includes('/') ? undefined : [`Write namespace/repository: ${glob} allows all of a namespace.`, glob]
  },
  RepositoryName(value) {
    if (value.includes('*')) return ['Write the name of one repository; only `repositories` has globs.']
    const [untagged = ''] = value.split(/[:@]/)
    return untagged === value ? undefined : [`Leave the tag out: ${untagged}.`, untagged]
  },
  Quantity(value) {
    const plain = value.replaceAll(/\s/g, '').replace(/(?<=\D)b$/i, '')
    return plain === value ? undefined : [`Write it as Kubernetes does: ${plain}.`, plain]
  },
  Duration: (value) =>
    /^\d+$/.test(value) ? [`Write a number with its unit: ${value}s, ${value}m or ${value}h.`, `${value}s`] : undefined,
}

function formHint(value: string, schema: Schema | undefined, rootSchema: Schema): string | undefined {
  if (schema?.pattern === undefined) return undefined
  if (schema.pattern.startsWith('^cri-') && value.startsWith('crpi-')) return NEW_PERSONAL_EDITION
  for (const [definition, hintFor] of Object.entries(FORM_HINTS)) {
    if (rootSchema.definitions?.[definition]?.pattern !== schema.pattern) continue
    const [hint, replacement] = hintFor(value) ?? []
    if (hint !== undefined && (replacement === undefined || fits(replacement, schema))) return hint
  }
  return undefined
}
