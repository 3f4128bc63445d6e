import { STATUS_CODES } from 'node:http'
import { parseImage } from '../../acr/registry-domains.ts'
import type { FindingId, Verdict } from '../finding.ts'
import type { ContainerFacts } from '../observed.ts'
import { type NodeMessage, type Party, quoteNode, readMessage } from './node-message.ts'

/** Why a node could not pull. */
export interface Explained extends Verdict {
  /** The node's own words, shown after the cause; '' if there are none. */
  readonly quote: string
  /**
   * `other`: no credential changes the result. `unknown`: the node gave no reason that is known
   * here.
   */
  readonly about: 'credential' | 'other' | 'unknown'
}

interface Rule {
  /**
   * The place where the message is created: `file: text` in the sources of Go (`go`), containerd,
   * the kubelet, moby and go.podman.io/image.
   */
  readonly sources: readonly string[]
  readonly matches: (message: NodeMessage, facts: Facts) => boolean
  readonly id: FindingId
  readonly cause: string | ((message: NodeMessage, facts: Facts) => string)
  readonly fix: string | ((message: NodeMessage, facts: Facts) => string)
  /** Set if a credential changes the result; by default none does. */
  readonly about?: 'credential'
}

interface Facts {
  readonly host: string
  readonly now: number
}

const VPC_HOST = /(?:^registry-(?:intl-)?(?:vpc|internal)|-registry-vpc|-vpc)\./
const EXPIRED = /x509: certificate has expired or is not yet valid: current time (\S+) is (before|after) /
/** A node may repeat a message for a while, so the current time in the message may be outdated. */
const CLOCK_TOLERANCE = 2 * 3_600_000

const NEED_NETWORK =
  "The node needs DNS and internet access (NAT gateway), and the instance a public endpoint whose allow-list has the node's address; or pull through the VPC domain."
const PATH_ERROR =
  /\b(?:open|stat|lstat|mkdir|chown|lchown|chmod|mount|link|symlink|rename|unlink|write|remove) \/[^\s:]*(?: \/[^\s:]*)?: /
const HTTP_STATUS = /(?:^|\bstatus(?: code)?: |\bStatusCode: )([45]\d\d)\b/i

const ROLES: Readonly<Record<Party, string>> = {
  registry: 'the registry',
  'token-service': 'where the registry issues its tokens',
  storage: 'where the registry stores its layers',
  other: "a mirror of the node's runtime, or a host that the registry names",
}

/** Returns `the registry`, or another host with its role. */
function describeParty({ host, party }: NodeMessage): string {
  return party === undefined || party === 'registry' ? 'the registry' : `${host} (${ROLES[party]})`
}

const isRegistry = ({ party }: NodeMessage): boolean => party === undefined || party === 'registry'
const statusOf = ({ rest }: NodeMessage): number => Number(HTTP_STATUS.exec(rest)?.[1])

/**
 * The messages of runtimes and registries with their meaning. The first matching rule counts. A
 * message without a rule is unknown.
 */
