import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { hasPlugin } from '../plugin-nodes.ts'

/** Reports that the values switch the helper off, and what of it is still in the cluster. */
export function helperOffFindings({ release, deployment, secrets = new Map(), plugins }: Observed): Found {
  if (release?.config === undefined || release.config.helper.enabled) return []
  const { namespace, name, fullname } = release
  const base = { id: 'HELPER_OFF', subject: `helper ${namespace}/${fullname}` } as const
  const off = '`helper.enabled: false` is set'
  const filled = [...secrets]
    .filter(([, { ours, registries }]) => ours && registries.length > 0)
    .map(([where]) => where)
  const findings: Draft[] = []
  if (deployment) {
    findings.push({
      ...base,
      severity: 'warning',
      message: 'the values switch it off, and its Deployment still exists',
      cause: `${off}, and Helm did not delete the Deployment: another tool created it, or the upgrade failed.`,
      fix: 'Find out who created the Deployment. The helper writes nothing with these values, so it can be deleted.',
      command: shell`kubectl -n ${namespace} get deployment ${fullname} -o yaml --show-managed-fields`,
    })
  }
  if (filled.length > 0) {
    findings.push({
      ...base,
      severity: 'warning',
      message: `it is off, and ${pluralize(filled.length, 'pull secret')} with logins ${filled.length === 1 ? 'is' : 'are'} left, in ${summarize(filled)}`,
      cause: 'The helper was removed before it had removed what it wrote, so nothing refreshes these logins.',
      fix: 'The command lists what is left, and the Pods that use it; only with --confirm does it remove anything.',
      command: shell`acr-nopass cleanup --detach --namespace ${namespace} --release ${name}`,
      objects: filled,
    })
  }
  return [...findings, describeNodes(base, off, plugins, findings.length > 0)].flat()
}

/**
 * Without a helper, Pods pull only on nodes that request logins themselves. Nothing else reports
 * whether nodes do so.
 */
function describeNodes(
  base: Pick<Draft, 'id' | 'subject'>,
  off: string,
  plugins: Observed['plugins'],
  isReported: boolean,
): readonly Draft[] {
  const nodes = plugins?.nodes ?? []
  const lacking = nodes.filter(({ isVirtual, config }) => isVirtual || config === 'none')
  const [first] = lacking
  if (first !== undefined) {
    return [
      {
        ...base,
        severity: 'warning',
        health: 'unknown',
        message: `it is off, and ${pluralize(lacking.length, 'node')} of ${nodes.length} cannot request logins: ${summarize(lacking.map(({ name }) => name))}`,
        cause: `${off}, and ${lacking.some(({ isVirtual }) => isVirtual) ? 'a virtual node has no kubelet of yours' : 'these kubelets have no configuration for image credentials'}.`,
        fix: 'If Pods of these nodes need private images: run the script of `acr-nopass node script` there, or install the helper again with `helper.enabled: true`.',
        command: shell`kubectl get pods --all-namespaces --field-selector spec.nodeName=${first.name}`,
        objects: lacking.map(({ name }) => name),
      },
    ]
  }
  if (isReported) return []
  const isKnown = plugins !== undefined && plugins.more === 0 && nodes.length > 0 && nodes.every(hasPlugin)
  return [
    {
      ...base,
      severity: 'info',
      ...(!isKnown && { health: 'unknown' as const }),
      message: isKnown
        ? 'it is off by the values, and every node requests logins itself'
        : 'it is off by the values, so Pods pull only on nodes that request logins themselves',
      cause: `${off}.`,
      fix: isKnown
        ? 'Nothing to do.'
        : 'Create a Pod with a private image and `imagePullPolicy: Always` on a node of each pool.',
      command: shell`kubectl get events --all-namespaces --field-selector reason=Failed`,
    },
  ]
}
