import type { PolicyDocument } from './document.ts'
import { normalForm } from './normal-form.ts'

/** Lines around a change that are shown with it. */
const CONTEXT = 3

/** The difference of two documents as a person reads it: unified lines of their normal forms; empty when equal. */
export function diffDocuments(
  before: PolicyDocument | undefined,
  after: PolicyDocument | undefined,
  name: string,
): string {
  const lines = (document: PolicyDocument | undefined): string[] =>
    document === undefined ? [] : JSON.stringify(normalForm(document), null, 2).split('\n')
  const body = unifiedDiff(lines(before), lines(after))
  return body === '' ? '' : `--- ${before ? name : '(absent)'}\n+++ ${after ? name : '(absent)'}\n${body}`
}

/** Unified hunks of two lists of lines, without file names; empty when equal. */
export function unifiedDiff(before: readonly string[], after: readonly string[]): string {
  const edits = editsOf(before, after)
  const shown = new Set<number>()
  edits.forEach(({ sign }, index) => {
    if (sign === ' ') return
    for (let near = Math.max(0, index - CONTEXT); near <= index + CONTEXT; near++) shown.add(near)
  })
  const output: string[] = []
  let [oldLine, newLine] = [1, 1]
  edits.forEach(({ sign, line }, index) => {
    if (shown.has(index)) {
      if (!shown.has(index - 1)) output.push(hunkHeader(edits, shown, index, oldLine, newLine))
      output.push(`${sign}${line}`)
    }
    if (sign !== '+') oldLine++
    if (sign !== '-') newLine++
  })
  return output.length === 0 ? '' : `${output.join('\n')}\n`
}

interface Edit {
  readonly sign: ' ' | '-' | '+'
  readonly line: string
}

/** Longest common subsequence; documents have some hundred lines at most. */
function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  const width = after.length + 1
  const lengths = new Uint32Array((before.length + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const edits: Edit[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]]
    if (old !== undefined && old === fresh) {
      edits.push({ sign: ' ', line: old })
      i++
      j++
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ sign: '-', line: old })
      i++
    } else if (fresh !== undefined) {
      edits.push({ sign: '+', line: fresh })
      j++
    }
  }
  return edits
}

function hunkHeader(
  edits: readonly Edit[],
  shown: ReadonlySet<number>,
  start: number,
  oldLine: number,
  newLine: number,
): string {
  let end = start
  while (shown.has(end) && end < edits.length) end++
  const hunk = edits.slice(start, end)
  const [removed, added] = [
    hunk.filter(({ sign }) => sign !== '+').length,
    hunk.filter(({ sign }) => sign !== '-').length,
  ]
  return `@@ -${removed === 0 ? oldLine - 1 : oldLine},${removed} +${added === 0 ? newLine - 1 : newLine},${added} @@`
}
