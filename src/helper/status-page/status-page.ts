import { ERROR_CODES } from '../../error-codes.ts'
import type { CoverageStatus, HelperStatus, RegistryStatus, StatusError } from '../../installation/helper-status.ts'
import { type Html, html, prose, renderTime } from './html.ts'
import { STYLE } from './style.ts'
import { type Language, type Words, wordsOf } from './words.ts'

/** Renders the status as a read-only page without scripts. `now`: epoch milliseconds. */
export function renderStatusPage(status: HelperStatus, now: number, language: Language = 'en'): string {
  const words = wordsOf(language)
  const found = findProblems(status)
  const { tone, headline, detail } = judgeStatus(status, found.length, words, now)
  const problems = found.length === 0 ? undefined : html`<h2>${words.problems}</h2>${renderProblems(found, now, words)}`
  const page = html`<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${headline} · acr-nopass</title><link rel="icon" href="/icon.svg"><style>${{ markup: STYLE }}</style></head><body>
<header><strong>acr-nopass</strong><span>${status.version}</span><span>${words.report} ${renderTime(status.updatedAt, now, words.lang)}</span>
<nav><a href="/?lang=${language}">${words.reload}</a> · <a href="/?lang=${words.other.language}" lang="${words.other.language}">${words.other.name}</a> · <a href="/status.json">JSON</a></nav></header>
<main>
<h1 class="${tone}">${headline}</h1>
<p>${detail}</p>
${problems}
<h2 id="registries">${words.registries}</h2>
${renderRegistries(status.registries, now, words)}
<h2>${words.coverage}</h2>
${renderCoverage(status, words)}
</main>
<footer><span>${words.leader} ${status.leader.split('_')[0] || words.noLeader}</span><span>${words.attach} ${status.attach}</span><span>${words.secret} ${status.secretName}</span><span>${words.config} <code>${status.configHash.slice(0, 12)}</code></span></footer>
</body></html>
`
  return page.markup
}

/**
 * Renders the counts of namespaces and, if the helper attaches references to ServiceAccounts, their
 * counts.
 */
function renderCoverage({ namespaces, serviceAccounts }: HelperStatus, words: Words): Html {
  const accounts = serviceAccounts && renderCard(words.serviceAccounts, serviceAccounts, words)
  return html`<div class="cards">${renderCard(words.namespaces, namespaces, words)}${accounts}</div>`
}

function renderCard(title: string, coverage: CoverageStatus, words: Words): Html {
  const { total, current, pending, kept, aside } = countServed(coverage)
  const why = (tone: string) => {
    return ([reason, count]: readonly [string, number]) => ({ tone, count, what: words.reasons[reason] ?? reason })
  }
  const rows = [
    { tone: 'good', count: current, what: words.current },
    { tone: 'busy', count: pending, what: words.pending },
    ...kept.map(why('bad')),
  ].filter(({ count }) => count > 0)
  const shares = rows.map((row, index) => {
    const before = rows.slice(0, index).reduce((sum, { count }) => sum + count, 0)
    return html`<rect class="${row.tone}" x="${percentOf(before, total)}%" width="${percentOf(row.count, total)}%" height="8"/>`
  })
  const label = rows.map(({ count, what }) => `${count} ${what}`).join(', ')
  return html`<section><h3>${title}</h3>
<p class="figure">${current} <small class="soft">${words.of(total)}</small></p>
<svg role="img" aria-label="${label || '0'}">${shares}</svg>
<dl>${[...rows, ...aside.map(why('soft'))].map(({ tone, count, what }) => {
    return html`<div class="${tone}"><dt>${count}</dt><dd>${what}</dd></div>`
  })}</dl></section>`
}

function percentOf(part: number, total: number): string {
  return ((100 * part) / Math.max(1, total)).toFixed(2)
}

/** A problem and where it is. */
interface PageProblem extends StatusError {
  readonly registry?: string
  readonly namespace?: string
  readonly object?: string
}

/**
 * Returns the problems of the status. Problems of registries come first, because they affect every
 * namespace.
 */
export function findProblems({ registries, problems, updatedAt }: HelperStatus): readonly PageProblem[] {
  const ofRegistries = registries.flatMap(({ name, error, limit }) => {
    const { what, fix } = ERROR_CODES.CREDENTIAL_TOO_WIDE
    const tooWide = { code: 'CREDENTIAL_TOO_WIDE', message: what, fix, at: updatedAt, registry: name }
    return [...(error ? [{ ...error, registry: name }] : []), ...(limit?.width === 'too-wide' ? [tooWide] : [])]
  })
  return [...ofRegistries, ...problems]
}

function renderProblems(problems: readonly PageProblem[], now: number, words: Words): Html {
  const items = problems.map(
    (problem) => html`<li>
<div class="top"><h3>${renderLocation(problem, words)}</h3><span class="soft">${renderTime(problem.at, now, words.lang)}</span></div>
<p>${prose(problem.message)}</p>
<p><b>${words.fix}</b> ${prose(problem.fix)}</p>
<p class="soft"><code>${[problem.code, problem.reason].filter(Boolean).join(' · ')}</code></p>
</li>`,
  )
  return html`<ul class="problems">${items}</ul>`
}

function renderLocation({ registry, namespace, object }: PageProblem, words: Words): string {
  if (registry !== undefined) return `${words.registry} ${registry}`
  const parts = [namespace === undefined ? undefined : `${words.namespace} ${namespace}`, object]
  return parts.filter((part) => part !== undefined).join(' · ')
}

/** The headline of the page. */
interface PageVerdict {
  readonly tone: 'good' | 'busy' | 'bad'
  readonly headline: string
  readonly detail: string
}

