import { type ErrorCode, NopassError } from '../../errors.ts'

/** The kinds of notes, what needs a person first. */
export const KINDS = ['lost', 'todo', 'changed', 'dropped'] as const

export interface ImportNote {
  /**
   * `lost`: could not be converted, and pulls may depend on it; `todo`: needed before the
   * installation; `changed`: works differently; `dropped`: not needed by acr-nopass.
   */
  readonly kind: (typeof KINDS)[number]
  readonly text: string
}

/** Collects what a person has to know, and why there can be no values. */
export class ImportLog {
  readonly notes: ImportNote[] = []
  readonly errors: NopassError[] = []

  note(kind: ImportNote['kind'], text: string): void {
    this.notes.push({ kind, text })
  }

  fail(code: ErrorCode, message: string, hint?: string): undefined {
    this.errors.push(new NopassError(code, message, { hint }))
  }
}
