import { createTargets } from '../../helper/targets.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { count, type Finding, few } from './finding.ts'
import type { Observed } from './observed.ts'

/** Whatever keeps new Pods from getting the reference to the pull secret. */
export function attachmentFindings(observed: Observed): readonly Finding[] {
  const { config } = observed.release ?? {}
  if (config === undefined || config.retire || config.dryRun) return []
  return [
    ...(config.attach === 'serviceAccounts' ? [] : policyFindings(observed)),
    ...(config.attach === 'admission' ? [] : accountFindings(observed)),
  ]
}

function policyFindings({ release, podPolicies }: Observed): readonly Finding[] {
  if (release === undefined || podPolicies === undefined) return []
  const name = podPolicyName(release)
  if (podPolicies.includes(name)) return []
  return [
    {
      id: 'POLICY_MISSING',
      severity: 'error',
      subject: `MutatingAdmissionPolicy ${name}`,
      message: 'it is not there, or has no binding: new Pods do not get the reference',
      cause: `attach is ${release.config?.attach}, and somebody deleted the policy, or the chart was rendered for an older cluster.`,
      cure: 'Upgrade the release again; below Kubernetes 1.36 set attach: serviceAccounts.',
      command: 'kubectl get mutatingadmissionpolicies,mutatingadmissionpolicybindings',
    },
  ]
}

/** As the chart names it (chart/templates/_names.tpl). */
function podPolicyName({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `acr-nopass.${namespace}.${name}`
}

function accountFindings({ release, namespaces, accounts }: Observed): readonly Finding[] {
  const { config } = release ?? {}
  if (config === undefined || !namespaces || !accounts) return []
  const targets = createTargets(config)
  const open = new Set(
    namespaces.filter((namespace) => !namespace.terminating && targets.includes(namespace)).map(({ name }) => name),
  )
  const lacking = accounts.filter(
    ({ namespace, name, list, optedOut }) =>
      open.has(namespace) && targets.takesServiceAccount(name) && !optedOut && !list.includes(config.secretName),
  )
  const foreign = lacking.filter(({ owner }) => owner?.operation === 'Apply' && owner.manager !== FIELD_MANAGER)
  const plain = lacking.filter((account) => !foreign.includes(account))
  const title = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
    `${namespace}/${name}`
  const findings: Finding[] = []
  if (plain.length > 0) {
    findings.push({
      id: 'ACCOUNT_UNATTACHED',
      severity: 'error',
      subject: count(plain.length, 'ServiceAccount'),
      message: `without the reference to ${config.secretName}: ${few(plain.map(title))}`,
      cause: 'The helper has not written it: it does not run, was refused, or another writer keeps removing it.',
      cure: 'Look at the findings about the helper; its log names each refused write.',
      command: `kubectl -n ${config.release.namespace} logs -l app.kubernetes.io/instance=${config.release.name} --tail=50`,
      objects: plain.map(title),
    })
  }
  if (foreign.length > 0) {
    const managers = [...new Set(foreign.map(({ owner }) => `"${owner?.manager}"`))]
    findings.push({
      id: 'ACCOUNT_FOREIGN',
      severity: 'error',
      subject: count(foreign.length, 'ServiceAccount'),
      message: `without the reference, and left alone: ${few(foreign.map(title))}`,
      cause: `Their imagePullSecrets are applied by ${few(managers)}; a change would make its next apply fail.`,
      cure: `Add {name: ${config.secretName}} to the list where it is applied from, or use attach: admission.`,
      objects: foreign.map(title),
    })
  }
  return findings
}
