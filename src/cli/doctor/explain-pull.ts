import { withoutSecrets } from '../../kube/api-error.ts'
import type { FindingId } from './finding.ts'

interface Explanation {
  readonly id: FindingId
  readonly cause: string
  readonly cure: string
}

/** What container runtimes and registries say, and what it means; the first that fits. Words of containerd 2 and CRI-O. */
const WORDS: readonly (Explanation & { readonly words: RegExp })[] = [
  {
    words: /x509|certificate|tls: |http: server gave http response/i,
    id: 'POD_CERTIFICATE',
    cause: 'The node does not trust the certificate of the registry, or speaks another protocol with it.',
    cure: "Check the image's host, and the CA certificates and the registry configuration of the node.",
  },
  {
    words:
      /no such host|i\/o timeout|deadline exceeded|connection refused|network is unreachable|no route to host|connection reset/i,
    id: 'POD_NETWORK',
    cause: 'The node does not reach the registry.',
    cure: "For a -vpc domain add the node's VPC to the instance (Access Control, VPC); for a public one the node needs a way out, and the instance its public endpoint and an allow-list with the node's address.",
  },
  {
    words: /toomanyrequests|429/i,
    id: 'POD_NETWORK',
    cause: 'The registry asks to slow down.',
    cure: 'Wait; if it lasts, ask for a higher limit of the instance, or pull through the VPC domain.',
  },
  {
    words: /manifest unknown|name unknown|: not found|404 not found/i,
    id: 'POD_IMAGE_ABSENT',
    cause: 'The registry does not have this repository or tag.',
    cure: 'Check the name and the tag of the image.',
  },
  {
    words: /insufficient_scope|denied|401|403|unauthorized|forbidden|authorization failed|authentication required/i,
    id: 'POD_DENIED',
    cause:
      'The registry knows the credential, but its identity may not pull this repository, or the repository does not exist.',
    cure: 'Add the repository to `repositories` of the registry in values and apply the RAM policy again (`acr-nopass apply`); check its name.',
  },
]

/** Why a node could not pull, by its own words, when the reference and the Secret are as they should be. */
export function explainPull(detail: string | undefined): Explanation {
  const text = detail ?? ''
  const known = WORDS.find(({ words }) => words.test(text))
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
