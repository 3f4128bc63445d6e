import { type DiffLine, diffLines } from '../helm/release/line-diff.ts'
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
  const edits = diffLines(before, after)
  const shown = new Set<number>()
  edits.forEach(({ sign }, index) => {
    if (sign === ' ') return
    for (let near = Math.max(0, index - CONTEXT); near <= index + CONTEXT; near++) shown.add(near)
  })
  const output: string[] = []
  let [oldLine, newLine] = [1, 1]
  edits.forEach(({ sign, text }, index) => {
    if (shown.has(index)) {
      if (!shown.has(index - 1)) output.push(hunkHeader(edits, shown, index, oldLine, newLine))
      output.push(`${sign}${text}`)
    }
    if (sign !== '+') oldLine++
    if (sign !== '-') newLine++
  })
  return output.length === 0 ? '' : `${output.join('\n')}\n`
}

function hunkHeader(
  edits: readonly DiffLine[],
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
