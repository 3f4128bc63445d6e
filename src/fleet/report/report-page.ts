import { foldPodFindings } from '../../doctor/pod/fold-pod-findings.ts'
import { type Html, html, prose, renderTime } from '../../helper/status-page/html.ts'
import { STYLE, STYLE_SOURCE } from '../../helper/status-page/style.ts'
import { VERSION } from '../../version.ts'
import type { FleetOutcome } from '../check-fleet.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import type { ClusterFinding, ClusterState } from '../finding.ts'
import { describeCells } from './cells.ts'
import { headline, sortChecks } from './verdict.ts'
import { type Language, type Words, wordsOf } from './words.ts'

const TONES: Readonly<Record<ClusterState, 'good' | 'busy' | 'bad'>> = {
  failed: 'bad',
  unread: 'busy',
  drifted: 'busy',
  warning: 'busy',
  healthy: 'good',
}

/**
 * Renders a check as one HTML file without scripts and without anything to load, in the look of the
 * helper's status page. The texts of findings are English in both languages.
 */
export function renderReportPage({ clusters, checkedAt }: FleetOutcome, language: Language): string {
  const words = wordsOf(language)
  const sorted = sortChecks(clusters)
  const now = Date.parse(checkedAt)
  const tone = TONES[sorted[0]?.state ?? 'healthy']
  const title = headline(clusters, words)
  const page = html`<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${STYLE_SOURCE}">
<title>${title} · acr-nopass</title><style>${{ markup: STYLE }}</style></head><body>
<header><strong>acr-nopass</strong><span>${VERSION}</span><span>${words.checked} ${renderTime(checkedAt, now, words.lang)}</span></header>
<main>
<h1 class="${tone}">${title}</h1>
<p>${words.clusters(clusters.length)}${words.nothingWritten}</p>
${renderClusters(sorted, now, words)}
${sorted.flatMap((check) => renderCluster(check, words))}
</main>
</body></html>
`
  return page.markup
}

function renderClusters(checks: readonly ClusterCheck[], now: number, words: Words): Html {
  const rows = checks.map((check) => {
    const { release, kubernetes, helper, registries, coverage } = describeCells(check, now, words)
    return html`<tr><th scope="row">${check.name}</th><td data-label="${words.state}"><span class="state ${TONES[check.state]}">${words.states[check.state]}</span></td><td data-label="${words.release}">${release}</td><td data-label="Kubernetes">${kubernetes}</td><td data-label="${words.helper}">${helper}</td><td data-label="${words.registries}">${registries}</td><td data-label="${words.namespaces}">${coverage}</td></tr>
`
  })
  return html`<table><thead><tr><th scope="col">${words.cluster}</th><th scope="col">${words.state}</th><th scope="col">${words.release}</th><th scope="col">Kubernetes</th><th scope="col">${words.helper}</th><th scope="col">${words.registries}</th><th scope="col">${words.namespaces}</th></tr></thead><tbody>
${rows}</tbody></table>`
}

/** Renders a cluster's findings, what could not be read, and what will change. */
function renderCluster({ name, findings, unread, ahead }: ClusterCheck, words: Words): readonly Html[] {
  if (findings.length + unread.length + ahead.length === 0) return []
  const missing = unread.map(({ what, why }) => html`<p><strong>${what}</strong>: ${why}</p>`)
  const coming = ahead.map(({ message }) => html`<p>${prose(message)}</p>`)
  return [
    html`<h2>${name}</h2>
${findings.length > 0 ? html`<ul class="problems">${foldPodFindings(findings).map((finding) => renderFinding(finding, words))}</ul>` : undefined}
${missing.length > 0 ? html`<h3>${words.notRead}</h3>${missing}` : undefined}
${coming.length > 0 ? html`<h3>${words.ahead}</h3>${coming}` : undefined}
`,
  ]
}

function renderFinding(finding: ClusterFinding, words: Words): Html {
  const { id, severity, subject, message, fix, command, causedBy } = finding
  const cause = causedBy === undefined ? undefined : html`<p class="soft">${words.followsFrom(causedBy)}</p>`
  const action = causedBy === undefined ? html`<p>${words.fix}${prose(fix)}</p>` : undefined
  const call = causedBy === undefined && command !== undefined ? html`<p><code>${command}</code></p>` : undefined
  return html`<li><div class="top"><h3>${subject}</h3><small>${severity} ${id}</small></div><p>${prose(message)}</p>${cause}${action}${call}</li>`
}
