import type { ErrorObject } from 'ajv'
import { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'
import type { ListNode, MapNode } from '../yaml/yaml-node.ts'
import { formError, typeHint } from './form-errors.ts'
import { alternatives, exactlyOneError, meantKey, missingKeyError, unknownKeyError } from './key-errors.ts'
import { nearest } from './nearest.ts'
import { type Schema, schemaAt } from './schema.ts'
import {
  describeExpected,
  describeValue,
  firstExample,
  mayShow,
  name,
  type ProblemContext,
  showValue,
} from './schema-problem.ts'

/**
 * Converts the validator's findings to errors with places and fixes. Several findings about one
 * text become one error.
 */
export function schemaErrors(
  problems: readonly ErrorObject[],
  root: MapNode | ListNode,
  rootSchema: Schema,
): ValuesError[] {
  const contexts = problems.map((problem): ProblemContext => {
    const at = follow(problem.instancePath, new Cursor(root))
    return { problem, rootSchema, at, schema: schemaAt(rootSchema, at.path) }
  })
  // Report a misspelt key once, not also as missing under its right name.
  const unknown = contexts.filter(({ problem }) => problem.keyword === 'additionalProperties')
  const meant = new Set(unknown.flatMap((context) => meantKey(context)?.name ?? []))
  const errors = contexts
    .filter((context) => !missingKeys(context).some((key) => meant.has(key.name)))
    .flatMap((context) => toError(context) ?? [])
  // A value of the wrong type gets no error about its form or choice as well. A text gets one error
  // about its form.
  const wrongTypes = new Set(
    errors.filter(({ code }) => code === 'SCHEMA_TYPE').map(({ path }) => JSON.stringify(path)),
  )
  const seen = new Set<string>()
  return errors.filter((error) => {
    const path = JSON.stringify(error.path)
    const key = `${error.code} ${path}`
    if (seen.has(key) || (error.code !== 'SCHEMA_TYPE' && wrongTypes.has(path))) return false
    seen.add(key)
    return true
  })
}

function toError(context: ProblemContext): ValuesError | undefined {
  const { problem, rootSchema, at, schema } = context
  const { keyword, schemaPath, params } = problem
  switch (keyword) {
    case 'additionalProperties':
      return unknownKeyError(context, String(params.additionalProperty))
    case 'required':
      // The case `oneOf` below reports all branches of "exactly one of" as one error.
      return /\/oneOf\/\d+\/required$/.test(schemaPath)
        ? undefined
        : missingKeyError(rootSchema, at.at(String(params.missingProperty)))
    case 'oneOf':
      return exactlyOneError(context)
    case 'type':
      return unexpected(context, 'SCHEMA_TYPE', typeHint(context))
    case 'enum':
      return choiceError(context)
    case 'minimum':
    case 'maximum':
      return unexpected(context, 'SCHEMA_RANGE', `Write ${describeExpected(schema, rootSchema)}.`)
    case 'minItems':
    case 'maxItems':
    case 'uniqueItems':
      // If the list is an empty default, the user did not set the key.
      return at.isDefault ? missingKeyError(rootSchema, at) : listError(context)
    case 'not':
    case 'pattern':
    case 'minLength':
    case 'maxLength':
      return formError(context)
    default:
      // `if` and `propertyNames` only repeat what their inner keywords report.
      return undefined
  }
}

function missingKeys({ problem, at, schema }: ProblemContext): readonly Cursor[] {
  const key = problem.keyword === 'required' ? problem.params.missingProperty : undefined
  if (key !== undefined) return [at.at(key)]
  const choices = problem.keyword === 'oneOf' ? alternatives(schema).map((choice) => at.at(choice)) : []
  return choices.every(({ node }) => node === undefined) ? choices : []
}

/** Returns the error for a value of another type, or out of the range. */
function unexpected(
  { rootSchema, at, schema }: ProblemContext,
  code: 'SCHEMA_TYPE' | 'SCHEMA_RANGE',
  hint: string | undefined,
): ValuesError {
  const expected = describeExpected(schema, rootSchema)
  const details = { value: showValue(at), expected, hint, hideLine: !mayShow(at), isChoice: schema?.enum !== undefined }
  return at.error(code, `${name(at)} is ${describeValue(at)}; expected ${expected}`, details)
}

function choiceError({ rootSchema, at, schema }: ProblemContext): ValuesError {
  const expected = describeExpected(schema, rootSchema)
  const choices = (schema?.enum ?? []).map(String)
  const meant = nearest(String(at.value ?? ''), choices)
  const hint = meant === undefined ? `Take one of: ${expected}.` : `Did you mean ${meant}?`
  const only = `Remove it: the chart needs ${expected}, which is the default.`
  const message = `${name(at)} is ${showValue(at) ?? 'another value'}; expected one of ${expected}`
  return at.error('SCHEMA_CHOICE', message, {
    value: showValue(at),
    expected,
    hint: choices.length === 1 ? only : hint,
  })
}

function listError({ problem, at, schema }: ProblemContext): ValuesError {
  const { keyword, params } = problem
  if (keyword === 'uniqueItems') {
    const [first, second] = [Number(params.j), Number(params.i)].toSorted((a, b) => a - b).map((index) => at.at(index))
    return (second ?? at).error('SCHEMA_LIST', `${name(second ?? at)} repeats ${name(first ?? at)}`, {
      value: showValue(second ?? at),
      expected: 'every item once',
      hint: 'Remove one of the two.',
    })
  }
  const limit = Number(params.limit)
  const isShort = keyword === 'minItems'
  const expected = `${isShort ? 'at least' : 'at most'} ${limit}`
  const example = isShort ? firstExample(schema) : undefined
  const fix = !isShort && limit === 0 ? 'Remove it.' : `Keep ${expected}.`
  const hint = example === undefined ? fix : `Add an item, such as ${example}.`
  const message = `${name(at)} has ${at.items.length} items; expected ${expected}`
  return at.error('SCHEMA_LIST', message, { expected, hint })
}

/** Returns the place of a JSON pointer. */
function follow(pointer: string, root: Cursor): Cursor {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((at, part) => at.at(at.node?.kind === 'list' ? Number(part) : part), root)
}
