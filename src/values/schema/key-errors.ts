import { ValuesError } from '../values-error.ts'
import { formatPath, type ValuePath } from '../yaml/yaml-node.ts'
import { nearest } from './nearest.ts'
import { placeOfKey } from './place.ts'
import { name, type ProblemContext } from './problem-context.ts'
import { keyPlaces } from './schema.ts'

/** A key that does not exist: the nearest one here, and where a key of that name does exist. Its value is never shown. */
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
      hint: hintFor(key, known, elsewhere) ?? `Remove it; ${listOf(known)}.`,
      hideLine: true,
    },
  )
}

// A list that nobody would read to its end is no help.
function listOf(known: readonly string[]): string {
  return known.length > 15 ? 'docs/en/values.md describes every key' : `the keys here are ${known.join(', ')}`
}

/** The path of the key that an unknown key was most likely meant to be. */
export function meantPath({ path, schema, problem }: ProblemContext): ValuePath | undefined {
  const meant = nearest(problem.params.additionalProperty ?? '', Object.keys(schema?.properties ?? {}))
  return meant === undefined ? undefined : [...path, meant]
}

function hintFor(key: string, known: readonly string[], elsewhere: readonly string[]): string | undefined {
  const near = nearest(key, known)
  const places = elsewhere
    .slice(0, 3)
    .map((place) => place.replace(/^\[\]\.?/, ''))
    .map((place) => (place === '' ? 'at the top of the file' : `under \`${place}\``))
  if (near !== undefined && elsewhere.length === 0) return `Did you mean \`${near}\`?`
  if (near !== undefined) return `Did you mean \`${near}\`? A key \`${key}\` belongs ${places.join(' or ')}.`
  return elsewhere.length === 0 ? undefined : `\`${key}\` belongs ${places.join(' or ')}: move it there.`
}
