import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import schema from '../../chart/values.schema.json' with { type: 'json' }
import { loadValues } from '../../src/values/load-values.ts'
import { resolve, type Schema } from '../../src/values/schema/schema.ts'
import type { ValuesError } from '../../src/values/values-error.ts'
import { formatPath, type ValuePath } from '../../src/values/yaml/yaml-node.ts'

const root = schema as unknown as Schema

/** Returns the paths of all values that are no maps and no lists. */
function leaves(part: Schema, path: ValuePath): readonly ValuePath[] {
  if (path.length > 5) return []
  const { properties, items, type } = resolve(part, root)
  if (items !== undefined) return leaves(items, [...path, 0])
  if (properties === undefined) return type === 'object' ? [] : [path]
  return Object.entries(properties).flatMap(([key, property]) => leaves(property, [...path, key]))
}

const PATHS = leaves(root, [])

function valuesWith(path: ValuePath, value: unknown): string {
  const tree = path.reduceRight<unknown>((inner, step) => (step === 0 ? [inner] : { [step]: inner }), value)
  return stringify(tree, { version: '1.1' })
}

function errorAt(path: ValuePath, value: unknown): ValuesError | undefined {
  const { errors } = loadValues({ files: [{ name: 'v', text: valuesWith(path, value) }] })
  return errors.find(
    (error) => /^SCHEMA_(TYPE|FORM|CHOICE|RANGE)$/.test(error.code) && formatPath(error.path) === formatPath(path),
  )
}

/** Returns the values, as YAML, that a fix says to write instead. */
function replacements(hint: string): readonly string[] {
  const [, one] =
    /^(?:Quote it|Remove the quotes|Leave the scheme out|Leave the tag out|Write it in lower case|Write it with its scheme|Write it as Kubernetes does): (.+)\.$/.exec(
      hint,
    ) ??
    /^Did you mean (\S+)\?$/.exec(hint) ??
    /^Write it like (.+)\.$/.exec(hint) ??
    /^Write namespace\/repository: (\S+) allows/.exec(hint) ??
    []
  const [, several] = /^Write a number with its unit: (.+)\.$/.exec(hint) ?? /^Take one of: (.+)\.$/.exec(hint) ?? []
  return one === undefined ? (several?.split(/, | or /) ?? []) : [one]
}

const VALUES = fc.oneof(
  fc.constantFrom<unknown>(
    5,
    0,
    -1,
    1.5,
    true,
    false,
    '',
    '5',
    '0',
    '300',
    'true',
    'False',
    'Cn-Hangzhou',
    'Debug',
    'warning',
    'x y',
    'A_B',
  ),
  fc.constantFrom<unknown>(
    'https://example.com',
    'http://example.com/a',
    'Example.COM',
    'example.com:443',
    'shop',
    'Shop',
    'shop/web:1',
    'shop/web@x',
  ),
  fc.constantFrom<unknown>('10.0.0.1', '5 m', '5M', '10000000', '1h30m', '96 MiB', '-1', 'crpi-abc', 1e9),
  fc.integer({ min: -10, max: 1000 }),
  fc.string({ maxLength: 5 }),
)

test(`the fix of a wrong value is accepted`, () => {
  let applied = 0
  fc.assert(
    fc.property(fc.constantFrom(...PATHS), VALUES, (path, value) => {
      const error = errorAt(path, value)
      for (const replacement of error === undefined ? [] : replacements(error.hint)) {
        applied += 1
        const left = errorAt(path, parse(replacement))
        assert.equal(
          left,
          undefined,
          `${formatPath(path)}: ${JSON.stringify(value)}\n${error?.message}\n${error?.hint}\n${left?.message}`,
        )
      }
    }),
    { numRuns: 2000, seed: 41 },
  )
  assert.ok(applied > 300, `${applied}`)
})
