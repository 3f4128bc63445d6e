import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CancelRecord } from '../action/support/cancel-case.ts'
import type { SoakOptions } from './soak-options.ts'

/** The results of a soak, kept on disk so that it can be interrupted at any time. */
export interface SoakRecord {
  readonly file: string
  /** The records of this and of earlier runs with the same seed, in order. */
  readonly done: readonly CancelRecord[]
  add(record: CancelRecord): void
}

export function openSoakRecord(root: string, { seed, helm, fresh }: SoakOptions): SoakRecord {
  const file = join(root, '.cache', 'soak', `cancel-${helm}-${seed}.jsonl`)
  mkdirSync(dirname(file), { recursive: true })
  if (fresh) rmSync(file, { force: true })
  const done = readRecords(file)
  return {
    file,
    done,
    add(record) {
      done.push(record)
      appendFileSync(file, `${JSON.stringify(record)}\n`)
    },
  }
}

function readRecords(file: string): CancelRecord[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): CancelRecord => JSON.parse(line))
}