export const RULES: readonly Rule[] = [
  {
    sources: [
      'go syscall/zerrors_linux_amd64.go: no space left on device',
      'go syscall/zerrors_linux_amd64.go: disk quota exceeded',
    ],
    matches: ({ words }) => /: (?:no space left on device|disk quota exceeded)\b/i.test(words),
    id: 'POD_DISK_FULL',
    cause: 'The disk of the node is full.',
    fix: "Free space on the node's image file system (unused images, logs), or enlarge it.",
  },
  {
    sources: [
      'containerd core/images/image.go: no match for platform in manifest',
      'moby distribution/pull_v2.go: no matching manifest for',
      'go.podman.io/image internal/manifest/docker_schema2_list.go: no image found in manifest list for architecture',
      'moby distribution/pull_v2_windows.go: a Windows version %s.%s.%s-based image is incompatible with a %s host',
    ],
    matches: ({ words }) =>
      /no match for platform in manifest|no matching manifest for |no image found in (?:manifest list|image index) for architecture|a Windows version \S+-based image is incompatible with a \S+ host/.test(
        words,
      ),
    id: 'POD_ARCHITECTURE',
    cause: "The image does not exist for the node's platform.",
    fix: 'Build the image for that platform too, or bind the Pod to other nodes (nodeSelector kubernetes.io/arch, kubernetes.io/os).',
  },
  {
    sources: [
      'go net/net.go: func (e *OpError) Error() string',
      'go io/fs/fs.go: func (e *PathError) Error() string',
      'containerd core/unpack/unpacker.go: failed to extract layer',
      'containerd core/unpack/unpacker.go: failed to prepare extraction snapshot',
      'containerd core/unpack/unpacker.go: failed to commit snapshot',
      'moby distribution/xfer/download.go: failed to register layer',
    ],
    matches: ({ words }) =>
      /\bdial unix \/|failed to (?:register layer|extract layer|prepare extraction snapshot|commit snapshot)\b/.test(
        words,
      ) || PATH_ERROR.test(words),
    id: 'POD_STUCK',
    cause: "The node's own container runtime fails, not the registry.",
    fix: 'Check the runtime and its disk on the node (`journalctl -u containerd` or `journalctl -u crio`).',
  },
  {
    sources: ['go net/http/transport.go: Op: "proxyconnect"'],
    matches: ({ words }) => /\bproxyconnect tcp: /.test(words),
    id: 'POD_PROXY',
    cause: "The node cannot reach the proxy that its runtime uses for the registry's traffic.",
    fix: "Check HTTPS_PROXY and NO_PROXY of the node's runtime (`systemctl show containerd -p Environment`); VPC domains belong in NO_PROXY.",
  },
  {
    // A proxy refused CONNECT. The message contains only the text of the proxy's status, without
    // the number.
    sources: ['go net/http/transport.go: _, text, ok := strings.Cut(resp.Status, " ")'],
    matches: ({ rest, isRequestError }) => isRequestError && PROXY_ANSWERS.has(rest.trim()),
    id: 'POD_PROXY',
    cause: ({ host, rest }) =>
      `The proxy that the node's runtime uses refuses the connection to ${host}: ${rest.trim()}.`,
    fix: "Allow that host at the proxy, or set HTTPS_PROXY and NO_PROXY of the node's runtime; VPC domains belong in NO_PROXY.",
  },
  {
    sources: ['go crypto/x509/verify.go: x509: certificate has expired or is not yet valid: '],
    matches: ({ rest }, { now }) => Math.abs(Date.parse(EXPIRED.exec(rest)?.[1] ?? '') - now) > CLOCK_TOLERANCE,
    id: 'CLOCK_SKEW',
    cause: ({ rest }) =>
      `The clock of the node is wrong (it says ${EXPIRED.exec(rest)?.[1]}), so the node rejects a valid certificate.`,
    fix: "Set the node's clock (NTP: `chronyc tracking`); the node then pulls automatically.",
  },
  {
    sources: ['go crypto/x509/verify.go: x509: certificate has expired or is not yet valid: '],
    matches: ({ rest }) => EXPIRED.test(rest),
    id: 'POD_CERTIFICATE',
    cause: (message) =>
      `The certificate of ${describeParty(message)} ${EXPIRED.exec(message.rest)?.[2] === 'before' ? 'is not valid yet' : 'has expired'}.`,
    fix: 'Renew the certificate of that host; a custom domain has its own certificate (console, Domain).',
  },
  {
    sources: ['go crypto/x509/verify.go: x509: certificate signed by unknown authority'],
    matches: ({ rest }) => /x509: certificate signed by unknown authority/.test(rest),
    id: 'POD_CERTIFICATE',
    cause: (message) =>
      `The node does not trust the certificate of ${describeParty(message)}; a proxy that inspects TLS presents its own certificate.`,
    fix: "Check the image's host, and add the CA of the registry (or of that proxy) to the authorities that the node's runtime trusts.",
  },
  {
    sources: ['go crypto/x509/verify.go: x509: certificate is valid for '],
    matches: ({ rest }) => /x509: (?:certificate is (?:not )?valid for |cannot validate certificate for )/.test(rest),
    id: 'POD_CERTIFICATE',
    cause: (message) => `The node gets a certificate that was not issued for ${describeParty(message)}.`,
    fix: "Check the image's host and which server responds at its address: a custom domain without its own certificate, or a proxy.",
  },
  {
    sources: [
      'go net/http/client.go: http: server gave HTTP response to HTTPS client',
      'go crypto/tls/conn.go: first record does not look like a TLS handshake',
    ],
    matches: ({ rest }) =>
      /server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/.test(rest),
    id: 'POD_HTTP',
    cause: (message) => `The node uses https, but ${describeParty(message)} does not use https at that port.`,
    fix: "Give the registry a certificate; for your own registry, configure the node's runtime to use http for this host (containerd: hosts.toml).",
  },
  {
    sources: ['go crypto/tls/conn.go: Op: "remote error", Err: alert('],
    matches: ({ rest }) => /\bremote error: tls: /.test(rest),
    id: 'POD_NETWORK',
    cause: (message) =>
      `The node reaches ${describeParty(message)}, but the TLS handshake is refused: by the server, or by a firewall that inspects TLS.`,
    fix: 'Check what is between the node and that host (firewall, TLS inspection, old TLS versions).',
  },
  {
    sources: ['go net/net.go: errNoSuchHost'],
    matches: ({ failedLookup, party, stage }, { host }) =>
      failedLookup === 'no such host' && party === 'registry' && stage === 'manifest' && VPC_HOST.test(host),
    id: 'POD_VPC_UNLINKED',
    cause: "The node's VPC is not linked to the instance, so this VPC domain does not exist there.",
    fix: "Add the node's VPC and vSwitch to the instance (Access Control, VPC); an Economy instance can be linked to one VPC only. Until then use the public domain.",
  },
  {
    sources: ['go net/net.go: errNoSuchHost'],
    matches: ({ failedLookup }) => failedLookup === 'no such host',
    id: 'POD_NETWORK',
    cause: (message) =>
      `The node cannot reach ${describeParty(message)} because its DNS server does not know the name.`,
    fix: (message) =>
      isRegistry(message)
        ? NEED_NETWORK
        : "Check the node's DNS for that name, and the mirrors of its runtime (containerd: hosts.toml).",
  },
  {
    sources: ['go net/dnsclient_unix.go: server misbehaving', 'go net/net.go: i/o timeout'],
    matches: ({ failedLookup }) =>
      failedLookup !== undefined &&
      /(?:^|: )(?:i\/o timeout|context deadline exceeded|connect(?:ion)?: connection refused|(?:read|write): connection refused|server misbehaving|Temporary failure in name resolution|(?:connect: )?network is unreachable)$/.test(
        failedLookup,
      ),
    id: 'POD_NETWORK',
    cause: "The node's DNS server does not respond, so doctor does not know whether the registry can be reached.",
    fix: 'Check the DNS servers of the node (/etc/resolv.conf) and the network between them and the node.',
  },
  {
    sources: ['go net/net.go: i/o timeout', 'go syscall/zerrors_linux_amd64.go: no route to host'],
    matches: ({ rest, host: asked, party, stage }, { host }) =>
      asked !== undefined &&
      party === 'registry' &&
      stage === 'manifest' &&
      VPC_HOST.test(host) &&
      /\bdial tcp \S+: (?:i\/o timeout|connect: (?:no route to host|network is unreachable|connection timed out))/.test(
        rest,
      ),
    id: 'POD_VPC_UNLINKED',
    cause:
      "The address of this VPC domain does not respond: the node's VPC is not linked to the instance, or a security group blocks the traffic.",
    fix: "Add the node's VPC and vSwitch to the instance (Access Control, VPC); an Economy instance can be linked to one VPC only. Until then use the public domain.",
  },
  {
    sources: [
      'go net/net.go: i/o timeout',
      'go net/http/transport.go: net/http: TLS handshake timeout',
      'go net/http/client.go: (Client.Timeout exceeded while awaiting headers)',
      'go io/io.go: unexpected EOF',
      'go syscall/zerrors_linux_amd64.go: connection refused',
      'go syscall/zerrors_linux_amd64.go: connection reset by peer',
    ],
    matches: ({ rest, words, stage, isRequestError }) =>
      /\b(?:dial|read|write) tcp \S+: (?:i\/o timeout|(?:connect|read|write): (?:connection (?:refused|reset by peer|timed out)|no route to host|network is unreachable|broken pipe))/.test(
        words,
      ) ||
      /net\/http: TLS handshake timeout|Client\.Timeout (?:exceeded|or context cancellation)/.test(words) ||
      ((isRequestError || stage === 'layer') &&
        /(?:^|: )(?:EOF|unexpected EOF|context deadline exceeded)$/.test(rest.trim())),
    id: 'POD_NETWORK',
    cause: (message) =>
      isRegistry(message)
        ? 'The node cannot reach the registry, or the connection breaks.'
        : `The node cannot reach ${describeParty(message)} or the connection breaks.`,
    fix: (message) =>
      isRegistry(message)
        ? NEED_NETWORK
        : 'Check what is between the node and that host: NAT gateway, firewall, proxy, the policy of a VPC endpoint.',
  },
  {
    sources: [
      'containerd core/remotes/docker/errdesc.go: TOOMANYREQUESTS',
      'containerd core/remotes/errors/errors.go: unexpected status from %s request to %s: %s',
      'go.podman.io/image docker/errors.go: too many requests to registry',
    ],
    matches: ({ words }) =>
      /\btoomanyrequests\b|\b429 Too Many Requests|too many requests to registry|StatusCode: 429\b/.test(words),
    id: 'POD_THROTTLED',
    cause: (message) =>
      isRegistry(message)
        ? 'The registry throttles the pulls.'
        : `The pulls are throttled by ${describeParty(message)}, not by the registry.`,
    fix: 'Wait; if it persists, request a higher limit for the instance, or pull through the VPC domain.',
  },
  {
    sources: [
      'containerd core/remotes/docker/httpreadseeker.go: httpReadSeeker: failed open',
      'containerd core/remotes/errors/errors.go: unexpected status from %s request to %s: %s',
    ],
    matches: (message) =>
      message.stage === 'layer' && message.party !== 'other' && [401, 403].includes(statusOf(message)),
    id: 'POD_STUCK',
    cause: 'The registry allowed the pull, but the storage behind it rejects the request for a layer.',
    fix: "Compare the node's clock, and check what is between the node and OSS (a proxy, the policy of a VPC endpoint).",
  },
  {
    sources: [
      'containerd core/remotes/docker/registry.go: isProxy',
      'containerd core/remotes/errors/errors.go: unexpected status from %s request to %s: %s',
    ],
    matches: (message) => message.party === 'other' && statusOf(message) >= 400,
    id: 'POD_PROXY',
    cause: (message) =>
      `The response HTTP ${statusOf(message)} comes from ${message.host}, not from the registry. This host is a mirror of the node's runtime, or a host that the registry names.`,
    fix: "Check the mirrors of the node's runtime (containerd: hosts.toml); a pull secret for the registry has no login for a mirror.",
  },
  {
    sources: ['containerd core/remotes/errors/errors.go: unexpected status from %s request to %s: %s'],
    matches: (message) => statusOf(message) >= 500,
    id: 'POD_NETWORK',
    cause: (message) =>
      `${message.host ?? 'The registry'} responds with HTTP ${statusOf(message)}: the server or a gateway in front of it fails.`,
    fix: 'Wait for the next try; if it persists, check the state of the instance and the network between the instance and the node.',
  },
  {
    sources: [
      'containerd core/remotes/docker/resolver.go: "%s: %w", ref, errdefs.ErrNotFound',
      'go.podman.io/image docker/docker_client.go: reading manifest %s in %s: %w',
    ],
    matches: (message) =>
      /\bmanifest unknown\b|\bname unknown\b|repository name not known to registry|IMAGE: not found$/.test(
        message.words.trim(),
      ) ||
      (message.stage === 'manifest' && isRegistry(message) && statusOf(message) === 404),
    id: 'POD_IMAGE_ABSENT',
    cause: 'The registry does not have this repository or tag.',
    fix: 'Check the name and the tag of the image; `doctor pod --ask-registry` shows which of the two is wrong.',
  },
  {
    sources: [
      'containerd core/remotes/docker/authorizer.go: failed to fetch oauth token: %w',
      'go.podman.io/image docker/errors.go: unable to retrieve auth token: invalid username/password: %s',
    ],
    matches: (message) =>
      (/fetch oauth token: /.test(message.words) && statusOf(message) === 401) ||
      /unable to retrieve auth token: invalid username\/password/.test(message.words),
    id: 'POD_LOGIN_REFUSED',
    about: 'credential',
    cause: 'The registry rejects the credential that the node sent.',
    fix: 'Request a new credential (`acr-nopass refresh`); if that is refused too, check instanceId, region and domains of the registry.',
  },
  {
    sources: [
      'containerd core/remotes/docker/authorizer.go: failed to fetch anonymous token: %w',
      'containerd core/remotes/docker/authorizer.go: no basic auth credentials',
      'containerd core/remotes/docker/errdesc.go: authentication required',
    ],
    matches: (message) =>
      (/fetch anonymous token: /.test(message.words) && statusOf(message) === 401) ||
      /\bno basic auth credentials\b|missing username or secret|\bauthentication required\b/.test(message.words),
    id: 'POD_DENIED',
    about: 'credential',
    cause: 'The registry requires a credential, but the node sent none, or a credential that the registry rejects.',
    fix: 'Check that the pull secret has the host of the image; `doctor pod --ask-registry` tries its credential.',
  },
  {
    sources: [
      'containerd core/remotes/docker/resolver.go: pull access denied, repository does not exist or may require authorization: %w',
      'containerd core/remotes/docker/errdesc.go: requested access to the resource is denied',
      'go.podman.io/image docker/docker_client.go: Requesting bearer token',
    ],
    matches: (message) =>
      /\binsufficient_scope\b|\bpull access denied\b|(?:^|[:\n] )denied: |requested access to the resource is denied|(?:^|[:\n] )unauthorized: /.test(
        message.words,
      ) || [401, 403].includes(statusOf(message)),
    id: 'POD_DENIED',
    about: 'credential',
    cause:
      'The registry denies the pull: the identity of the credential lacks the right to pull this repository, or the repository does not exist.',
    fix: 'Add the repository to `repositories` of the registry in values and apply the RAM policy again (`acr-nopass apply`); check its name.',
  },
]

