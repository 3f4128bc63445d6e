import { type Finding, summarize } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, clusterName } from './fix-commands.ts'

/** P5: the policies that limit the helper to its own Secret and its own entry. */
export function guardFindings({ release, admission }: Observed): readonly Finding[] {
  if (release?.config === undefined || release.config.guard !== 'enabled' || admission === undefined) return []
  if (!admission.canGuard) {
    return [
      {
        id: 'KUBERNETES_OLD',
        severity: 'warning',
        subject: 'guard',
        message: 'this API server knows no ValidatingAdmissionPolicy in v1',
        cause:
          'The guard needs Kubernetes 1.30; RBAC alone would let the helper make a Secret of another type under its name.',
        fix: 'Upgrade Kubernetes, or set `guard: disabled` after reading what that gives up (docs/en/security.md).',
        command: 'kubectl version',
      },
    ]
  }
  if (admission.bound === undefined) return []
  const wanted = ['secrets', 'serviceaccounts', 'leases', 'configmaps'].map((kind) => `${clusterName(release)}.${kind}`)
  const missing = wanted.filter((name) => !admission.bound?.includes(name))
  if (missing.length === 0) return []
  return [
    {
      id: 'GUARD_MISSING',
      severity: 'warning',
      subject: `ValidatingAdmissionPolicy ${missing[0]}`,
      message: `not there, or without its binding: ${summarize(missing)}`,
      cause: '`guard: enabled` is set, and a policy or a binding of it was deleted.',
      fix: 'Make it again as the release has it; until then RBAC alone limits the helper.',
      command: applyAgain(release),
    },
  ]
}
