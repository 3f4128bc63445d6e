import type { Finding } from '../finding.ts'
import type { Observed } from '../observed.ts'

/** No release, or none that the caller may read. */
export function installationFindings({ release, unread }: Observed): readonly Finding[] {
  if (release !== undefined) return []
  if (unread.some(({ what }) => what.startsWith('ConfigMaps'))) {
    return [
      {
        id: 'RELEASE_UNREADABLE',
        severity: 'warning',
        subject: 'release',
        message: 'you may not look for a release of acr-nopass here',
        cause: 'You may not read ConfigMaps there.',
        fix: 'Name its namespace by --namespace, or ask for the right to list ConfigMaps in it.',
        command: 'kubectl auth can-i list configmaps --namespace acr-nopass',
      },
    ]
  }
  return [
    {
      id: 'NOT_INSTALLED',
      severity: 'error',
      subject: 'release',
      message: 'no release of acr-nopass was found',
      cause: 'No ConfigMap carries the label app.kubernetes.io/name=acr-nopass.',
      fix: 'Install the chart; if it is installed, name it by --namespace and --release, and check --kube-context.',
      command:
        'helm upgrade --install acr-nopass ./chart --namespace acr-nopass --create-namespace --values values.yaml',
    },
  ]
}
