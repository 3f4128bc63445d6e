/** `' '` unchanged, `'-'` only before, `'+'` only after. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** The table of two objects of 5,000 lines has 100 MB. */
const CELLS = 25_000_000

/** The shortest edit of lines (longest common subsequence); of objects that are too long for it only how long they are. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  if (before.length * after.length > CELLS) {
    return [
      { sign: '-', text: `(${before.length} lines, too many to compare)` },
      { sign: '+', text: `(${after.length} lines, too many to compare)` },
    ]
  }
  const width = after.length + 1
  // lengths[i * width + j]: length of the longest common subsequence of before[i..] and after[j..].
  const lengths = new Uint32Array((before.length + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ sign: ' ', text: before[i++] ?? '' })
      j++
    } else if (i < before.length && (j >= after.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: '-', text: before[i++] ?? '' })
    } else {
      lines.push({ sign: '+', text: after[j++] ?? '' })
    }
  }
  return lines
}

/** The changed lines with `context` lines around them; a gap is one line `...`. */
export function formatDiff(lines: readonly DiffLine[], context = 2): string {
  const near = (index: number): boolean =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ sign }) => sign !== ' ')
  const out: string[] = []
  for (const [index, { sign, text }] of lines.entries()) {
    if (near(index)) out.push(`${sign} ${text}`)
    else if (out.length > 0 && out.at(-1) !== '...') out.push('...')
  }
  if (out.at(-1) === '...') out.pop()
  return out.join('\n')
}
