import { type Finding, summarize } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, clusterName, isAliased, podPolicyNames, replaceFromRelease } from './fix-commands.ts'

/** Whether new Pods get the reference by the admission policy, if it is used. */
export function admissionFindings({ release, admission }: Observed): readonly Finding[] {
  const { config } = release ?? {}
  if (release === undefined || config === undefined || admission === undefined) return []
  if (config.attach === 'serviceAccounts' || config.retire || config.dryRun) return []
  if (!admission.canMutate) {
    return [
      {
        id: 'KUBERNETES_OLD',
        severity: 'error',
        subject: `attach: ${config.attach}`,
        message: 'this API server knows no MutatingAdmissionPolicy in v1: new Pods do not get the reference',
        cause: 'The policy needs Kubernetes 1.36; the chart was rendered for a newer cluster than this one.',
        fix: 'Set `attach: serviceAccounts` (or render with the right --kube-version), and upgrade the release.',
        ...(!isAliased(release) && {
          command: `helm -n ${release.namespace} upgrade ${release.name} ./chart --reset-then-reuse-values --set attach=serviceAccounts`,
        }),
      },
    ]
  }
  const { bound, tried } = admission
  const missing = podPolicyNames(release, config).filter((name) => bound !== undefined && !bound.includes(name))
  if (missing.length > 0) {
    return [
      {
        id: 'POLICY_MISSING',
        severity: 'error',
        subject: `MutatingAdmissionPolicy ${missing[0]}`,
        message: `not there, or without its binding: ${summarize(missing)}; new Pods do not get the reference`,
        cause: `attach is ${config.attach}, and the policy or its binding was deleted.`,
        fix: 'Make it again as the release has it.',
        command: applyAgain(release),
      },
    ]
  }
  if (tried !== 'unreferenced') return []
  return [
    {
      id: 'POLICY_INACTIVE',
      severity: 'error',
      subject: `MutatingAdmissionPolicy ${podPolicyNames(release, config)[0]}`,
      message: 'a Pod that was tried (dry run) did not get the reference, though the policy is there',
      cause: 'The policy was changed, its expressions fail, or the API server has it switched off.',
      // The manifest is fetched first: without one (Argo CD, plain manifests) nothing may be deleted. Applied over the changed policy, added conditions would stay.
      fix: 'Delete it and apply it again from the release; a new policy takes a second to become active.',
      command: replaceFromRelease(release, `mutatingadmissionpolicy ${clusterName(release)}`),
    },
  ]
}
