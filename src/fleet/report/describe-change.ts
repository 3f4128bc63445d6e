import { summarize } from '../../lib/text.ts'
import type { FindingChange } from './compare-findings.ts'
import type { ClusterChange } from './since.ts'

/** The most findings of an id about Pods that are listed as new, as gone, or as changed. */
const MOST_OF_AN_ID = 3

interface Difference {
  readonly kind: 'new' | 'gone' | 'changed'
  readonly text: string
}

/** Returns `failed -> healthy`, or `still failed`. */
export function describeStates({ from, to }: ClusterChange): string {
  return from === to ? `still ${to}` : `${from ?? 'new in the list'} -> ${to ?? 'not in the list any more'}`
}

/** Returns each difference of a cluster in words. Many of one id about Pods are counted. */
export function describeDifferences({ found, gone, changed }: ClusterChange): readonly Difference[] {
  const withKind = (kind: Difference['kind'], texts: readonly string[]): readonly Difference[] =>
    shortenTexts(texts).map((text) => ({ kind, text }))
  return [
    ...withKind('new', found),
    ...withKind('gone', gone),
    ...withKind('changed', changed.map(describeFindingChange)),
  ]
}

/** Shows the first texts of each id about Pods, and counts the others. */
function shortenTexts(texts: readonly string[]): readonly string[] {
  const groups = Map.groupBy(texts, (text) => /^POD_\S+/.exec(text)?.[0] ?? text)
  return [...groups].flatMap(([id, all]) => {
    const more = all.length - MOST_OF_AN_ID
    return more < 2 ? all : [...all.slice(0, MOST_OF_AN_ID), `${id} and ${more} more`]
  })
}

function describeFindingChange({ finding, from, to, added, removed }: FindingChange): string {
  const parts = [
    ...(from === null ? ['severity not compared: the earlier check did not record it'] : []),
    ...(from === null || from === to ? [] : [`${from} -> ${to}`]),
    ...(added === null ? ['objects not compared: the earlier check did not record them'] : []),
    ...(added?.length ? [`new: ${summarize(added)}`] : []),
    ...(removed?.length ? [`gone: ${summarize(removed)}`] : []),
  ]
  return `${finding}: ${parts.join('; ')}`
}
