import type { HelperStatus, StatusError } from '../../release/helper-status.ts'
import { type Html, html, prose } from './html.ts'
import { renderTime } from './times.ts'
import type { Words } from './words.ts'

/** One thing that a person should look at, and where. */
export interface Trouble extends StatusError {
  readonly registry?: string
  readonly namespace?: string
  readonly object?: string
}

/** What is wrong, registries first: each of them is everybody's trouble. */
export function findTrouble({ registries, problems }: HelperStatus): readonly Trouble[] {
  const ofRegistries = registries.flatMap(({ name, error }) => (error ? [{ ...error, registry: name }] : []))
  return [...ofRegistries, ...problems]
}

export function renderTrouble(troubles: readonly Trouble[], now: number, words: Words): Html {
  const items = troubles.map(
    (trouble) => html`<li>
<div class="top"><h3>${renderPlace(trouble, words)}</h3><span class="soft">${renderTime(trouble.at, now, words.lang)}</span></div>
<p>${prose(trouble.message)}</p>
<p><b>${words.fix}</b> ${prose(trouble.fix)}</p>
<p class="soft"><code>${[trouble.code, trouble.reason].filter(Boolean).join(' · ')}</code></p>
</li>`,
  )
  return html`<ul class="problems">${items}</ul>`
}

function renderPlace({ registry, namespace, object }: Trouble, words: Words): string {
  if (registry !== undefined) return `${words.registry} ${registry}`
  const parts = [namespace === undefined ? undefined : `${words.namespace} ${namespace}`, object]
  return parts.filter((part) => part !== undefined).join(' · ')
}
