import { parseImage } from '../../acr/registry-domains.ts'
import { withoutSecrets } from '../../kube/api-error.ts'

/** What a node was doing when the pull failed. */
type Stage = 'token' | 'layer' | 'manifest'

/** The host that a message is about, in relation to the image's own. */
export type Party =
  /** The host of the image. */
  | 'registry'
  /** Where the registry's tokens come from. */
  | 'token-service'
  /** Where the registry's layers are stored. */
  | 'storage'
  /** A mirror of the node's runtime, or another host. */
  | 'other'

/** A node's message about a pull, taken apart. */
export interface NodeMessage {
  /**
   * Without names of images, hosts and layers, which may hold any word and number ("…:20260429").
   */
  readonly words: string
  /** What follows the last URL, without such names; all of `words` if there is no URL. */
  readonly rest: string
  readonly stage: Stage
  /**
   * The host that was asked last, or whose address was looked up; undefined: the message names
   * none.
   */
  readonly host: string | undefined
  readonly party: Party | undefined
  /** Why a name's address was not found; undefined: that was not the failure. */
  readonly failedLookup: string | undefined
  /** The last URL stands in a request's own error: `Head "https://…": …`. */
  readonly isRequestError: boolean
}

/**
 * More than any runtime writes by itself. What a registry sends becomes a part of the message, and
 * has no limit.
 */
const LONGEST = 8192

/**
 * The head and the tail of a message, without the words that the cut divides: a part of a token is
 * not recognized as one.
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

/** Takes a message apart; every expression below runs in time linear in its length. */
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
 * `server message: …: authorization failed` of containerd quotes what a registry sent
 * (core/remotes/docker/authorizer.go, invalidAuthorization).
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

/** Docker Hub's registry has two names (containerd: core/remotes/docker/registry.go, isProxy). */
const HUB = /^(?:registry-1|index|registry)\.docker\.io$/
/**
 * All names of Alibaba's token service. Wider than the list in src/acr/token-service.ts, because no
 * login is sent there.
 */
const TOKEN_SERVICE = /^dockerauth[a-z0-9.-]*\.aliyuncs\.com$/
const OSS = /(?:^|\.)oss-[a-z0-9-]+\.aliyuncs\.com$/

function partyOf(host: string, own: string, stage: Stage): Party {
  const bare = (name: string): string => name.replace(/:443$/, '')
  // A lookup has no port.
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

/** `host.example/team/app:1`, `docker://host/app`; a path begins with a slash. */
function isImageName(word: string): boolean {
  const first = word.slice(0, Math.max(0, word.indexOf('/')))
  return first === 'localhost' || (/[.:]/.test(first) && !/^\.{1,2}$/.test(first))
}

const QUOTED = 200

/** The end of a node's message, where the reason is, without secrets. */
export function quoteNode(text: string): string {
  const clean = withoutSecrets(cutMessage(text), Number.POSITIVE_INFINITY).replaceAll(/\s+/g, ' ').trim()
  if (clean === '') return ''
  return ` The node says: ${clean.length > QUOTED ? `…${clean.slice(-QUOTED)}` : clean}`
}
