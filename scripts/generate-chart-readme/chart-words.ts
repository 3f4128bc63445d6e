import { parse } from 'yaml'
import type { Schema } from '../../src/values/schema/schema.ts'
import { readValuesTexts } from '../generate-values/docs.ts'

/**
 * The words of one language. Without a translation, the words of values.yaml and of the schema are
 * used.
 */
export interface ChartWords {
  readonly required: string
  readonly default: string
  readonly columns: readonly string[]
  readonly alerts: readonly string[]
  readonly translation?: Translation
}

export interface Translation {
  /** Prose of a top-level key. `{example}` is the next example of values.yaml. */
  readonly keys: Readonly<Record<string, string>>
  /** Comments inside a key, by dotted path. */
  readonly nested: Readonly<Record<string, string>>
  /** The columns "what" and "why" of each alert. */
  readonly alerts: Readonly<Record<string, readonly [string, string]>>
  /** Titles of the schema, by dotted path. */
  readonly titles: Readonly<Record<string, string>>
}

export const ENGLISH: ChartWords = {
  required: '**Required.**',
  default: 'Default: ',
  columns: ['key', 'default', ''],
  alerts: ['alert', 'severity', 'what', 'why'],
}

type ChineseFile = Omit<Translation, 'titles'> & { readonly words: Omit<ChartWords, 'translation'> }

/**
 * Returns the words of zh.yaml, next to this file, and the schema's titles from the values page.
 */
export function chinese(schema: Schema, readText: (path: string) => string): ChartWords {
  const { words, ...rest } = parse(readText('scripts/generate-chart-readme/zh.yaml')) as ChineseFile
  const titles = Object.entries(readValuesTexts(schema, 'zh', readText)).map(([path, [title]]) => [path, title])
  return { ...words, translation: { ...rest, titles: Object.fromEntries(titles) } }
}

/** @throws when a translation has a key that the source no longer has */
export function refuseSpare(texts: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const spare = Object.keys(texts).filter((key) => !known.includes(key))
  if (spare.length > 0) throw new Error(`scripts/generate-chart-readme/zh.yaml: ${spare.join(', ')} does not exist`)
}
