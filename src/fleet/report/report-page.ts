import { type Html, html, prose, renderTime } from '../../helper/status-page/html.ts'
import { STYLE, STYLE_SOURCE } from '../../helper/status-page/style.ts'
import { VERSION } from '../../version.ts'
import type { FleetOutcome } from '../check-fleet.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import type { ClusterFinding, ClusterState } from '../finding.ts'
import { describeCells } from './cells.ts'
import { headline, sortChecks } from './verdict.ts'

const TONES: Readonly<Record<ClusterState, 'good' | 'busy' | 'bad'>> = {
  failed: 'bad',
  unread: 'busy',
  drifted: 'busy',
  warning: 'busy',
  healthy: 'good',
}

/**
 * Renders a check as one HTML file without scripts and without anything to load, in the look of the
 * helper's status page.
 */
export function renderReportPage({ clusters, checkedAt }: FleetOutcome): string {
  const sorted = sortChecks(clusters)
  const now = Date.parse(checkedAt)
  const tone = TONES[sorted[0]?.state ?? 'healthy']
  const title = headline(clusters)
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${STYLE_SOURCE}">
<title>${title} · acr-nopass</title><style>${{ markup: STYLE }}</style></head><body>
<header><strong>acr-nopass</strong><span>${VERSION}</span><span>Checked ${renderTime(checkedAt, now, 'en')}</span></header>
<main>
<h1 class="${tone}">${title}</h1>
<p>${clusters.length === 1 ? '1 cluster was checked.' : `${clusters.length} clusters were checked.`} Nothing was written.</p>
${renderClusters(sorted, now)}
${sorted.flatMap(renderCluster)}
</main>
</body></html>
`
  return page.markup
}

function renderClusters(checks: readonly ClusterCheck[], now: number): Html {
  const rows = checks.map((check) => {
    const { release, kubernetes, helper, registries, coverage } = describeCells(check, now)
    return html`<tr><th scope="row">${check.name}</th><td data-label="State"><span class="state ${TONES[check.state]}">${check.state}</span></td><td data-label="Release">${release}</td><td data-label="Kubernetes">${kubernetes}</td><td data-label="Helper">${helper}</td><td data-label="Registries">${registries}</td><td data-label="Namespaces">${coverage}</td></tr>
`
  })
  return html`<table><thead><tr><th scope="col">Cluster</th><th scope="col">State</th><th scope="col">Release</th><th scope="col">Kubernetes</th><th scope="col">Helper</th><th scope="col">Registries</th><th scope="col">Namespaces</th></tr></thead><tbody>
${rows}</tbody></table>`
}

/** Renders a cluster's findings, what could not be read, and what will change. */
function renderCluster({ name, findings, unread, ahead }: ClusterCheck): readonly Html[] {
  if (findings.length + unread.length + ahead.length === 0) return []
  const missing = unread.map(({ what, why }) => html`<p><strong>${what}</strong>: ${why}</p>`)
  const coming = ahead.map(({ message }) => html`<p>${prose(message)}</p>`)
  return [
    html`<h2>${name}</h2>
${findings.length > 0 ? html`<ul class="problems">${findings.map(renderFinding)}</ul>` : undefined}
${missing.length > 0 ? html`<h3>Not read</h3>${missing}` : undefined}
${coming.length > 0 ? html`<h3>Will change by itself</h3>${coming}` : undefined}
`,
  ]
}

function renderFinding({ id, severity, subject, message, fix, command, causedBy }: ClusterFinding): Html {
  const cause =
    causedBy === undefined ? undefined : html`<p class="soft">Likely follows from ${causedBy}: fix that first.</p>`
  const action = causedBy === undefined ? html`<p>Fix: ${prose(fix)}</p>` : undefined
  const call = causedBy === undefined && command !== undefined ? html`<p><code>${command}</code></p>` : undefined
  return html`<li><div class="top"><h3>${subject}</h3><small>${severity} ${id}</small></div><p>${prose(message)}</p>${cause}${action}${call}</li>`
}
