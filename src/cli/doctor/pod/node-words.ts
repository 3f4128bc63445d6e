import { withoutSecrets } from '../../../kube/api-error.ts'
import type { FindingId } from '../finding.ts'

export interface Explanation {
  readonly id: FindingId
  readonly cause: string
  readonly cure: string
}

/** What container runtimes and registries say, and what it means; the first that fits. Words of containerd 1.6, 2 and of CRI-O. */
const WORDS: readonly (Explanation & { readonly words: RegExp; readonly host?: RegExp })[] = [
  {
    words: /server gave http response/i,
    id: 'POD_HTTP',
    cause: 'The registry of the image speaks http, and the node speaks https.',
    cure: "Give the registry a certificate; for a registry of your own tell the node's runtime that this host speaks http (containerd: hosts.toml).",
  },
  {
    words: /x509|certificate|tls: /i,
    id: 'POD_CERTIFICATE',
    cause: 'The node does not trust the certificate of the registry.',
    cure: "Check the image's host, and put the CA of the registry among those that the node's runtime trusts.",
  },
  {
    words: /no such host|i\/o timeout|deadline exceeded|network is unreachable|no route to host/i,
    host: /(^registry-vpc|-registry-vpc|-vpc)\./,
    id: 'POD_VPC_UNLINKED',
    cause:
      "The node's VPC is not linked to the instance, so this VPC domain does not exist (or does not answer) there.",
    cure: "Add the node's VPC and vSwitch to the instance (Access Control, VPC); an Economy instance takes one VPC only. Until then use the public domain.",
  },
  {
    words:
      /no such host|i\/o timeout|deadline exceeded|connection refused|network is unreachable|no route to host|connection reset/i,
    id: 'POD_NETWORK',
    cause: 'The node does not reach the registry.',
    cure: "The node needs DNS and a way out (NAT gateway), and the instance its public endpoint with an allow-list that has the node's address; or pull through the VPC domain.",
  },
  {
    words: /toomanyrequests|429/i,
    id: 'POD_THROTTLED',
    cause: 'The registry asks to slow down.',
    cure: 'Wait; if it lasts, ask for a higher limit of the instance, or pull through the VPC domain.',
  },
  {
    words: /no match for platform|no matching manifest|no image found in (?:manifest|image index)/i,
    id: 'POD_ARCHITECTURE',
    cause: "The image is not there for the node's architecture.",
    cure: 'Build the image for that architecture too, or bind the Pod to other nodes (nodeSelector kubernetes.io/arch).',
  },
  {
    words: /manifest unknown|name unknown|: not found|404 not found/i,
    id: 'POD_IMAGE_ABSENT',
    cause: 'The registry does not have this repository or tag.',
    cure: 'Check the name and the tag of the image; `doctor pod --ask-registry` tells which of the two it is.',
  },
  {
    words:
      /insufficient_scope|denied|401|403|unauthorized|forbidden|authorization failed|authentication required|no basic auth/i,
    id: 'POD_DENIED',
    cause:
      'The registry knows the credential, but its identity may not pull this repository, or the repository does not exist.',
    cure: 'Add the repository to `repositories` of the registry in values and apply the RAM policy again (`acr-nopass apply`); check its name.',
  },
]

/** Why a node could not pull, by its own words, when the reference and the Secret are as they should be. */
export function explainPull(detail: string | undefined, host: string): Explanation {
  const text = detail ?? ''
  const known = WORDS.find(({ words, host: hosts }) => words.test(text) && (hosts === undefined || hosts.test(host)))
  if (known !== undefined) return { id: known.id, cause: `${known.cause}${quote(text)}`, cure: known.cure }
  return {
    id: 'POD_STUCK',
    cause: `The node gives no reason that we know.${quote(text)}`,
    cure: 'Look at the Events of the Pod.',
  }
}

/** The end of the node's words: the reason stands there. */
function quote(text: string): string {
  const clean = withoutSecrets(text).replace(/\s+/g, ' ').trim()
  if (clean === '') return ''
  return ` The node says: ${clean.length > 300 ? `…${clean.slice(-300)}` : clean}`
}