/**
 * Summarizes the status as a headline. The status may be the last report of a leader that is gone.
 * `problems`: the number of problems on the page.
 */
export function judgeStatus(status: HelperStatus, problems: number, words: Words, now: number): PageVerdict {
  const { current, total, pending, kept } = countServed(status.namespaces)
  const waiting = pending + (status.serviceAccounts?.pending ?? 0)
  const covered = words.covered(current, total)
  if (problems > 0 || kept.length > 0) {
    const headline = problems > 0 ? words.toFix(problems) : covered
    return { tone: 'bad', headline, detail: words.sentence(covered) }
  }
  if (status.retired) return { tone: 'good', headline: words.retired, detail: words.retiredHint }
  if (status.registries.some((registry) => hasExpired(registry, now))) {
    return { tone: 'bad', headline: words.credentialExpired, detail: words.expiredHint }
  }
  if (status.registries.some(({ state }) => state === 'pending')) {
    return { tone: 'busy', headline: words.waitingForCredential, detail: words.waitingHint }
  }
  if (total === 0) return { tone: 'busy', headline: words.noNamespace, detail: words.noNamespaceHint }
  if (waiting > 0) return { tone: 'busy', headline: covered, detail: words.restIsComing }
  return { tone: 'good', headline: words.allCovered(total), detail: words.nothingToFix }
}

function hasExpired({ expiresAt = '' }: RegistryStatus, now: number): boolean {
  return Date.parse(expiresAt) <= now
}

/** Reasons to leave an object out on purpose. For any other reason a pull may fail. */
const INTENDED: ReadonlySet<string> = new Set(['not-targeted', 'opted-out', 'retired', 'terminating'])

interface Served {
  /** How many objects should be current. */
  readonly total: number
  readonly current: number
  readonly pending: number
  /** How many objects should be current but cannot be, by reason. */
  readonly kept: readonly (readonly [reason: string, count: number])[]
  /** How many objects are left out on purpose, by reason. */
  readonly aside: readonly (readonly [reason: string, count: number])[]
}

/** Separates objects that cannot be current from those that are left out on purpose. */
function countServed({ total, current, pending, skipped }: CoverageStatus): Served {
  const entries = Object.entries(skipped).filter(([, count]) => count > 0)
  const aside = entries.filter(([reason]) => INTENDED.has(reason))
  const kept = entries.filter(([reason]) => !INTENDED.has(reason))
  return { total: total - aside.reduce((sum, [, count]) => sum + count, 0), current, pending, kept, aside }
}

const TONES = { live: 'good', pending: 'busy', failing: 'bad' } as const

/**
 * Renders one row per registry. ARIA roles are explicit, because the style sheet turns the cells
 * into blocks on a narrow screen.
 */
function renderRegistries(registries: readonly RegistryStatus[], now: number, words: Words): Html {
  return html`<table role="table" aria-labelledby="registries">
<thead role="rowgroup"><tr role="row"><th role="columnheader">${words.name}</th><th role="columnheader">${words.credential}</th><th role="columnheader">${words.expires}</th><th role="columnheader">${words.refresh}</th><th role="columnheader">${words.domains}</th></tr></thead>
<tbody role="rowgroup">${registries.map((registry) =>
    renderRow(
      registry,
      registries.some(({ limit }) => limit),
      now,
      words,
    ),
  )}</tbody>
</table>`
}

function renderRow(registry: RegistryStatus, showsLimits: boolean, now: number, words: Words): Html {
  const { name, edition, instanceId, region, state, expiresAt, refreshAt, issuedAt, verified, domains } = registry
  const kind = [edition, region].filter((fact) => fact !== undefined).join(' · ')
  const id = instanceId === undefined ? undefined : html`<small>${instanceId}</small>`
  const none = state === 'pending' ? words.none : words.never
  const isOver = hasExpired(registry, now)
  const tone = isOver || (state === 'pending' && registry.error) ? 'bad' : TONES[state]
  const time = (at: string | undefined): Html => (at === undefined ? html`${none}` : renderTime(at, now, words.lang))
  return html`<tr role="row">
<th role="rowheader">${name}${id}<small>${kind}</small>${showsLimits ? renderLimit(registry, words) : undefined}</th>
<td role="cell" class="short"><span class="state ${tone}">${isOver ? words.expired : words.states[state]}</span><small class="${verified === 'refused' ? 'state bad' : ''}">${words.logins[verified]}</small></td>
<td role="cell" data-label="${words.expires}">${time(expiresAt)}${renderLife({ issuedAt, expiresAt, refreshAt }, tone, now, words)}</td>
<td role="cell" data-label="${words.refresh}">${time(refreshAt)}</td>
<td role="cell" data-label="${words.domains}">${renderDomains(domains, none)}</td>
</tr>`
}

/** How many repositories of a list are shown. */
const SHOWN = 6

/** Renders what the credential may pull. */
function renderLimit({ limit, edition }: RegistryStatus, words: Words): Html | undefined {
  if (limit === undefined) return edition === 'static' ? undefined : html`<small>${words.wholeRole}</small>`
  const { repositories, width } = limit
  const rest = repositories.length - SHOWN
  const list = [...repositories.slice(0, SHOWN), ...(rest > 0 ? [words.andMore(rest)] : [])].join(', ')
  const tone = width === 'too-wide' ? 'state bad' : ''
  return html`<small>${words.limitedTo(list)}</small><small class="${tone}">${words.widths[width]}</small>`
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

/** Renders the credential's lifetime as a bar, with a mark where the refresh is due. */
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
