import { collectUnverified, type Unverified, type UnverifiedFact } from '../../alibaba/unverified.ts'
import { judgeRights, readRoles } from '../../doctor/checks/cloud-roles.ts'
import { issuerCandidates } from '../../doctor/checks/cluster-issuer.ts'
import type { Observed } from '../../doctor/observed.ts'

/** What the findings rely on without being verified, without duplicates. */
export function doctorUnverified(observed: Observed): readonly UnverifiedFact[] {
  return collectUnverified([...matching(observed), ...issuer(observed), ...lifetimes(observed), ...reported(observed)])
}

function issuer(observed: Observed): readonly Unverified[] {
  const { cloud } = observed
  if (cloud.state !== 'looked' || cloud.facts.issuers.length === 0 || observed.issuer !== undefined) return []
  const subject = issuerCandidates(observed)[0] ?? ''
  return [{ id: 'ISSUER', subject }]
}

function matching(observed: Observed): readonly Unverified[] {
  return readRoles(observed, observed.issuer).flatMap(([wanted, facts]) => {
    const verdict = judgeRights(wanted, facts)
    const isOpen = verdict?.likelyGranted || verdict?.missing.some(({ likely }) => likely)
    return isOpen ? [{ id: 'RAM_MATCHING' as const, subject: `role ${wanted.name}` }] : []
  })
}

/** By the helper; the status object may have been written by anyone. */
function reported({ release }: Observed): readonly Unverified[] {
  const notes: unknown = release?.status?.unverified
  return Array.isArray(notes)
    ? notes.filter((note: Partial<Unverified> | null) => typeof note?.subject === 'string')
    : []
}

const HOUR = 3_600_000

/** A requested lifetime that was not observed yet, or not granted. */
function lifetimes({ release }: Observed): readonly Unverified[] {
  const { config, status } = release ?? {}
  return (config?.registries ?? []).flatMap(({ name, expiresInHours }) => {
    if (!expiresInHours) return []
    const { issuedAt = '', expiresAt = '' } = status?.registries.find((one) => one.name === name) ?? {}
    const life = Date.parse(expiresAt) - Date.parse(issuedAt)
    const isHonoured = life > (expiresInHours - 0.5) * HOUR
    return isHonoured ? [] : [{ id: 'EXPIRES_IN_HOURS' as const, subject: `registry ${name}` }]
  })
}
