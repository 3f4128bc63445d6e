import { entriesOf, itemsOf, LIMIT_NOT_ASKED, type RegistryStatus } from '../../installation/helper-status.ts'
import { shell } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { isLimited } from '../../values/limited-entries.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { registriesInFocus } from '../pod/pod-context.ts'
import { explainRegistryFailure } from './registry-failure.ts'

/** P3: a credential always has more than this part of its lifetime left. */
const NEAR_END = 0.1

/** Reports the registries' problems in the helper's report. */
export function registryFindings(observed: Observed): Found {
  const registries = observed.release?.status?.registries ?? []
  return [
    ...registriesInFocus(observed, registries, entriesOf).flatMap((registry) =>
      [checkRegistryStatus(registry, observed) ?? checkEvidence(registry), checkWidth(registry)].filter(
        (found) => found !== undefined,
      ),
    ),
    ...findUnreported(observed),
  ]
}

/**
 * Returns the entries of the configuration without a credential in the report about this same
 * configuration. A limited entry has none if no namespace needs it.
 */
export function unreportedEntries(release: Observed['release']): HelperConfig['registries'] {
  const { config, configHash, status, unreadableStatus = [] } = release ?? {}
  // Each of these cases has a finding of its own.
  if (!config || !status || status.configHash !== configHash || unreadableStatus.length > 0) return []
  return config.registries.filter(({ name }) => itemsOf(status, name).length === 0)
}

function findUnreported({ release }: Observed): readonly Draft[] {
  return unreportedEntries(release)
    .filter((entry) => !isLimited(entry))
    .map(({ name }) => describePending(name, "it is not in the helper's report"))
}

function describePending(name: string, message: string): Draft {
  return {
    id: 'REGISTRY_PENDING',
    severity: 'warning',
    health: 'unknown',
    subject: `registry ${name}`,
    message,
    cause: 'The helper has just started, or waits for the cloud.',
    fix: 'Run doctor again in half a minute.',
    command: shell`acr-nopass doctor`,
  }
}

function checkRegistryStatus(registry: RegistryStatus, observed: Observed): Draft | undefined {
  const { now } = observed
  const subject = `registry ${registry.name}`
  const { error } = registry
  const expiresAt = Date.parse(registry.expiresAt ?? '')
  const left = expiresAt - now
  if (error !== undefined) {
    const hasExpired = left <= 0
    const rest =
      registry.state !== 'failing'
        ? 'the current values have given no credential yet, so pulls use the credential of earlier values, which stays in the Secrets'
        : hasExpired
          ? `the last good credential expired at ${registry.expiresAt}: pulls fail`
          : `the last good credential stays in use${registry.expiresAt ? ` until ${registry.expiresAt}` : ''}`
    return explainRegistryFailure(registry, error, rest, observed)
  }
  if (registry.verified === 'refused') {
    return {
      id: 'REGISTRY_REFUSES',
      subject,
      message: 'the registry rejects the credential that the cloud issued',
      cause: 'The credential was revoked, or the credential and the domains belong to different instances.',
      fix: 'Check instanceId, region and domains of this registry, then request a new credential.',
      command: shell`acr-nopass refresh`,
    }
  }
  if (registry.state === 'pending') return describePending(registry.name, 'there is no credential yet')
  const isOver = left <= 0
  const life = expiresAt - Date.parse(registry.issuedAt ?? '')
  if (!isOver && !(left < NEAR_END * life)) return undefined
  return {
    id: isOver ? 'REGISTRY_EXPIRED' : 'REGISTRY_EXPIRING',
    severity: isOver ? 'error' : 'warning',
    subject,
    message: isOver
      ? `its credential expired at ${registry.expiresAt}: pulls fail`
      : `its credential expires soon, at ${registry.expiresAt}`,
    cause: 'The credential was not refreshed in time. The helper reports no failure, so it may not be running.',
    fix: 'See the findings about the helper, then request a new credential.',
    command: shell`acr-nopass refresh`,
  }
}

/**
 * Reports a credential that is in use although nothing shows that the registry accepts it. The
 * helper keeps such a credential, because nodes may reach a registry that the helper does not reach
 * (docs/en/decisions.md#verify-login). A warning does not fail a job with the default `--fail-on`,
 * so a cluster in which only nodes reach the registry passes as before.
 *
 * `skipped` is no finding: it lasts until the new leader's first check, or the release's owner
 * turned `verify` off.
 */
function checkEvidence({ name, verified, domains, limit }: RegistryStatus): Draft | undefined {
  const base = { severity: 'warning', health: 'unknown', subject: `registry ${name}` } as const
  if (verified === 'unreachable') {
    return {
      ...base,
      id: 'REGISTRY_UNVERIFIED',
      message: `the helper has not seen the registry accept its credential: no usable answer from ${summarize(domains)}`,
      cause: 'The helper cannot reach the registry, or the registry is out of order. Nodes may reach it.',
      fix: "Let the helper's Pods reach the registry (DNS, NetworkPolicy, proxy, VPC endpoint, allow-list of the public endpoint), then request a new credential. If only nodes may reach it, set `verify.enabled: false`.",
      command: shell`acr-nopass refresh`,
    }
  }
  // The leader before tried the credential when it requested it. With `verify` off nobody asks.
  if (limit === undefined || limit.granted === 'granted' || limit.reason === LIMIT_NOT_ASKED) return undefined
  if (limit.width === 'too-wide') return undefined
  return {
    ...base,
    id: 'LIMIT_UNCONFIRMED',
    message: `nothing shows yet that its credential, which is limited to ${summarize(limit.repositories)}, can pull`,
    cause: `The registry has not confirmed a pull of this list (${limit.reason ?? 'no details'}). Pulls may work all the same.`,
    fix: "Set `probe` of the entry to an existing private repository of the list and upgrade. If the registry gave no answer, let the helper's Pods reach it, then request a new credential.",
    command: shell`acr-nopass refresh`,
  }
}

/** Reports a limited credential that was seen to pull a repository of another list. */
function checkWidth({ name, limit }: RegistryStatus): Draft | undefined {
  if (limit?.width !== 'too-wide') return undefined
  return {
    id: 'CREDENTIAL_TOO_WIDE',
    severity: 'warning',
    subject: `registry ${name}`,
    message: `its credential is limited to ${summarize(limit.repositories)}, but the registry lets it pull more`,
    cause: `The registry let this credential pull a repository of another list that needs a login (${limit.reason ?? 'no details'}).`,
    fix: 'Do not rely on `limit: repositories` for this instance: give each team a RAM role of its own (`assumeRole`), or an instance of its own. Pulls continue.',
    command: shell`acr-nopass policy -f values.yaml`,
  }
}
