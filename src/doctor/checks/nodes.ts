import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import { AUDIENCE } from '../../policy/trust-document.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed, PluginFacts, PluginNode } from '../observed.ts'
import { hasPlugin, minorOf, usesPlugin } from '../plugin-nodes.ts'
import { nodeFailureFindings } from './node-failures.ts'

/** Reports nodes that should pull without a Secret, and do not. */
export function nodeFindings(observed: Observed): Found {
  const { plugins } = observed
  if (plugins === undefined || !usesPlugin(plugins)) return []
  const nodes = plugins.nodes.filter(({ isVirtual }) => !isVirtual)
  return [
    findLost(nodes, plugins),
    findOther(nodes),
    findSilent(nodes),
    nodeFailureFindings(nodes),
    findDenied(plugins),
    findOld(nodes, plugins),
    findSkew(nodes),
    findBothWays(observed, nodes),
  ].flat()
}

const namesOf = (nodes: readonly PluginNode[]): string => summarize(nodes.map(({ name }) => name))

function describeGroup(nodes: readonly PluginNode[]): Pick<Draft, 'subject' | 'objects'> {
  const [first] = nodes
  const subject = nodes.length === 1 && first ? `node ${first.name}` : pluralize(nodes.length, 'node')
  return { subject, objects: nodes.map(({ name }) => name) }
}

/** Other nodes of the pool have the plugin, or the chart lets nodes use it and no node has it. */
function findLost(nodes: readonly PluginNode[], { grantsTokens, more }: PluginFacts): readonly Draft[] {
  const pools = Map.groupBy(nodes, ({ pool }) => pool)
  const isNowhere = more === 0 && nodes.every(({ config }) => config === 'none')
  const lacking = [...pools.values()].flatMap((pool) => {
    const isExpected = pool.some(hasPlugin) || (grantsTokens === true && isNowhere)
    return isExpected ? pool.filter(({ config }) => config === 'none') : []
  })
  const [first] = lacking
  if (first === undefined) return []
  return [
    {
      id: 'NODE_WITHOUT_PLUGIN',
      severity: 'warning',
      ...describeGroup(lacking),
      message: `the kubelet has no configuration for image credentials: ${namesOf(lacking)}`,
      cause: isNowhere
        ? 'The release names ServiceAccounts that pull on nodes, but no kubelet was started with the two flags.'
        : 'Other nodes of the same pool have it. The script did not run on these nodes, or something removed the flags: the ACK console overwrites the file of kubelet parameters.',
      fix: 'Run the script of `acr-nopass node script` on these nodes again, and add it to the User Data of the node pool.',
      command: shell`kubectl get --raw /api/v1/nodes/${first.name}/proxy/configz`,
    },
  ]
}

function findOther(nodes: readonly PluginNode[]): readonly Draft[] {
  const other = nodes.filter(({ config }) => config === 'other')
  const called = other.filter(({ calls }) => calls > 0)
  const never = other.filter(({ calls }) => calls === 0)
  const describe = (group: readonly PluginNode[], isCalled: boolean): Draft => ({
    id: 'NODE_OTHER_CONFIG',
    severity: isCalled ? 'info' : 'warning',
    ...(!isCalled && { health: 'unknown' as const }),
    ...describeGroup(group),
    message: `the kubelet has another configuration than the release's registries give: ${namesOf(group)}`,
    cause: isCalled
      ? 'The kubelet calls the program of acr-nopass, so the configuration contains it. Another provider may be merged, or the registries were changed later.'
      : 'The kubelet has not called the program of acr-nopass since it started. Its configuration may have only other providers, or registries of other values.',
    fix: 'If you changed `registries`, print the script again and run it on these nodes. A configuration merged with another provider is fine.',
    command: shell`acr-nopass node config -f values.yaml`,
  })
  return [...(called.length > 0 ? [describe(called, true)] : []), ...(never.length > 0 ? [describe(never, false)] : [])]
}

