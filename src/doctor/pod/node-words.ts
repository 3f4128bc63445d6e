import { parseImage } from '../../acr/registry-domains.ts'
import { withoutSecrets } from '../../kube/api-error.ts'
import type { FindingId, Verdict } from '../finding.ts'

interface Words extends Verdict {
  readonly words: RegExp
  /** Only for images of such hosts. */
  readonly host?: RegExp
}

/** A deadline of a request to the registry; a bare one is that of the runtime, which may as well be slow itself. */
const DEADLINE =
  '(?:URL|dial tcp|lookup|Client\\.Timeout|failed to do request)[\\s\\S]*deadline exceeded|Client\\.Timeout exceeded'

/** Messages of container runtimes (containerd 1.6 and 2, CRI-O) and registries, and what they mean; the first match counts. */
const WORDS: readonly Words[] = [
  {
    words: /no space left on device/i,
    id: 'POD_DISK_FULL',
    cause: 'The disk of the node is full.',
    fix: "Free space on the node's image file system (unused images, logs), or enlarge it.",
  },
  {
    words:
      /dial unix |\b(?:open|stat|lstat|mkdir|chown|lchown|chmod|mount|link|symlink|rename|unlink) \/\S*(?: \/\S*)?: |snapshotter not found|blob not found/i,
    id: 'POD_STUCK',
    cause: "The node's own container runtime fails, not the registry.",
    fix: 'Check the runtime and its disk on the node (`journalctl -u containerd` or `journalctl -u crio`).',
  },
  {
    words: /httpReadSeeker: [\s\S]*status code URL: 403/i,
    id: 'POD_STUCK',
    cause: 'The registry allowed the pull, and the storage behind it rejects a layer.',
    fix: "Compare the node's clock, and check what is between the node and OSS (a proxy, the policy of a VPC endpoint).",
  },
  {
    words: /server gave http response/i,
    id: 'POD_HTTP',
    cause: 'The registry of the image serves http, and the node uses https.',
    fix: "Give the registry a certificate; for a registry of your own configure the node's runtime to use http for this host (containerd: hosts.toml).",
  },
  {
    words: /x509: |\btls: |certificate (?:signed by|has expired|is valid for|is not trusted)/i,
    id: 'POD_CERTIFICATE',
    cause: 'The node does not trust the certificate of the registry.',
    fix: "Check the image's host, and add the CA of the registry to those that the node's runtime trusts.",
  },
  {
    words:
      /lookup HOST\b[^"]*(?:i\/o timeout|deadline exceeded|connection refused|server misbehaving|no servers could)/i,
    id: 'POD_NETWORK',
    cause: "The node's DNS server does not respond, so it is not known whether the registry can be reached.",
    fix: 'Check the DNS servers of the node (/etc/resolv.conf) and what is between them and the node.',
  },
  {
    words: new RegExp(`no such host|i/o timeout|${DEADLINE}|network is unreachable|no route to host`, 'i'),
    host: /(^registry-vpc|-registry-vpc|-vpc)\./,
    id: 'POD_VPC_UNLINKED',
    cause:
      "The node's VPC is not linked to the instance, so this VPC domain does not exist (or does not respond) there.",
    fix: "Add the node's VPC and vSwitch to the instance (Access Control, VPC); an Economy instance takes one VPC only. Until then use the public domain.",
  },
  {
    words: new RegExp(
      `no such host|i/o timeout|${DEADLINE}|connection refused|network is unreachable|no route to host|connection reset`,
      'i',
    ),
    id: 'POD_NETWORK',
    cause: 'The node cannot reach the registry.',
    fix: "The node needs DNS and internet access (NAT gateway), and the instance a public endpoint whose allow-list has the node's address; or pull through the VPC domain.",
  },
  {
    words: /toomanyrequests|\b429 Too Many Requests|status(?: code)?:? 429\b/i,
    id: 'POD_THROTTLED',
    cause: 'The registry throttles the pulls.',
    fix: 'Wait; if it persists, request a higher limit for the instance, or pull through the VPC domain.',
  },
  {
    words: /no match for platform|no matching manifest|no image found in (?:manifest|image index)/i,
    id: 'POD_ARCHITECTURE',
    cause: "The image does not exist for the node's architecture.",
    fix: 'Build the image for that architecture too, or bind the Pod to other nodes (nodeSelector kubernetes.io/arch).',
  },
  {
    words: /manifest unknown|name unknown|IMAGE: not found|repository \S+ not found|404 not found/i,
    id: 'POD_IMAGE_ABSENT',
    cause: 'The registry does not have this repository or tag.',
    fix: 'Check the name and the tag of the image; `doctor pod --ask-registry` shows which of the two it is.',
  },
  {
    words: /fetch oauth token: [\s\S]*\b401\b/i,
    id: 'POD_LOGIN_REFUSED',
    cause: 'The registry rejects the credential that the node sent.',
    fix: 'Request a new credential (`acr-nopass refresh`); if that is refused too, check instanceId, region and domains of the registry.',
  },
  {
    words: /fetch anonymous token: [\s\S]*\b401\b|authentication required|no basic auth/i,
    id: 'POD_DENIED',
    cause: 'The registry requires a credential, and the node sent none, or one that it rejects.',
    fix: 'Check that the pull secret has the host of the image; `doctor pod --ask-registry` tries its credential.',
  },
  {
    words:
      /insufficient_scope|\bdenied\b|\bunauthorized\b|\bforbidden\b|status(?: code)?:? 40[13]\b|authorization failed/i,
    id: 'POD_DENIED',
    cause:
      'The registry accepts the credential, but its identity lacks the right to pull this repository, or the repository does not exist.',
    fix: 'Add the repository to `repositories` of the registry in values and apply the RAM policy again (`acr-nopass apply`); check its name.',
  },
]

/** Failures that no credential changes: they count even where the Pod lacks the reference or the Secret. */
const BEYOND_CREDENTIALS: readonly FindingId[] = [
  'POD_DISK_FULL',
  'POD_HTTP',
  'POD_CERTIFICATE',
  'POD_VPC_UNLINKED',
  'POD_NETWORK',
  'POD_THROTTLED',
  'POD_ARCHITECTURE',
  'POD_IMAGE_ABSENT',
  'POD_TAG_ABSENT',
]

/** Explains why a node could not pull an image, by the node's own message. */
export function explainPull(detail: string | undefined, image: string): Verdict {
  const text = detail ?? ''
  const known = match(text, image)
  if (known !== undefined) return { id: known.id, cause: `${known.cause}${quote(text)}`, fix: known.fix }
  return {
    id: 'POD_STUCK',
    cause: `The node reports no known reason.${quote(text)}`,
    fix: 'Read the Events of the Pod.',
  }
}

/** Whether a finding about a Pod is one that no credential changes. */
export function isBeyondCredentials(id: FindingId): boolean {
  return BEYOND_CREDENTIALS.includes(id)
}

function match(text: string, image: string): Words | undefined {
  const { host } = parseImage(image)
  const words = withoutNames(text, image)
  return WORDS.find(
    ({ words: pattern, host: hosts }) => pattern.test(words) && (hosts === undefined || hosts.test(host)),
  )
}

/** Names of images, hosts and layers hold any word and number ("…:20260429"), so they are left out before the message is judged. */
function withoutNames(text: string, image: string): string {
  return text
    .replaceAll(image, 'IMAGE')
    .replaceAll(/https?:\/\/[^\s"'\\]*[^\s"'\\:,]/g, 'URL')
    .replaceAll(/(?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?\/[^\s"'\\,]*[^\s"'\\,:]/g, 'IMAGE')
    .replaceAll(/lookup \S+/g, 'lookup HOST')
    .replaceAll(/sha256:[0-9a-f]+/g, 'DIGEST')
}

/** The end of the node's message: the reason is there. */
function quote(text: string): string {
  const clean = withoutSecrets(text, Number.POSITIVE_INFINITY).replace(/\s+/g, ' ').trim()
  if (clean === '') return ''
  return ` The node says: ${clean.length > 300 ? `…${clean.slice(-300)}` : clean}`
}
