import type { CoverageStatus, HelperStatus, RegistryStatus } from '../acr/helper-status.ts'

/** The status as a page for a busy person: no script, no secret, read-only. `now`: epoch milliseconds. */
export function renderStatusPage(status: HelperStatus, now: number): string {
  const { registries, namespaces, serviceAccounts, problems } = status
  const coverage = [
    describeCoverage('Namespaces', namespaces),
    ...(serviceAccounts ? [describeCoverage('ServiceAccounts', serviceAccounts)] : []),
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>acr-nopass</title><style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}
.live{color:#0a6b2d}.failing,.pending{color:#a33000}small{color:#555}
</style></head><body>
<h1>acr-nopass</h1>
<p>Version ${toHtml(status.version)}, leader ${toHtml(status.leader)}, attach: ${status.attach}, Secret ${toHtml(status.secretName)}${status.retired ? ', <b>retired</b>' : ''}</p>
<h2>Registries</h2>
<table><tr><th>Name</th><th>State</th><th>Expires in</th><th>Refresh in</th><th>Login</th><th>Domains</th></tr>
${registries.map((registry) => registryRow(registry, now)).join('\n')}
</table>
<h2>Coverage</h2>
<table><tr><th></th><th>Current</th><th>Pending</th><th>Skipped</th></tr>
${coverage.join('\n')}
</table>
<h2>Problems</h2>
${problems.length === 0 ? '<p>None.</p>' : `<table>${problems.map(problemRow).join('\n')}</table>`}
<p><small>${new Date(now).toISOString()}</small></p>
</body></html>
`
}

function registryRow(registry: RegistryStatus, now: number): string {
  const error = registry.error
    ? `<br><small>${toHtml(registry.error.code)}: ${toHtml(registry.error.message)}<br>${toHtml(registry.error.cure)}</small>`
    : ''
  const cells = [
    toHtml(registry.name),
    `<span class="${registry.state}">${registry.state}</span>${error}`,
    timeTo(registry.expiresAt, now),
    timeTo(registry.refreshAt, now),
    registry.verified,
    registry.domains.map(toHtml).join('<br>'),
  ]
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function describeCoverage(title: string, { current, total, pending, skipped }: CoverageStatus): string {
  const reasons = Object.entries(skipped).map(([reason, count]) => `${count} ${toHtml(reason)}`)
  const cells = [`${current} of ${total}`, String(pending), reasons.join(', ') || '0']
  return `<tr><td>${title}</td>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function problemRow(problem: HelperStatus['problems'][number]): string {
  const where = [problem.namespace, problem.object].filter((part) => part !== undefined).map(toHtml)
  return `<tr><td>${where.join('<br>')}</td><td>${toHtml(problem.code)}: ${toHtml(problem.message)}<br><small>${toHtml(problem.cure)}</small></td></tr>`
}

function timeTo(time: string | undefined, now: number): string {
  if (time === undefined) return 'never'
  const minutes = Math.round((Date.parse(time) - now) / 60_000)
  if (minutes < 0) return `${-minutes} min ago`
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}

function toHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
