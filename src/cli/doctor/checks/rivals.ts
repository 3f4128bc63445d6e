import { count, type Finding, few } from '../finding.ts'
import type { Observed } from '../observed.ts'

/** Others that do the same work. */
export function rivalFindings({ others, addons, release }: Observed): readonly Finding[] {
  const names = others.map(({ namespace, name }) => `${namespace}/${name}`)
  const findings: Finding[] = []
  if (release !== undefined && names.length > 0) {
    findings.push({
      id: 'RIVAL_RELEASE',
      severity: 'warning',
      subject: count(names.length, 'other release'),
      message: `acr-nopass also works here as ${few(names)}`,
      cause: 'Two releases with one secretName and the same namespaces write the same objects.',
      cure: 'Uninstall one of them, or keep their targets and secretName apart.',
      command: `acr-nopass doctor --namespace ${others[0]?.namespace} --release ${others[0]?.name}`,
    })
  }
  for (const addon of addons) {
    findings.push({
      id: 'RIVAL_ADDON',
      severity: 'warning',
      subject: `add-on ${addon}`,
      message: "the vendor's credential helper works here too",
      cause: 'Both write imagePullSecrets of the same ServiceAccounts; older versions of it overwrite the list.',
      cure:
        release === undefined
          ? 'Uninstall it when acr-nopass is installed.'
          : 'Uninstall the add-on in the ACK console (or by the command), after acr-nopass has its Secrets in place.',
      command: `aliyun cs UnInstallClusterAddons --ClusterId <cluster id> --header "Content-Type=application/json" --body '[{"name":"${addon}"}]'`,
    })
  }
  return findings
}
