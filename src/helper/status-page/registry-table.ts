import type { RegistryStatus } from '../../release/helper-status.ts'
import { type Html, html, renderTime } from './html.ts'
import type { Words } from './words.ts'

const TONES = { live: 'good', pending: 'busy', failing: 'bad' } as const

/** One row per registry. ARIA roles are explicit, because a narrow screen turns the cells into blocks. */
export function renderRegistries(registries: readonly RegistryStatus[], now: number, words: Words): Html {
  return html`<table role="table" aria-labelledby="registries">
<thead role="rowgroup"><tr role="row"><th role="columnheader">${words.name}</th><th role="columnheader">${words.credential}</th><th role="columnheader">${words.expires}</th><th role="columnheader">${words.refresh}</th><th role="columnheader">${words.domains}</th></tr></thead>
<tbody role="rowgroup">${registries.map((registry) => renderRow(registry, now, words))}</tbody>
</table>`
}

function renderRow(registry: RegistryStatus, now: number, words: Words): Html {
  const { name, edition, instanceId, region, state, expiresAt, refreshAt, issuedAt, verified, domains } = registry
  const kind = [edition, region].filter((fact) => fact !== undefined).join(' · ')
  const id = instanceId === undefined ? undefined : html`<small>${instanceId}</small>`
  const none = state === 'pending' ? words.none : words.never
  const tone = state === 'pending' && registry.error ? 'bad' : TONES[state]
  const time = (at: string | undefined): Html => (at === undefined ? html`${none}` : renderTime(at, now, words.lang))
  return html`<tr role="row">
<th role="rowheader">${name}${id}<small>${kind}</small></th>
<td role="cell" class="short"><span class="state ${tone}">${words.states[state]}</span><small class="${verified === 'refused' ? 'state bad' : ''}">${words.logins[verified]}</small></td>
<td role="cell" data-label="${words.expires}">${time(expiresAt)}${renderLife({ issuedAt, expiresAt, refreshAt }, tone, now, words)}</td>
<td role="cell" data-label="${words.refresh}">${time(refreshAt)}</td>
<td role="cell" data-label="${words.domains}">${renderDomains(domains, none)}</td>
</tr>`
}

function renderDomains(domains: readonly string[], none: string): Html {
  if (domains.length === 0) return html`${none}`
  return html`<ul class="plain">${domains.map(renderDomain)}</ul>`
}

/** A long domain may wrap at its dots. */
function renderDomain(domain: string): Html {
  const [first = '', ...more] = domain.split('.')
  return html`<li>${first}${more.map((part) => html`.<wbr>${part}`)}</li>`
}

interface Life {
  readonly issuedAt: string | undefined
  readonly expiresAt: string | undefined
  readonly refreshAt: string | undefined
}

/** The credential's lifetime as a bar, with a mark where its renewal is due. */
function renderLife(
  { issuedAt, expiresAt, refreshAt }: Life,
  tone: string,
  now: number,
  words: Words,
): Html | undefined {
  if (issuedAt === undefined || expiresAt === undefined) return undefined
  const [begin, end] = [Date.parse(issuedAt), Date.parse(expiresAt)]
  const percent = (at: number): number => Math.min(100, Math.max(0, Math.round((100 * (at - begin)) / (end - begin))))
  const mark =
    refreshAt === undefined
      ? undefined
      : html`<rect class="mark" x="${Math.min(99, percent(Date.parse(refreshAt)))}%" width="2" height="4"/>`
  const label = words.life(percent(now))
  return html`<svg role="img" aria-label="${label}"><rect class="${tone}" width="${percent(now)}%" height="4"/>${mark}</svg>`
}
