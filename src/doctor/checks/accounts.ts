import type { ServiceAccountView } from '../../installation/object-views.ts'
import { createTargets } from '../../installation/targets.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { keyOf } from '../../kube/types.ts'
import { shell, shellWords } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { logsCommand } from './fix-commands.ts'

/**
 * Reports ServiceAccounts without the reference to the pull secret, if the helper adds that
 * reference.
 */
export function accountFindings({ release, namespaces, accounts, secrets, admission }: Observed): Found {
  const { config } = release ?? {}
  if (release === undefined || config === undefined || !namespaces || !accounts) return []
  if (config.attach === 'admission' || config.retire) return []
  const targets = createTargets(config)
  const open = new Set(
    namespaces.filter((namespace) => !namespace.terminating && targets.includes(namespace)).map(({ name }) => name),
  )
  // In a namespace without a pull secret of its own the helper adds no reference. SECRET_FOREIGN
  // reports that namespace.
  const isForeign = (namespace: string): boolean => !config.adopt && secrets?.get(namespace)?.ours === false
  const lacking = accounts.filter(({ namespace, name, list, optedOut }) => {
    const isTarget = open.has(namespace) && targets.takesServiceAccount(name) && !optedOut
    return isTarget && !list.includes(config.secretName) && !isForeign(namespace)
  })
  const { plain = [], overlong = [], foreign = [] } = Object.groupBy(lacking, kindOf)
  // A dry run showed that the admission policy gives the reference to the Pods of these accounts.
  const isAdmitted = ({ namespace }: ServiceAccountView): boolean => admission?.tried?.get(namespace) === 'referenced'
  const { served = [], bare = [] } = Object.groupBy(foreign, (one) => (isAdmitted(one) ? 'served' : 'bare'))
  const managers = [...new Set(foreign.map(({ owner }) => `"${owner?.manager}"`))]
  const { secretName } = config
  return [
    ...withAccounts(plain, {
      id: 'ACCOUNT_UNATTACHED',
      message: `without the reference to ${secretName}`,
      cause:
        'The helper has not written the reference: the helper does not run, its write was refused, or another writer keeps removing the entry.',
      fix: "See the findings about the helper; the helper's log names each refused write.",
      command: logsCommand(release),
    }),
    ...withAccounts(overlong, {
      id: 'ACCOUNT_UNATTACHED',
      severity: 'warning',
      message: `without the reference to ${secretName}, and not changed`,
      cause: 'Their imagePullSecrets are too long (more than 100 entries or 4,096 characters of names).',
      fix: 'Remove the entries whose Secret does not exist, or use attach: admission (Kubernetes 1.36 or newer).',
      command: shell`${showFirst(overlong)}`,
    }),
    ...withAccounts(served, {
      id: 'ACCOUNT_FOREIGN',
      severity: 'info',
      message: 'without the reference, and not changed; the admission policy gives it to their Pods',
      cause: `Their imagePullSecrets are applied by ${summarize(managers)}; a change by the helper would make the next apply fail.`,
      fix: 'Nothing to do: a Pod created as a dry run got the reference.',
      command: shell`${showFirst(served)} --show-managed-fields`,
    }),
    ...withAccounts(bare, {
      id: 'ACCOUNT_FOREIGN',
      message: 'without the reference, and not changed',
      cause: `Their imagePullSecrets are applied by ${summarize(managers)}; a change by the helper would make the next apply fail.`,
      fix: `Add {name: ${secretName}} to the list in the tool that applies it, or use attach: admission (Kubernetes 1.36 or newer).`,
      command: shell`${showFirst(bare)} --show-managed-fields`,
    }),
  ]
}

function kindOf({ owner, overlong }: ServiceAccountView): 'foreign' | 'overlong' | 'plain' {
  if (owner?.operation === 'Apply' && owner.manager !== FIELD_MANAGER) return 'foreign'
  return overlong === undefined ? 'plain' : 'overlong'
}

function withAccounts(
  accounts: readonly ServiceAccountView[],
  draft: Omit<Draft, 'subject' | 'objects'>,
): readonly Draft[] {
  const objects = accounts.map(keyOf)
  const message = `${draft.message}: ${summarize(objects)}`
  return objects.length === 0
    ? []
    : [{ ...draft, subject: pluralize(objects.length, 'ServiceAccount'), message, objects }]
}

const showFirst = ([first]: readonly ServiceAccountView[]) =>
  shellWords`kubectl -n ${first?.namespace} get serviceaccount ${first?.name} -o yaml`
