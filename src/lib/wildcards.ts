/**
 * True if some text fits both patterns, in which `*` is any text and `?` any character. Dynamic
 * programming from the end: `meets[i][j]` is the result for `a` from index `i` and `b` from index
 * `j`.
 */
export function wildcardsMeet(a: string, b: string): boolean {
  const meets = Array.from({ length: a.length + 1 }, () => new Array<boolean>(b.length + 1).fill(false))
  const at = (i: number, j: number): boolean => meets[i]?.[j] ?? false
  for (let i = a.length; i >= 0; i--) {
    for (let j = b.length; j >= 0; j--) {
      const [left, right] = [a[i], b[j]]
      const row = meets[i] as boolean[]
      if (left === '*') row[j] = at(i + 1, j) || (right !== undefined && at(i, j + 1))
      else if (right === '*') row[j] = at(i, j + 1) || (left !== undefined && at(i + 1, j))
      else if (left === undefined || right === undefined) row[j] = left === right
      else row[j] = (left === right || left === '?' || right === '?') && at(i + 1, j + 1)
    }
  }
  return at(0, 0)
}
