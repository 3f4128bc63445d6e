import type { CoverageStatus, HelperStatus } from '../../release/helper-status.ts'
import { type Html, html } from './html.ts'
import { countServed } from './served.ts'
import type { Words } from './words.ts'

/** How much is served: namespaces, and ServiceAccounts where the helper attaches. */
export function renderCoverage({ namespaces, serviceAccounts }: HelperStatus, words: Words): Html {
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
    return html`<rect class="${row.tone}" x="${share(before, total)}%" width="${share(row.count, total)}%" height="8"/>`
  })
  const label = rows.map(({ count, what }) => `${count} ${what}`).join(', ')
  return html`<section><h3>${title}</h3>
<p class="figure">${current} <small class="soft">${words.of(total)}</small></p>
<svg role="img" aria-label="${label || '0'}">${shares}</svg>
<dl>${[...rows, ...aside.map(why('soft'))].map(({ tone, count, what }) => {
    return html`<div class="${tone}"><dt>${count}</dt><dd>${what}</dd></div>`
  })}</dl></section>`
}

function share(part: number, total: number): string {
  return ((100 * part) / Math.max(1, total)).toFixed(2)
}
