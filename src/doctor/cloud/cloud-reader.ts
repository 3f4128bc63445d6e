import { NopassError } from '../../errors.ts'
import type { Unread } from '../../release/reader.ts'

/** Reads that may be denied or fail: what could not be read is recorded, and the rest continues. */
export interface CloudReader {
  /** `action` is RAM's name of the right that the read needs. Undefined: not readable. */
  attempt<T>(what: string, action: string, work: () => Promise<T>): Promise<T | undefined>
  note(what: string, why: string): void
  readonly notes: readonly Unread[]
}

/** `deadline` ends all reads. @throws errors that are not the cloud's, such as an interrupt */
export function createCloudReader(
  signal: AbortSignal,
  deadline: AbortSignal,
  onProgress: (what: string) => void,
): CloudReader {
  const notes: Unread[] = []
  const note = (what: string, why: string): void => {
    if (!notes.some((one) => one.what === what && one.why === why)) notes.push({ what, why })
  }
  return {
    notes,
    note,
    async attempt(what, action, work) {
      onProgress(what)
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof NopassError) && !deadline.aborted) throw error
        note(what, error instanceof NopassError ? whyNot(error, action) : 'Alibaba Cloud did not respond in time')
        return undefined
      }
    },
  }
}

function whyNot({ code, message, reason }: NopassError, action: string): string {
  if (code === 'CLOUD_DENIED') return `your credentials lack the right ${action}`
  return `${message}${reason ? ` (${reason})` : ''}`
}
