import { parse } from 'yaml'
import { NopassError } from '../errors.ts'
import { isRecord } from '../lib/json.ts'
import type { Product } from './transport/endpoints.ts'

const KNOWN: readonly string[] = ['ram', 'sts', 'cs', 'cr']

/** The input `endpoints`. @throws NopassError `INPUT_INVALID` */
export function readEndpoints(text: string): Readonly<Partial<Record<Product, string>>> {
  const value: unknown = text === '' ? {} : parse(text)
  const entries = isRecord(value) ? Object.entries(value) : undefined
  if (entries?.every(([key, url]) => KNOWN.includes(key) && typeof url === 'string')) {
    return Object.fromEntries(entries)
  }
  throw new NopassError('INPUT_INVALID', 'endpoints: a YAML map of ram, sts, cs, cr to addresses is expected')
}
