import { type ErrorCode, NopassError } from '../../errors.ts'

/** The kinds of notes. Notes that need a person's action come first. */
export const KINDS = ['lost', 'todo', 'changed', 'dropped'] as const

export interface ImportNote {
  /**
   * `lost`: could not be converted, and pulls may depend on it; `todo`: needed before the
   * installation; `changed`: works differently; `dropped`: not needed by acr-nopass.
   */
  readonly kind: (typeof KINDS)[number]
  readonly text: string
}

/** Collects the notes for the user and the errors that prevent values. */
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
