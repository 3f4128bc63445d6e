import type { Progress } from '../../tools/progress.ts'

/** Prints nothing. */
export const silentProgress: Progress = {
  step: (_title, work) => work({ update: () => {} }),
  note: () => {},
}
