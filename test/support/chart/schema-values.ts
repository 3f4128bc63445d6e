import fc from 'fast-check'
import { resolve, type Schema } from '../../../src/values/schema/schema.ts'

/** Values that mostly match a schema, except for its conditions. */
function valuesOf(schema: Schema, root: Schema): fc.Arbitrary<unknown> {
  const full = resolve(schema, root)
  if (full.enum !== undefined) return fc.constantFrom(...full.enum)
  const types = typeof full.type === 'string' ? [full.type] : (full.type ?? ['string'])
  return fc.oneof(...types.map((type) => valuesOfType(type, full, root)))
}

function valuesOfType(type: string, full: Schema, root: Schema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'integer':
      return fc.integer({ min: full.minimum ?? 0, max: full.maximum ?? 1000 })
    case 'number':
      return fc.double({ min: full.minimum ?? 0, max: full.maximum ?? 1000, noNaN: true })
    case 'array': {
      const most = Math.min(full.maxItems ?? 3, 3)
      return fc.array(valuesOf(full.items ?? {}, root), { minLength: full.minItems ?? 0, maxLength: most })
    }
    case 'object':
      return objectsOf(full, root)
    default:
      return textsOf(full)
  }
}

function textsOf({ pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (pattern === undefined) return fc.string({ minLength, maxLength: Math.min(maxLength, 40) })
  return fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' })
}

function objectsOf(full: Schema, root: Schema): fc.Arbitrary<unknown> {
  if (full.properties !== undefined) {
    const fields = Object.entries(full.properties).map(([key, value]) => [key, valuesOf(value, root)] as const)
    return fc.record(Object.fromEntries(fields), { requiredKeys: [...(full.required ?? [])] })
  }
  if (typeof full.additionalProperties === 'object') {
    return fc.dictionary(fc.constantFrom('a', 'team', 'x.io/y'), valuesOf(full.additionalProperties, root), {
      maxKeys: 2,
    })
  }
  return fc.constant({})
}

/** Typical mistakes of people, templates and tools, and values at the limits of the schema. */
const ODD_VALUES: readonly unknown[] = [
  null,
  '',
  ' ',
  'x',
  'X',
  'true',
  'ünï',
  '😀'.repeat(32),
  'a'.repeat(63),
  'a'.repeat(64),
  'a'.repeat(253),
  'a'.repeat(254),
  'a-',
  '-a',
  'a..b',
  'a\n',
  '\u00a0',
  'https://a.example.com',
  'http://127.0.0.1:8080',
  'http://example.com',
  '10.0.0.1',
  '*.example.com',
  '*',
  'cn-hangzhou',
  'cri-',
  'cri-abc',
  '5m',
  '0s',
  '1h30m',
  '50%',
  '100m',
  '1.5Gi',
  0,
  -1,
  1,
  1.5,
  2.0,
  24,
  25,
  1023,
  1024,
  65535,
  65536,
  1e20,
  1e-7,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  ['*', '*'],
  [1, 1.0],
  [{}],
  { a: null },
  { name: 'a' },
  { '': '' },
]

/** Changes, removes, adds or repeats one of the values of a tree. */
export type Mutation = (value: unknown) => unknown

/** Mutations of any kind at any location. */
export function mutations(schema: Schema, root: Schema): fc.Arbitrary<Mutation> {
  const keys = [...new Set(allKeys(root))]
  const odd = fc.constantFrom(...ODD_VALUES)
  const fitting = valuesOf(schema, root)
  const pick = fc.array(fc.nat(), { minLength: 1, maxLength: 8 })
  return fc.oneof(
    fc.tuple(pick, odd).map(
      ([where, value]): Mutation =>
        (tree) =>
          replaceAt(tree, where, () => value),
    ),
    fc.tuple(pick, fc.constantFrom(...keys), odd).map(
      ([where, key, value]): Mutation =>
        (tree) =>
          addAt(tree, where, key, value),
    ),
    pick.map(
      (where): Mutation =>
        (tree) =>
          replaceAt(tree, where, () => undefined),
    ),
    pick.map(
      (where): Mutation =>
        (tree) =>
          replaceAt(tree, where, (old) => (Array.isArray(old) ? [...old, ...old] : [old])),
    ),
    fc.tuple(fc.constantFrom(...Object.keys(root.properties ?? {})), fitting).map(([key, value]): Mutation => {
      return (tree) => (isRecord(tree) && isRecord(value) && key in value ? { ...tree, [key]: value[key] } : tree)
    }),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// Uses the numbers as a path down the tree. Applies the change at the end of the path, or at a
// value without children.
function replaceAt(tree: unknown, [step, ...rest]: readonly number[], change: (old: unknown) => unknown): unknown {
  if (step === undefined) return change(tree)
  if (Array.isArray(tree) && tree.length > 0) {
    const index = step % tree.length
    const next = replaceAt(tree[index], rest, change)
    return next === undefined ? tree.toSpliced(index, 1) : tree.toSpliced(index, 1, next)
  }
  const keys = isRecord(tree) ? Object.keys(tree) : []
  const key = keys[step % keys.length]
  if (!isRecord(tree) || key === undefined) return change(tree)
  const { [key]: old, ...others } = tree
  const next = replaceAt(old, rest, change)
  return next === undefined ? others : { ...tree, [key]: next }
}

function addAt(tree: unknown, where: readonly number[], key: string, value: unknown): unknown {
  return replaceAt(tree, where, (old) => (isRecord(old) ? { ...old, [key]: value } : { [key]: value }))
}

function* allKeys(root: Schema): Generator<string> {
  yield* Object.keys(root.properties ?? {})
  for (const definition of Object.values(root.definitions ?? {})) yield* Object.keys(definition.properties ?? {})
  yield* ['instanceID', 'unknown', 'a b', 'Team', 'a/b/c', '__proto__', 'constructor']
}