/** The default texts of all statuses with which a proxy can refuse. */
const PROXY_ANSWERS: ReadonlySet<string> = new Set(
  Object.entries(STATUS_CODES).flatMap(([code, text]) => (Number(code) >= 300 && text ? [text] : [])),
)

/** Reasons that say more than "the pull failed". */
const BY_REASON: Readonly<Record<string, Verdict>> = {
  RegistryUnavailable: {
    id: 'POD_NETWORK',
    cause: 'The registry does not accept connections of the node.',
    fix: NEED_NETWORK,
  },
  SignatureValidationFailed: {
    id: 'POD_STUCK',
    cause: "The signature policy of the node's runtime refuses the image.",
    fix: 'Sign the image as the policy of the node demands (`/etc/containers/policy.json`), or correct that policy.',
  },
  ImageInspectError: {
    id: 'POD_STUCK',
    cause: "The node's own container runtime fails to inspect the image, not the registry.",
    fix: 'Check the runtime and its disk on the node (`journalctl -u containerd` or `journalctl -u crio`).',
  },
}

/**
 * Explains why a node could not pull an image. Uses the node's own message, or the reason if no
 * rule matches the message.
 */
export function explainPull(container: Pick<ContainerFacts, 'image' | 'detail' | 'waiting'>, now: number): Explained {
  const { image, detail = '', waiting = '' } = container
  const message = readMessage(detail, image)
  const facts: Facts = { host: parseImage(image).host, now }
  const quote = quoteNode(detail)
  const rule = RULES.find(({ matches }) => matches(message, facts))
  const write = (text: Rule['cause']): string => (typeof text === 'string' ? text : text(message, facts))
  const byReason = BY_REASON[waiting]
  // The runtime itself reports that the signature was the reason.
  const isDecided = waiting === 'SignatureValidationFailed' || rule === undefined
  if (isDecided && byReason !== undefined) return { ...byReason, quote, about: 'other' }
  if (rule !== undefined) {
    return { id: rule.id, cause: write(rule.cause), fix: write(rule.fix), quote, about: rule.about ?? 'other' }
  }
  return {
    id: 'POD_STUCK',
    cause: 'The node reports a reason that doctor does not know.',
    fix: 'Read the Events of the Pod.',
    quote,
    about: 'unknown',
  }
}
