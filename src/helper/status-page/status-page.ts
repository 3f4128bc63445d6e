import type { HelperStatus } from '../../release/helper-status.ts'
import { renderCoverage } from './coverage-cards.ts'
import { html } from './html.ts'
import { renderRegistries } from './registry-table.ts'
import { STYLE } from './style.ts'
import { renderTime } from './times.ts'
import { findTrouble, renderTrouble } from './trouble.ts'
import { judgeStatus } from './verdict.ts'
import { type Language, wordsOf } from './words.ts'

/** The status as a page for a busy person: no script, no secret, read-only. `now`: epoch milliseconds. */
export function renderStatusPage(status: HelperStatus, now: number, language: Language = 'en'): string {
  const words = wordsOf(language)
  const troubles = findTrouble(status)
  const { tone, headline, detail } = judgeStatus(status, troubles.length, words)
  const problems =
    troubles.length === 0 ? undefined : html`<h2>${words.problems}</h2>${renderTrouble(troubles, now, words)}`
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
