import { type Found, summarize } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, CHART, clusterName, isAliased, podPolicyNames, replaceFromRelease } from './fix-commands.ts'

/** Whether new Pods get the reference by the admission policy, if it is used. */
export function admissionFindings({ release, admission }: Observed): Found {
  const { config } = release ?? {}
  if (release === undefined || config === undefined || admission === undefined) return []
  if (config.attach === 'serviceAccounts' || config.retire || config.dryRun) return []
  if (!admission.canMutate) {
    return {
      id: 'KUBERNETES_OLD',
      subject: `attach: ${config.attach}`,
      message: 'this API server does not serve MutatingAdmissionPolicy v1: new Pods do not get the reference',
      cause: 'The policy needs Kubernetes 1.36; the chart was rendered for a newer cluster than this one.',
      fix: 'Set `attach: serviceAccounts` (or render with the right --kube-version), and upgrade the release.',
      ...(!isAliased(release) && {
        command: `helm -n ${release.namespace} upgrade ${release.name} ${CHART} --reset-then-reuse-values --set attach=serviceAccounts`,
      }),
    }
  }
  const { bound, tried } = admission
  const missing = podPolicyNames(release, config).filter((name) => bound !== undefined && !bound.includes(name))
  if (missing.length > 0) {
    return {
      id: 'POLICY_MISSING',
      subject: `MutatingAdmissionPolicy ${missing[0]}`,
      message: `missing, or without its binding: ${summarize(missing)}; new Pods do not get the reference`,
      cause: `attach is ${config.attach}, and the policy or its binding was deleted.`,
      fix: 'Recreate it from the release.',
      command: applyAgain(release),
    }
  }
  if (tried !== 'unreferenced') return []
  return {
    id: 'POLICY_INACTIVE',
    subject: `MutatingAdmissionPolicy ${podPolicyNames(release, config)[0]}`,
    message: 'a Pod created as a dry run did not get the reference, although the policy exists',
    cause: 'The policy was changed, its expressions fail, or it is disabled in the API server.',
    // The manifest is fetched first: without one (Argo CD, plain manifests) nothing may be deleted. Applied over the changed policy, added conditions would stay.
    fix: 'Delete it and apply it again from the release; a new policy takes a second to become active.',
    command: replaceFromRelease(release, `mutatingadmissionpolicy ${clusterName(release)}`),
  }
}

/** P5: the policies that limit the helper to its own Secret and its own entry. */
export function guardFindings({ release, admission }: Observed): Found {
  if (release?.config === undefined || release.config.guard !== 'enabled' || admission === undefined) return []
  if (!admission.canGuard) {
    return {
      id: 'KUBERNETES_OLD',
      severity: 'warning',
      subject: 'guard',
      message: 'this API server does not serve ValidatingAdmissionPolicy v1',
      cause:
        'The guard needs Kubernetes 1.30; RBAC alone would allow the helper to create a Secret of another type with its name.',
      fix: 'Upgrade Kubernetes, or set `guard: disabled` after reading what that gives up (docs/en/security.md).',
      command: 'kubectl version',
    }
  }
  if (admission.bound === undefined) return []
  const wanted = ['secrets', 'serviceaccounts', 'leases', 'configmaps'].map((kind) => `${clusterName(release)}.${kind}`)
  const missing = wanted.filter((name) => !admission.bound?.includes(name))
  if (missing.length === 0) return []
  return {
    id: 'GUARD_MISSING',
    severity: 'warning',
    subject: `ValidatingAdmissionPolicy ${missing[0]}`,
    message: `missing, or without its binding: ${summarize(missing)}`,
    cause: '`guard: enabled` is set, and a policy or a binding of it was deleted.',
    fix: 'Recreate it from the release; until then RBAC alone limits the helper.',
    command: applyAgain(release),
  }
}
