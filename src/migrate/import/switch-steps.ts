import type { LegacyFacts } from '../remove/legacy-facts.ts'
import type { ReleaseName } from './choose-identity.ts'
import type { AddonSettings } from './read-entry.ts'

/**
 * The safe order: the old helper keeps running until every Pod has been recreated with both, and its leftovers are deleted only
 * when nothing refers only to them.
 */
export function switchSteps(
  settings: AddonSettings | undefined,
  facts: LegacyFacts,
  { program, release }: { readonly program: string; readonly release: ReleaseName },
): readonly string[] {
  const where =
    release.namespace === 'acr-nopass' && release.name === 'acr-nopass'
      ? ''
      : ` --namespace ${release.namespace} --release ${release.name}`
  const secrets = [...new Set(facts.secrets.map(({ metadata }) => metadata.name))].sort()
  const isAddon = settings !== undefined
  return [
    `Install beside the old helper, which keeps running: ${program} apply -f values.yaml --kubeconfig kubeconfig.yaml --coexist true${where}`,
    `Look: ${program} doctor. Every registry is live, every namespace has its pull secret.`,
    'Restart what was made before (kubectl rollout restart): a Pod keeps the list that it was made with.',
    `Ask what still depends on the old helper: ${program} cleanup --legacy. It changes nothing, and names each Pod, workload and ServiceAccount.`,
    ...(isAddon
      ? ['Uninstall the add-on in the ACK console, if it was installed there; else it would be kept as installed.']
      : []),
    `When nothing depends on it: ${program} cleanup --legacy --yes. It ends the old helper, takes its entries out of ServiceAccounts, then deletes ${secrets.length === 0 ? 'its Secrets' : `the Secrets ${secrets.join(', ')}`}, then its RBAC${isAddon ? ' and acr-configuration' : ''}.`,
    isAddon
      ? 'Remove the old rights in RAM: the statement cr:* of the worker role, if you wrote one for the add-on.'
      : 'Remove the old rights in RAM: cr:Get*, cr:List* and cr:PullRepository in the policy k8sWorkerRolePolicy-… of the worker role; acr-nopass has a policy of its own.',
  ]
}
