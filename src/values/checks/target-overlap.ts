import { matchesGlobs } from '../glob.ts'

/** Namespaces by globs and by labels that they must have. */
export interface TargetSet {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly labels: Readonly<Record<string, unknown>>
}

/**
 * Whether there can be a namespace that belongs to both. Never false when there can; true also for the few cases that
 * only an exhaustive search could tell apart (several exclude globs that cover a glob together).
 */
export function targetsOverlap(left: TargetSet, right: TargetSet): boolean {
  const isApart = Object.entries(left.labels).some(([label, value]) => {
    return Object.hasOwn(right.labels, label) && right.labels[label] !== value
  })
  if (isApart) return false
  const exclude = [...left.exclude, ...right.exclude]
  // A glob is covered by another when that fits its text: its own `*` then counts as one more character.
  const usable = (globs: readonly string[]): string[] => globs.filter((glob) => !matchesGlobs(exclude, glob))
  return usable(left.include).some((a) => usable(right.include).some((b) => globsMeet(a, b)))
}

/** Whether some text fits both globs. */
export function globsMeet(left: string, right: string): boolean {
  const known = new Map<string, boolean>()
  const meet = (a: number, b: number): boolean => {
    const key = `${a} ${b}`
    const before = known.get(key)
    if (before !== undefined) return before
    // A star stands for nothing, or takes one more character of the other side.
    const result =
      a === left.length && b === right.length
        ? true
        : left[a] === '*'
          ? meet(a + 1, b) || (b < right.length && meet(a, b + 1))
          : right[b] === '*'
            ? meet(a, b + 1) || (a < left.length && meet(a + 1, b))
            : a < left.length && b < right.length && left[a] === right[b] && meet(a + 1, b + 1)
    known.set(key, result)
    return result
  }
  return meet(0, 0)
}
