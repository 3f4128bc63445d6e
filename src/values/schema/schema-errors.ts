import { ValuesError } from '../values-error.ts'
import { formatPath, type ListNode, lookup, type MapNode, type ValuePath, type YamlNode } from '../yaml/yaml-node.ts'
import { formError, typeHint } from './form-errors.ts'
import { alternatives, exactlyOneError, meantPath, missingKeyError, unknownKeyError } from './key-errors.ts'
import { nearest } from './nearest.ts'
import { type Schema, schemaAt } from './schema.ts'
import {
  about,
  describeExpected,
  describeValue,
  firstExample,
  mayShow,
  name,
  type ProblemContext,
  placeOf,
  placeOfItem,
  type SchemaProblem,
  showValue,
} from './schema-problem.ts'

/** Converts the validator's findings to errors with places and fixes; several findings about one text become one error. */
export function schemaErrors(
  problems: readonly SchemaProblem[],
  root: MapNode | ListNode,
  rootSchema: Schema,
): ValuesError[] {
  const contexts = problems.map((problem): ProblemContext => {
    const path = toPath(problem.instancePath, root)
    return { problem, root, rootSchema, path, schema: schemaAt(rootSchema, path), node: lookup(root, path) }
  })
  // A misspelt key is reported once: not also as missing under its right name.
  const unknown = contexts.filter(({ problem }) => problem.keyword === 'additionalProperties')
  const meant = new Set(unknown.flatMap((context) => formatPath(meantPath(context) ?? [])))
  const errors = contexts
    .filter((context) => !missingPaths(context).some((path) => meant.has(formatPath(path))))
    .flatMap((context) => toError(context) ?? [])
  // A value of the wrong type is not also blamed for its form or choice, nor one text twice for its form.
  const wrongTypes = new Set(errors.filter(({ code }) => code === 'SCHEMA_TYPE').map(({ path }) => formatPath(path)))
  const seen = new Set<string>()
  return errors.filter((error) => {
    const path = formatPath(error.path)
    const key = `${error.code} ${path}`
    if (seen.has(key) || (error.code !== 'SCHEMA_TYPE' && wrongTypes.has(path))) return false
    seen.add(key)
    return true
  })
}

function toError(context: ProblemContext): ValuesError | undefined {
  const { keyword, schemaPath, params } = context.problem
  switch (keyword) {
    case 'additionalProperties':
      return unknownKeyError(context, String(params.additionalProperty))
    case 'required':
      // Branches of "exactly one of" are reported as one, by the case below.
      return /\/oneOf\/\d+\/required$/.test(schemaPath)
        ? undefined
        : missingKeyError(context, String(params.missingProperty))
    case 'oneOf':
      return exactlyOneError(context)
    case 'type':
      return typeError(context)
    case 'enum':
      return choiceError(context)
    case 'minimum':
    case 'maximum':
      return rangeError(context)
    case 'minItems':
    case 'maxItems':
    case 'uniqueItems':
      // An empty default is a key that was not set.
      return context.node?.origin === 'chart'
        ? missingKeyError(parentOf(context), String(context.path.at(-1)))
        : listError(context)
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

function parentOf(context: ProblemContext): ProblemContext {
  const path = context.path.slice(0, -1)
  return { ...context, path, schema: schemaAt(context.rootSchema, path), node: lookup(context.root, path) }
}

function missingPaths({ problem, path, schema, node }: ProblemContext): ValuePath[] {
  const key = problem.keyword === 'required' ? problem.params.missingProperty : undefined
  if (key !== undefined) return [[...path, key]]
  const choices = problem.keyword === 'oneOf' ? alternatives(schema) : []
  const isNone = choices.every((choice) => lookup(node, [choice]) === undefined)
  return isNone ? choices.map((choice) => [...path, choice]) : []
}

function typeError({ root, rootSchema, path, schema, node }: ProblemContext): ValuesError {
  const expected = describeExpected(schema, rootSchema)
  return new ValuesError('SCHEMA_TYPE', `${name(path)} is ${describeValue(node, path)}; expected ${expected}`, {
    ...about({ root, path, node }),
    expected,
    hint: typeHint(schema, node, path),
    hideLine: !mayShow(path),
  })
}

function choiceError({ root, rootSchema, path, schema, node }: ProblemContext): ValuesError {
  const expected = describeExpected(schema, rootSchema)
  const given = node?.kind === 'scalar' ? String(node.value) : ''
  const meant = nearest(given, (schema?.enum ?? []).map(String))
  const hint = choiceHint(schema?.enum ?? [], expected, meant)
  const message = `${name(path)} is ${showValue(node, path) ?? 'another value'}; expected one of ${expected}`
  return new ValuesError('SCHEMA_CHOICE', message, { ...about({ root, path, node }), expected, hint })
}

function choiceHint(choices: readonly unknown[], expected: string, meant: string | undefined): string {
  if (choices.length === 1) return `Remove it: the chart needs ${expected}, which is the default.`
  return meant === undefined ? `Take one of: ${expected}.` : `Did you mean ${meant}?`
}

function rangeError({ root, rootSchema, path, schema, node }: ProblemContext): ValuesError {
  const expected = describeExpected(schema, rootSchema)
  return new ValuesError('SCHEMA_RANGE', `${name(path)} is ${describeValue(node, path)}; expected ${expected}`, {
    ...about({ root, path, node }),
    expected,
    hint: `Write ${expected}.`,
  })
}

function listError({ problem, root, path, schema, node }: ProblemContext): ValuesError {
  const { keyword, params } = problem
  if (keyword === 'uniqueItems') {
    const [first, second] = [Number(params.j), Number(params.i)].toSorted((a, b) => a - b)
    const item = [...path, second ?? 0]
    return new ValuesError('SCHEMA_LIST', `${name(item)} repeats ${name([...path, first ?? 0])}`, {
      at: placeOfItem(root, path, second ?? 0),
      path: item,
      value: showValue(lookup(root, item), item),
      expected: 'every item once',
      hint: 'Remove one of the two.',
    })
  }
  const limit = Number(params.limit)
  const count = node?.kind === 'list' ? node.items.length : 0
  const expected = `${keyword === 'minItems' ? 'at least' : 'at most'} ${limit}`
  const example = firstExample(schema)
  return new ValuesError('SCHEMA_LIST', `${name(path)} has ${count} items; expected ${expected}`, {
    at: placeOf(root, path),
    path,
    expected,
    hint: listHint(keyword, limit, example) ?? `Keep ${expected}.`,
  })
}

function listHint(keyword: string, limit: number, example: string | undefined): string | undefined {
  if (keyword === 'maxItems') return limit === 0 ? 'Remove it.' : undefined
  return example === undefined ? undefined : `Add an item, such as ${example}.`
}

function toPath(pointer: string, root: YamlNode): ValuePath {
  const path: (string | number)[] = []
  let node: YamlNode | undefined = root
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const step: string | number = node?.kind === 'list' ? Number(key) : key
    path.push(step)
    node = lookup(node, [step])
  }
  return path
}
