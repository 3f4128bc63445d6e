import { podPolicyNames } from '../../installation/pod-policy.ts'
import { clusterName } from '../../installation/release-evidence.ts'
import { shell, shellWords } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, CHART, isAliased, replaceFromRelease } from './fix-commands.ts'

/**
 * Reports whether new Pods get the reference through the admission policy, if the values use it.
 */
export function admissionFindings({ release, admission }: Observed): Found {
  const { config } = release ?? {}
  if (release === undefined || config === undefined || admission === undefined) return []
  if (config.attach === 'serviceAccounts' || config.retire) return []
  if (!admission.canMutate) {
    return {
      id: 'KUBERNETES_OLD',
      subject: `attach: ${config.attach}`,
      message: 'this API server does not serve MutatingAdmissionPolicy v1: new Pods do not get the reference',
      cause: 'The policy needs Kubernetes 1.36; the chart was rendered for a newer cluster than this one.',
      fix: 'Set `attach: serviceAccounts` (or render with the right --kube-version), and upgrade the release.',
      // The release's values also contain the objects in `extraObjects`.
      ...(!isAliased(release) &&
        release.evidence === 'proven' && {
          command: shell`helm -n ${release.namespace} upgrade ${release.name} ${CHART} --reset-then-reuse-values --set attach=serviceAccounts`,
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
  const without = [...(tried ?? [])].filter(([, result]) => result === 'unreferenced').map(([name]) => name)
  if (without.length === 0 || tried === undefined) return []
  const isOff = without.length === tried.size
  return {
    id: 'POLICY_INACTIVE',
    subject: `MutatingAdmissionPolicy ${podPolicyNames(release, config)[0]}`,
    message: isOff
      ? 'a Pod created as a dry run did not get the reference, although the policy exists'
      : `a Pod created as a dry run did not get the reference in ${pluralize(without.length, 'namespace')} of ${tried.size}: ${summarize(without)}`,
    cause: isOff
      ? 'The policy was changed, its expressions fail, or it is disabled in the API server.'
      : 'The policy or its binding was changed, so it skips namespaces that the values target.',
    // The manifest is fetched before the policy is deleted: without a Helm release (Argo CD, plain
    // manifests) nothing could create the policy again. `kubectl apply` over a changed policy would
    // keep conditions that somebody added, so the policy is deleted first.
    fix: 'Delete the policy and apply it again from the release; a new policy takes a second to become active.',
    command: replaceFromRelease(release, shellWords`mutatingadmissionpolicy`, [clusterName(release)]),
    objects: without,
  }
}
