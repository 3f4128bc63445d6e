import { DEFAULT_SECRET_NAME } from '../../kube/names.ts'
import { quoted, shell, shellWords } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Found } from '../finding.ts'
import type { Observed } from '../observed.ts'

/** Reports the pull secrets, and references to them, that `helm uninstall` leaves behind. */
export function leftoverFindings({ leftovers = [] }: Observed): Found {
  return leftovers.map(({ release: { namespace, name }, secretName, namespaces }) => {
    const named = secretName === DEFAULT_SECRET_NAME ? shellWords`` : shellWords` --secret-name ${quoted(secretName)}`
    return {
      id: 'LEFTOVERS',
      severity: 'warning',
      subject: `release ${namespace}/${name}`,
      message: `it is not installed, and ${pluralize(namespaces.length, 'pull secret')} of it ${namespaces.length === 1 ? 'is' : 'are'} left, in ${summarize(namespaces)}`,
      cause: 'The release was uninstalled without `retire: true`, so the helper could not remove what it had written.',
      fix: 'Pods that still reference such a Secret pull with a credential that nothing refreshes. The command lists what is left, also in ServiceAccounts; only with --confirm does it remove anything.',
      command: shell`acr-nopass cleanup --detach --namespace ${namespace} --release ${name}${named}`,
      objects: namespaces.map((where) => `${where}/${secretName}`),
    }
  })
}