function findSilent(nodes: readonly PluginNode[]): readonly Draft[] {
  const silent = nodes.filter(({ isSilent }) => isSilent)
  const [first] = silent
  if (first === undefined) return []
  return [
    {
      id: 'NODE_SILENT',
      severity: 'warning',
      health: 'unknown',
      ...describeGroup(silent),
      message: `the kubelet does not report: ${namesOf(silent)}`,
      cause:
        'There are many possible causes. One of them: a kubelet does not start if its flags name a configuration or a program of a credential provider that is missing.',
      fix: 'Read the log of the kubelet on the node: `journalctl -u kubelet`. If it shows "Failed to register CRI auth plugins", run the script for nodes again.',
      command: shell`kubectl describe node ${first.name}`,
    },
  ]
}

function findDenied({ mayRequestTokens, nodes, grantsTokens }: PluginFacts): readonly Draft[] {
  if (mayRequestTokens !== false) return []
  const asking = nodes.filter(({ identity }) => identity === 'service-account')
  return [
    {
      id: 'NODE_AUDIENCE_DENIED',
      ...describeGroup(asking),
      message: `kubelets may not request tokens of ServiceAccounts for ${AUDIENCE}`,
      cause: `Without that right a kubelet does not call the program, and no Event names the cause. ${grantsTokens === false ? 'The release has no ClusterRole for it, because `node.serviceAccounts` is empty.' : 'The ClusterRole or the ClusterRoleBinding of the release was changed.'}`,
      fix: 'List the ServiceAccounts in `node.serviceAccounts` of the values, and upgrade the release: the chart then has a ClusterRole for system:nodes.',
      command: shell`kubectl auth can-i request-serviceaccounts-token-audience sts.aliyuncs.com --as system:node:any --as-group system:nodes --all-namespaces`,
    },
  ]
}

/** KEP-4412: a kubelet passes tokens of ServiceAccounts since Kubernetes 1.34. */
const PASSES_TOKENS = 34

function findOld(nodes: readonly PluginNode[], { grantsTokens }: PluginFacts): readonly Draft[] {
  const old = nodes.filter(({ version }) => minorOf(version) < PASSES_TOKENS)
  if (grantsTokens !== true || old.length === 0) return []
  return [
    {
      id: 'NODE_KUBELET_OLD',
      severity: 'warning',
      ...describeGroup(old),
      message: `the kubelet is too old for the roles of ServiceAccounts: ${namesOf(old)}`,
      cause: `A kubelet passes the token of a ServiceAccount from Kubernetes 1.34 on; these have ${summarize([...new Set(old.map(({ version }) => version))])}.`,
      fix: 'Upgrade these nodes, or give them the pull secret or `node.identity: worker-role`.',
      command: shell`kubectl get nodes -o wide`,
    },
  ]
}

/** Certificates and tokens fail only when a clock is minutes off. */
const TOLERANCE_MS = 60_000

function findSkew(nodes: readonly PluginNode[]): readonly Draft[] {
  const skewed = nodes.filter((node) => hasPlugin(node) && Math.abs(node.aheadMs ?? 0) > TOLERANCE_MS)
  return skewed.map(({ name, aheadMs = 0 }): Draft => {
    const size = `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`
    return {
      id: 'CLOCK_SKEW',
      severity: 'warning',
      subject: `node ${name}`,
      message: `its clock is ${size} the API server's`,
      cause: "The kubelet's Lease records the same moment as a different time than the API server.",
      fix: 'Set the clock of the node by NTP: with a wrong clock, certificates of the cloud and tokens of ServiceAccounts look expired or not yet valid.',
      command: shell`kubectl get nodes -o wide`,
      objects: [name],
    }
  })
}

function findBothWays({ release, focus }: Observed, nodes: readonly PluginNode[]): readonly Draft[] {
  const ours = nodes.filter(({ config }) => config === 'ours')
  const { config } = release ?? {}
  if (focus !== undefined || ours.length === 0 || config === undefined || config.retire) return []
  return [
    {
      id: 'NODE_BOTH_WAYS',
      severity: 'info',
      ...describeGroup(ours),
      message: `Pods have the pull secret, and the kubelet also asks the program: ${namesOf(ours)}`,
      cause:
        'The kubelet tries the logins of the Secrets first, then the login of the program. A login is then still in etcd.',
      fix: 'Nothing to do if other nodes or tools need the Secret. Otherwise retire the helper.',
      command: shell`kubectl get nodes`,
    },
  ]
}
