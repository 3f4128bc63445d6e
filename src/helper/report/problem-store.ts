import type { StatusError } from '../../installation/helper-status.ts'

export type Problem = StatusError & { readonly namespace?: string; readonly object?: string }

export type ProblemStore = ReturnType<typeof createProblemStore>

const LIMIT = 1000
/** The limit for one namespace, so that it does not hide the problems of other namespaces. */
const NAMESPACE_LIMIT = 100
/** How many problems of one namespace `newest` returns before it turns to other namespaces. */
const NEWEST_OF_NAMESPACE = 3

/** Stores the current problems that need a person, one per key. */
export function createProblemStore(onChange: () => void) {
  const problems = new Map<string, Problem>()
  const inNamespace = new Map<string | undefined, Set<string>>()
  const remove = (key: string): boolean => {
    const keys = inNamespace.get(problems.get(key)?.namespace)
    keys?.delete(key)
    if (keys?.size === 0) inNamespace.delete(problems.get(key)?.namespace)
    return problems.delete(key)
  }
  const add = (key: string, problem: Problem): void => {
    const { namespace } = problem
    const keys = inNamespace.get(namespace) ?? new Set()
    inNamespace.set(namespace, keys.add(key))
    problems.set(key, problem)
    const [oldest] = namespace !== undefined && keys.size > NAMESPACE_LIMIT ? keys : []
    if (oldest !== undefined) remove(oldest)
    const [first] = problems.size > LIMIT ? problems.keys() : []
    if (first !== undefined) remove(first)
  }
  return {
    set(key: string, problem: Problem): void {
      const known = problems.get(key)
      remove(key)
      // A problem that is reported again keeps the time at which it started.
      const same = known?.code === problem.code && known.message === problem.message
      add(key, same ? known : problem)
      if (!same) onChange()
    },
    clear(key: string): void {
      if (remove(key)) onChange()
    },
    /**
     * Returns up to `limit` problems, the newest first. Beyond a few, the problems of one namespace
     * come after those of all others.
     */
    newest(limit: number): readonly Problem[] {
      const all = [...problems.values()].sort((a, b) => (a.at < b.at ? 1 : -1))
      const taken = new Map<string | undefined, number>()
      const [first, rest]: [Problem[], Problem[]] = [[], []]
      for (const one of all) {
        const before = taken.get(one.namespace) ?? 0
        taken.set(one.namespace, before + 1)
        const shared = one.namespace === undefined || before < NEWEST_OF_NAMESPACE
        ;(shared ? first : rest).push(one)
      }
      return [...first, ...rest].slice(0, limit)
    },
    get size() {
      return problems.size
    },
  }
}
