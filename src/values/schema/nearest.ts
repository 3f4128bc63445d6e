/**
 * Returns the candidate that the user most likely meant. It is equal except for case and
 * separators, or differs by at most a third of the letters (insertions, deletions, replacements,
 * swaps of neighbours). Undefined if no candidate is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    if (candidate === word) continue
    const distance = distanceOf(word, candidate)
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))
    if (distance > limit || distance >= Math.min(word.length, candidate.length)) continue
    if (best === undefined || distance < best.distance) best = { candidate, distance }
  }
  return best?.candidate
}

function distanceOf(word: string, candidate: string): number {
  const [left, right] = [plain(word), plain(candidate)]
  if (left === right) return 0.5
  // Accept a shorter or longer form of the same word, such as warn and warning.
  const isForm = Math.min(left.length, right.length) >= 4 && (left.startsWith(right) || right.startsWith(left))
  return isForm ? 1 : editDistance(word, candidate)
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_. ]/g, '')
}

/** Returns the optimal string alignment distance. */
export function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1]
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? 0
}
