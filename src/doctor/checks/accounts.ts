import { FIELD_MANAGER } from '../../kube/names.ts'
import { keyOf } from '../../kube/types.ts'
import type { ServiceAccountView } from '../../release/object-views.ts'
import { createTargets } from '../../release/targets.ts'
import { type Draft, type Found, pluralize, summarize } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { logsCommand } from './fix-commands.ts'

/** ServiceAccounts that lack the reference to the pull secret, if the helper attaches to them. */
export function accountFindings({ release, namespaces, accounts }: Observed): Found {
  const { config } = release ?? {}
  if (release === undefined || config === undefined || !namespaces || !accounts) return []
  if (config.attach === 'admission' || config.retire || config.dryRun) return []
  const targets = createTargets(config)
  const open = new Set(
    namespaces.filter((namespace) => !namespace.terminating && targets.includes(namespace)).map(({ name }) => name),
  )
  const lacking = accounts.filter(
    ({ namespace, name, list, optedOut }) =>
      open.has(namespace) && targets.takesServiceAccount(name) && !optedOut && !list.includes(config.secretName),
  )
  const foreign = lacking.filter(({ owner }) => owner?.operation === 'Apply' && owner.manager !== FIELD_MANAGER)
  const overlong = lacking.filter((account) => account.overlong !== undefined && !foreign.includes(account))
  const plain = lacking.filter((account) => !foreign.includes(account) && !overlong.includes(account))
  const found: Draft[] = []
  if (plain.length > 0) {
    found.push({
      id: 'ACCOUNT_UNATTACHED',
      subject: pluralize(plain.length, 'ServiceAccount'),
      message: `without the reference to ${config.secretName}: ${summarize(plain.map(keyOf))}`,
      cause: 'The helper has not written it: it does not run, was refused, or another writer keeps removing it.',
      fix: 'See the findings about the helper; its log names each refused write.',
      command: logsCommand(release),
      objects: plain.map(keyOf),
    })
  }
  if (overlong.length > 0) found.push(overlongFinding(overlong, config.secretName))
  if (foreign.length > 0) found.push(foreignFinding(foreign, config.secretName))
  return found
}

function overlongFinding(accounts: readonly ServiceAccountView[], secretName: string): Draft {
  const [first] = accounts
  return {
    id: 'ACCOUNT_UNATTACHED',
    severity: 'warning',
    subject: pluralize(accounts.length, 'ServiceAccount'),
    message: `without the reference to ${secretName}, and left alone: ${summarize(accounts.map(keyOf))}`,
    cause: 'Their imagePullSecrets are too long (more than 100 entries or 4,096 characters of names).',
    fix: 'Remove the entries whose Secret does not exist, or use attach: admission.',
    command: `kubectl -n ${first?.namespace} get serviceaccount ${first?.name} -o yaml`,
    objects: accounts.map(keyOf),
  }
}

function foreignFinding(accounts: readonly ServiceAccountView[], secretName: string): Draft {
  const managers = [...new Set(accounts.map(({ owner }) => `"${owner?.manager}"`))]
  const [first] = accounts
  return {
    id: 'ACCOUNT_FOREIGN',
    subject: pluralize(accounts.length, 'ServiceAccount'),
    message: `without the reference, and left alone: ${summarize(accounts.map(keyOf))}`,
    cause: `Their imagePullSecrets are applied by ${summarize(managers)}; a change would make its next apply fail.`,
    fix: `Add {name: ${secretName}} to the list where it is applied from, or use attach: admission.`,
    command: `kubectl -n ${first?.namespace} get serviceaccount ${first?.name} -o yaml --show-managed-fields`,
    objects: accounts.map(keyOf),
  }
}
