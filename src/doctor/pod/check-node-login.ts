import { parseImage } from '../../acr/registry-domains.ts'
import { shell } from '../../lib/shell-command.ts'
import { AUDIENCE } from '../../policy/trust-document.ts'
import type { Observed, PluginNode, PodFacts } from '../observed.ts'
import { isMatched, nodeThatPulls, usesPlugin } from '../plugin-nodes.ts'
import { isWaiting, type PodCheck, type StepResult, wrong } from './pod-context.ts'

/**
 * Checks whether the node itself logs in for the image, by the program that its kubelet asks. Left
 * out if nothing shows that nodes do so.
 */
export const checkNodeLogin: PodCheck = (pod, container, { observed, config }) => {
  const { plugins } = observed
  const { image, running } = container
  if (plugins === undefined || pod.node === undefined || !isMatched(plugins, image)) return undefined
  if (config.helper.enabled && !usesPlugin(plugins)) return undefined
  const hasSecret = pod.references.includes(config.secretName)
  const node = nodeThatPulls(observed, pod.node, image)
  if (node === undefined) {
    const found = plugins.nodes.find(({ name }) => name === pod.node)
    if (found?.config === 'none' && !config.helper.enabled && !hasSecret && isWaiting(container)) {
      return explainNoPlugin(pod.node)
    }
    if (found?.config === 'none' || hasSecret || !running) return undefined
    const why = found?.why ?? (found?.config === 'other' ? 'it has another configuration' : 'it was not read')
    return last('unknown', `whether the kubelet of ${pod.node} logs in for this image is not known: ${why}`)
  }
  if (running) return last('ok', `by the node: the kubelet of ${node.name} asks its program`)
  if (hasSecret || !isWaiting(container)) return undefined
  return explainNodeLogin(pod, image, node, observed)
}

function explainNoPlugin(node: string): StepResult {
  return wrong({
    id: 'POD_NODE_LOGIN',
    cause: `The Pod names no pull secret, the helper is off, and the kubelet of ${node} has no configuration for image credentials.`,
    fix: 'Run the script of `acr-nopass node script` on this node; the kubelet then retries the pull.',
    command: shell`kubectl describe node ${node}`,
  })
}

/** The pull secret does not matter for this container. */
function last(state: 'ok' | 'unknown', detail: string): StepResult {
  return { state, detail, isLast: true }
}

function explainNodeLogin(pod: PodFacts, image: string, node: PluginNode, { accounts, plugins }: Observed): StepResult {
  const { namespace, name, serviceAccount } = pod
  const account = accounts?.find((one) => one.namespace === namespace && one.name === serviceAccount)
  const { host, repository } = parseImage(image)
  const failure = node.failures?.findLast((one) =>
    one.pod === undefined ? one.image === `${host}/${repository}` : one.pod === `${namespace}/${name}`,
  )
  const describe = (cause: string, fix: string) =>
    wrong({ id: 'POD_NODE_LOGIN', cause, fix, command: shell`kubectl describe node ${node.name}` })
  const usesAccount = node.identity === 'service-account' && !pod.isStatic
  if (usesAccount && plugins?.mayRequestTokens === false) {
    return describe(
      `The kubelet of ${node.name} may not request a token for ${AUDIENCE}, so it does not call the program.`,
      'See the finding about tokens for nodes; once it is fixed, the Pod pulls automatically.',
    )
  }
  if (failure !== undefined) {
    const code = /^[A-Z]/.test(failure.kind) ? `${failure.kind}: ` : ''
    return describe(
      `The program on ${node.name} got no login. ${code}${failure.message}.`,
      'See the finding about this node.',
    )
  }
  if (usesAccount && account !== undefined && account.pullRole === undefined) {
    return describe(
      `ServiceAccount ${serviceAccount} has no annotation acr-nopass.io/role-arn, so the program on ${node.name} has no role for it.`,
      'Annotate the ServiceAccount with the ARN of a role that may pull, or set `node.fallback: worker-role` on the nodes.',
    )
  }
  const who = usesAccount ? `the role of ServiceAccount ${serviceAccount}` : 'the role of the node'
  return describe(
    `The Pod names no pull secret, and the login of ${node.name} may not pull this image: ${who} lacks the permission, or no entry of \`registries\` has the repository.`,
    "Check the role's permission and `repositories`. The log of the kubelet on the node has a code and its fix if the program failed.",
  )
}
