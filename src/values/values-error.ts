import { type ErrorCode, formatPlace, NopassError } from '../errors.ts'
import type { Excerpt } from './excerpt-line.ts'
import { formatPath, type Position, type ValuePath } from './yaml/yaml-node.ts'

export interface ValuesErrorDetails {
  /** The fix for this case. By default the general fix of the code. */
  readonly hint?: string | undefined
  readonly at?: Position | undefined
  readonly path?: ValuePath | undefined
  /** The wrong value as it may be shown. Never set if the value may be a secret. */
  readonly value?: string | undefined
  readonly expected?: string | undefined
  /** True if the line of the file may contain a secret, so that it is not shown. */
  readonly hideLine?: boolean | undefined
  /** True if the key allows only some words, which the hint lists. */
  readonly isChoice?: boolean | undefined
  /** The excerpt to show if the file is not readable as YAML. */
  readonly excerpt?: Excerpt | undefined
}

/** One error in a values or clusters file: where it is, what is wrong and what was expected. */
export class ValuesError extends NopassError {
  readonly path: ValuePath
  readonly value: string | undefined
  readonly expected: string | undefined
  readonly hideLine: boolean
  readonly isChoice: boolean
  readonly excerpt: Excerpt | undefined

  constructor(code: ErrorCode, message: string, details: ValuesErrorDetails = {}) {
    super(code, message, { hint: details.hint, place: details.at })
    this.path = details.path ?? []
    this.value = details.value
    this.expected = details.expected
    this.hideLine = details.hideLine ?? false
    this.isChoice = details.isChoice ?? false
    this.excerpt = details.excerpt
  }
}

/** Returns an error as data, for `-o json`. */
export function errorData(error: NopassError) {
  const own = error instanceof ValuesError ? error : undefined
  return {
    code: error.code,
    message: error.message,
    file: error.place.file ?? null,
    line: error.place.line ?? null,
    column: error.place.column ?? null,
    path: own === undefined || own.path.length === 0 ? null : formatPath(own.path),
    value: own?.value ?? null,
    expected: own?.expected ?? null,
    hint: error.hint,
  }
}

/**
 * Appends content errors to syntax errors, at most one error per location. If only some words are
 * allowed, the fix lists the words: the general fix, `off` in quotes, is only right for a text.
 */
export function addErrors(written: readonly ValuesError[], content: readonly ValuesError[]): ValuesError[] {
  const byPlace = new Map(content.map((error) => [formatPlace(error.place), error]))
  const places = new Set(written.map(({ place }) => formatPlace(place)))
  const fixed = written.map((error) => {
    const other = byPlace.get(formatPlace(error.place))
    return error.code === 'YAML_AMBIGUOUS' && other?.isChoice ? withHint(error, other.hint) : error
  })
  return [...fixed, ...content.filter(({ place }) => !places.has(formatPlace(place)))]
}

function withHint({ code, message, place, path, value, expected, hideLine }: ValuesError, hint: string): ValuesError {
  const { file = '', line = 1, column = 1 } = place
  return new ValuesError(code, message, { hint, path, value, expected, hideLine, at: { file, line, column } })
}

/**
 * Sorts errors by file in the given order, then by line and column. Errors without a place come
 * last.
 */
export function sortErrors<T extends NopassError>(errors: readonly T[], files: readonly string[]): T[] {
  const rank = ({ place }: T): number[] => [
    place.file === undefined ? files.length + 1 : files.indexOf(place.file),
    place.line ?? 0,
    place.column ?? 0,
  ]
  return errors.toSorted((left, right) => {
    const [a, b] = [rank(left), rank(right)]
    const index = a.findIndex((value, position) => value !== b[position])
    return index === -1 ? 0 : (a[index] ?? 0) - (b[index] ?? 0)
  })
}
