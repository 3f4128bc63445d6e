import { parseImage } from '../../acr/registry-domains.ts'
import { withoutSecrets } from '../../kube/api-error.ts'

/** What a node was doing when the pull failed. */
type Stage = 'token' | 'layer' | 'manifest'

/** The role of the host in a message, compared with the image's own host. */
export type Party =
  /** The host of the image. */
  | 'registry'
  /** The service that issues the registry's tokens. */
  | 'token-service'
  /** The storage of the registry's layers. */
  | 'storage'
  /** A mirror of the node's runtime, or another host. */
  | 'other'

/** The parts of a node's message about a pull. */
export interface NodeMessage {
  /**
   * The message without names of images, hosts and layers. Those names may contain any word and
   * number ("…:20260429").
   */
  readonly words: string
  /** The part of `words` after the last URL; all of `words` if there is no URL. */
  readonly rest: string
  readonly stage: Stage
  /** The host of the last request or lookup; undefined: the message names no host. */
  readonly host: string | undefined
  readonly party: Party | undefined
  /** Why a host name could not be resolved; undefined: another failure. */
  readonly failedLookup: string | undefined
  /** The last URL is part of a request's own error: `Head "https://…": …`. */
  readonly isRequestError: boolean
}

/**
 * Longer than any message that a runtime writes by itself. A registry's response becomes a part of
 * the message and has no limit.
 */
const LONGEST = 8192

/**
 * Keeps the head and the tail of a long message. Removes the words that the cut divides, because a
 * part of a token is not recognized as a token.
 */
export function cutMessage(text: string): string {
  if (text.length <= LONGEST) return text
  const half = LONGEST / 2
  const head = text.slice(0, half)
  const tail = text.slice(-half)
  const from = tail.search(/\s/)
  return `${head.slice(0, lastBlank(head))} … ${from < 0 ? '' : tail.slice(from + 1)}`
}

function lastBlank(text: string): number {
  return Math.max(text.lastIndexOf(' '), text.lastIndexOf('\n'), 0)
}

/**
 * Splits a message into its parts. Each expression below runs in time linear in the length of the
 * message.
 */
export function readMessage(text: string, image: string): NodeMessage {
  const message = withoutServerText(cutMessage(text))
  const { host: own } = parseImage(image)
  const last = [...message.matchAll(/https?:\/\/[^\s"'\\]+/g)].at(-1)
  const url = last?.[0].replace(/[:,.]$/, '')
  const end = last === undefined ? 0 : last.index + (url?.length ?? 0)
  const before = message.slice(0, last?.index ?? 0)
  const rest = last === undefined ? message : message.slice(end).replace(/^["\\]{0,2}:? ?/, '')
  const lookup = [...rest.matchAll(/\blookup ([^\s:]+)(?: on \S+)?: /g)].at(-1)
  const host = lookup?.[1] ?? hostOfUrl(url)
  const stage = stageOf(before === '' ? message : before)
  return {
    words: withoutNames(message, image),
    rest: withoutNames(rest, image),
    stage,
    host: host?.toLowerCase(),
    party: host === undefined ? undefined : partyOf(host.toLowerCase(), own, stage),
    failedLookup: lookup && rest.slice(lookup.index + lookup[0].length).trim(),
    isRequestError: /\b(?:Get|Head|Post) \\?"$/.test(before),
  }
}

/**
 * Removes text that a registry sent: containerd quotes it as `server message: …: authorization
 * failed` (core/remotes/docker/authorizer.go, invalidAuthorization).
 */
function withoutServerText(message: string): string {
  const mark = 'server message: '
  const from = message.indexOf(mark)
  const to = message.lastIndexOf(': authorization failed')
  if (from < 0 || to < from) return message
  const sent = message.slice(from + mark.length, to)
  return `${message.slice(0, from)}${sent === 'insufficient_scope' ? sent : 'SENT'}${message.slice(to)}`
}

function stageOf(text: string): Stage {
  if (/failed to authorize|fetch (?:oauth|anonymous) token|retrieve auth token|Requesting bearer token/.test(text))
    return 'token'
  if (
    /httpReadSeeker|failed to copy|(?:reading|fetching|copying|writing) (?:config )?(?:blob|layer)|partial pull of blob/.test(
      text,
    )
  )
    return 'layer'
  return 'manifest'
}

/**
 * The two names of Docker Hub's registry (containerd: core/remotes/docker/registry.go, isProxy).
 */
const HUB = /^(?:registry-1|index|registry)\.docker\.io$/
/**
 * All names of Alibaba's token service. Includes more names than the list in
 * src/acr/token-service.ts, because no login is sent to a host that matches here.
 */
const TOKEN_SERVICE = /^dockerauth[a-z0-9.-]*\.aliyuncs\.com$/
const OSS = /(?:^|\.)oss-[a-z0-9-]+\.aliyuncs\.com$/

function partyOf(host: string, own: string, stage: Stage): Party {
  const bare = (name: string): string => name.replace(/:443$/, '')
  // A lookup's host has no port.
  const isOwn = bare(host) === bare(own) || host === own.replace(/:\d+$/, '') || (own === 'docker.io' && HUB.test(host))
  if (isOwn) return 'registry'
  if (OSS.test(host)) return 'storage'
  return TOKEN_SERVICE.test(host) || stage === 'token' ? 'token-service' : 'other'
}

function hostOfUrl(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined
}

function withoutNames(text: string, image: string): string {
  const named = /[/:@]/.test(image) ? text.replaceAll(image, 'IMAGE') : text
  return named
    .replaceAll(/https?:\/\/[^\s"'\\]+/g, (url) => `URL${/[:,]$/.exec(url)?.[0] ?? ''}`)
    .replaceAll(/\blookup [^\s:]+/g, 'lookup HOST')
    .replaceAll(/sha256:[0-9a-f]+/g, 'DIGEST')
    .replaceAll(/[^\s"'\\,]+/g, (word) => (isImageName(word) ? `IMAGE${/:$/.exec(word)?.[0] ?? ''}` : word))
}

/**
 * True for `host.example/team/app:1` and `docker://host/app`. A path begins with a slash, an image
 * name does not.
 */
function isImageName(word: string): boolean {
  const first = word.slice(0, Math.max(0, word.indexOf('/')))
  return first === 'localhost' || (/[.:]/.test(first) && !/^\.{1,2}$/.test(first))
}

const QUOTED = 200

/** Returns the end of a node's message, which contains the reason, without secrets. */
export function quoteNode(text: string): string {
  const clean = withoutSecrets(cutMessage(text), Number.POSITIVE_INFINITY).replaceAll(/\s+/g, ' ').trim()
  if (clean === '') return ''
  return ` The node says: ${clean.length > QUOTED ? `…${clean.slice(-QUOTED)}` : clean}`
}
