import type { StatusError } from '../acr/helper-status.ts'

export type Problem = StatusError & { readonly namespace?: string; readonly object?: string }

/** What a person should look at, by key: one a key, gone when it is solved. */
export interface ProblemBoard {
  set(key: string, problem: Problem): void
  clear(key: string): void
  /** The newest first. */
  newest(limit: number): readonly Problem[]
  readonly size: number
}

const LIMIT = 1000

export function createProblemBoard(onChange: () => void): ProblemBoard {
  const problems = new Map<string, Problem>()
  return {
    set(key, problem) {
      const known = problems.get(key)
      problems.delete(key)
      // The same trouble keeps the time at which it began.
      const same = known?.code === problem.code && known.message === problem.message
      problems.set(key, same ? known : problem)
      if (problems.size > LIMIT) problems.delete(problems.keys().next().value ?? '')
      if (!same) onChange()
    },
    clear(key) {
      if (problems.delete(key)) onChange()
    },
    newest: (limit) => [...problems.values()].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, limit),
    get size() {
      return problems.size
    },
  }
}
