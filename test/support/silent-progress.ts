import type { Progress } from '../../src/sandbox/progress.ts'

/** Prints nothing. */
export const silentProgress: Progress = {
  step: (_title, work) => work({ update: () => {} }),
  note: () => {},
}
