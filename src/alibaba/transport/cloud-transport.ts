import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { NopassError } from '../../errors.ts'
import { systemClock } from '../../lib/clock.ts'
import { type JsonObject, parseObject } from '../../lib/json.ts'
import { isLoopback } from '../../proxy-rules.ts'
import { VERSION } from '../../version.ts'
import type { CredentialProvider, Credentials } from '../credentials.ts'
import { type CloudClock, createCloudClock } from './cloud-clock.ts'
import { type CloudFailure, cloudFailureOf, failureWithoutResponse } from './cloud-failure.ts'
import { describeDenial } from './denial.ts'
import type { ServiceLocation } from './endpoints.ts'
import { createHttpSender, type HttpResponse, type HttpSender } from './http-sender.ts'
import { type CallOutcome, type RepeatOptions, repeatCall } from './repeat-call.ts'
import { canonicalQuery, cloudTimestamp, type Parameters, signRequest } from './signature.ts'

export interface CloudCall extends ServiceLocation {
  readonly product: string
  readonly version: string
  readonly action: string
  /** The method for ROA operations, which have their own paths. RPC operations are `POST /`. */
  readonly method?: string
  readonly path?: string
  readonly query?: Parameters
  /** Sent form-encoded in the body: for secrets, because URLs end up in logs. */
  readonly form?: Parameters
  /** If undefined, the call is unsigned (AssumeRoleWithOIDC). */
  readonly credentials: CredentialProvider | Credentials | undefined
  /**
   * True for a write that must not be done twice. Such a write is retried only if it certainly was
   * not done.
   */
  readonly write?: boolean
}

export type CloudTransport = ReturnType<typeof createCloudTransport>

/** A product's address, and the transport that calls it. */
export interface CloudService extends ServiceLocation {
  readonly transport: CloudTransport
}

/** A product's address, transport and identity. */
export interface CloudTarget extends CloudService {
  readonly credentials: CredentialProvider | Credentials
}

/**
 * The target for one piece of work, whose signal aborts all its calls. RAM and STS take a signal
 * per call, because their sessions outlive the work.
 */
export interface AbortableTarget extends CloudTarget {
  readonly signal?: AbortSignal | undefined
}

export interface AddressFallback {
  readonly host: string
  readonly publicHost: string
}

export interface TransportDeps extends Pick<RepeatOptions, 'attempts' | 'outage' | 'random' | 'sleep'> {
  readonly send: HttpSender
  readonly clock: CloudClock
  readonly nonce: () => string
  /** A name and version such as `acr-nopass/0.1.0`. */
  readonly userAgent: string
  /** The limit for one attempt, in milliseconds; default 10 s. */
  readonly timeout?: number
  /** Called when an address stops resolving and its public address works. */
  readonly onFallback?: (fallback: AddressFallback) => void
}

/** How long a public address is used before the VPC address is tried again (milliseconds). */
const FALLBACK_LASTS = 10 * 60_000

/** Signs, sends and retries calls, and follows the cloud's clock. */
export function createCloudTransport(deps: TransportDeps) {
  const fallbacks = new Map<string, AddressFallback & { readonly until: number }>()

  /**
   * Returns the JSON of a successful response.
   * @throws CLOUD_UNREACHABLE, CLOUD_UNAVAILABLE, CLOUD_THROTTLED, CLOUD_DENIED, CLOUD_NOT_FOUND,
   *   CLOUD_REJECTED, CLOUD_CLOCK, CREDENTIALS_EXPIRED, CREDENTIALS_REFUSED, IDENTITY_NOT_TRUSTED
   */
  async function call(request: CloudCall, signal?: AbortSignal): Promise<JsonObject> {
    const { publicEndpoint } = request
    const { host } = request.endpoint
    let { endpoint } = request
    const attempt = async (renew: boolean): Promise<CallOutcome> => {
      const attemptAt = (address: URL) => attemptCall(deps, { ...request, endpoint: address }, renew, signal)
      const known = fallbacks.get(host)
      const usesPublic = known !== undefined && deps.clock.monotonic() < known.until
      endpoint = (usesPublic && publicEndpoint) || request.endpoint
      const outcome = await attemptAt(endpoint)
      if (endpoint !== request.endpoint) return outcome
      // Only this DNS error is final. The other DNS errors are temporary failures of servers.
      const isUnknown = 'failure' in outcome && outcome.failure.reason === 'ENOTFOUND'
      if (!isUnknown) fallbacks.delete(host)
      if (!isUnknown || publicEndpoint === undefined) return outcome
      const second = await attemptAt(publicEndpoint)
      // If the public address does not work either, the first failure is reported.
      if ('failure' in second && second.failure.code === 'CLOUD_UNREACHABLE') return outcome
      endpoint = publicEndpoint
      const fallback = { host, publicHost: publicEndpoint.host }
      fallbacks.set(host, { ...fallback, until: deps.clock.monotonic() + FALLBACK_LASTS })
      if (known === undefined) deps.onFallback?.(fallback)
      return second
    }
    const options = { ...deps, write: request.write === true, renewable: canRenew(request) }
    const outcome = await repeatCall(attempt, options, signal)
    if ('failure' in outcome) throw errorOf({ ...request, endpoint }, outcome.failure, outcome.cause)
    return outcome.body
  }
  return {
    clock: deps.clock,
    /**
     * For instance metadata and registries, through the same proxies and with the same
     * certificates.
     */
    send: deps.send,
    call,
    /** VPC addresses that do not resolve, and the public addresses that are used instead. */
    fallbacks: (): AddressFallback[] => [...fallbacks.values()].map(({ host, publicHost }) => ({ host, publicHost })),
  }
}

async function attemptCall(
  deps: TransportDeps,
  call: CloudCall,
  renew: boolean,
  signal?: AbortSignal,
): Promise<CallOutcome> {
  const credentials = await credentialsFor(call, renew, signal)
  const request = prepare(deps, call, credentials)
  const sentAt = deps.clock.monotonic()
  let response: HttpResponse
  try {
    response = await deps.send({ ...request, timeout: deps.timeout ?? 10_000 }, signal)
  } catch (error) {
    if (signal?.aborted) throw error
    return { failure: failureWithoutResponse(error), cause: error }
  }
  const body = parseObject(response.text)
  // Only the cloud itself responds in JSON. A proxy's error page has the proxy's time.
  if (body !== undefined) deps.clock.observe(response.headers.date, sentAt)
  const failure = cloudFailureOf(response, body)
  return failure === undefined ? { body: body ?? {} } : { failure }
}

function prepare(deps: TransportDeps, call: CloudCall, credentials: Credentials | undefined) {
  if (call.endpoint.protocol !== 'https:' && !isLoopback(call.endpoint.hostname)) {
    throw new NopassError('ENDPOINT_INVALID', `${call.endpoint.origin} is not https`)
  }
  const method = call.method ?? 'POST'
  const url = new URL(call.path ?? '/', call.endpoint)
  const at = new Date(deps.clock.now())
  const body = call.form === undefined ? '' : canonicalQuery(call.form)
  const common = { accept: 'application/json', 'user-agent': deps.userAgent }
  const headers = call.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  const { action, version } = call
  const moment = { at, nonce: deps.nonce() }
  const query = credentials === undefined ? { ...call.query, ...unsigned(action, version, moment) } : (call.query ?? {})
  const signed =
    credentials === undefined
      ? headers
      : signRequest(
          { method, host: url.host, path: url.pathname, query, body, headers, action, version },
          credentials,
          moment,
        )
  url.search = canonicalQuery(query)
  return { url, method, headers: { ...common, ...signed }, body }
}

/** The older RPC form of parameters. In this form AssumeRoleWithOIDC needs no signature. */
function unsigned(action: string, version: string, moment: { at: Date; nonce: string }): Parameters {
  const Timestamp = cloudTimestamp(moment.at)
  return { Action: action, Version: version, Format: 'JSON', Timestamp, SignatureNonce: moment.nonce }
}

const isProvider = (source: CredentialProvider | Credentials): source is CredentialProvider => 'fresh' in source

const canRenew = (call: CloudCall): boolean => call.credentials !== undefined && isProvider(call.credentials)

function credentialsFor(call: CloudCall, renew: boolean, signal?: AbortSignal): Promise<Credentials | undefined> {
  const source = call.credentials
  if (source === undefined || !isProvider(source)) return Promise.resolve(source)
  return renew ? source.fresh(signal) : source.get(signal)
}

function errorOf(call: CloudCall, failure: CloudFailure, cause: unknown): NopassError {
  const { code, reason, requestId, denial, retryAfter: retryAfterMs } = failure
  const what = `${call.product} ${call.action} at ${call.endpoint.host}`
  // CS does not report the missing permission. RAM names permissions like operations, and the
  // permissions of IMS start with `ram:`.
  const service = call.product === 'ims' ? 'ram' : call.product
  const ownName = code === 'CLOUD_DENIED' && call.credentials ? `${service}:${call.action}` : undefined
  const { why, fix } = describeDenial(denial, ownName)
  // Node's message may quote the URL, so only its error code is kept.
  const trace = cause === undefined ? undefined : new Error(reason)
  const hint = code === 'CLOUD_UNREACHABLE' ? addressHint(call.endpoint, reason) : fix
  return new NopassError(code, `${what} failed${why && `: ${why}`}`, {
    reason,
    hint,
    requestId,
    retryAfterMs,
    cause: trace,
  })
}

/**
 * RAM has one address for all regions. STS has one address for the regions without an address of
 * their own.
 */
function addressHint({ host }: URL, reason: string): string | undefined {
  if (reason === 'ENOTFOUND' && /^sts(-vpc)?\.[a-z0-9-]+\.aliyuncs\.com$/.test(host)) {
    return 'The address does not exist. Check the region; if the region has no STS of its own, set `endpoints` (sts: https://sts.aliyuncs.com).'
  }
  const [, product] = /^(ram|ims)\.aliyuncs\.com$/.exec(host) ?? []
  if (product === undefined) return undefined
  return `Check the network path, DNS and the proxy variables. A machine in a VPC without internet access reaches RAM at https://ram.vpc-proxy.aliyuncs.com: set \`endpoints\` (ram: that address; sts: https://sts-vpc.REGION.aliyuncs.com, cs: https://cs-anony-vpc.REGION.aliyuncs.com).`
}

/** Uses this machine's clock and the proxies of the given environment. */
export function createDefaultTransport({
  env,
  ...limits
}: { readonly env?: NodeJS.ProcessEnv | undefined } & Pick<TransportDeps, 'timeout' | 'attempts' | 'outage'> = {}) {
  return createCloudTransport({
    ...limits,
    send: createHttpSender({ proxyEnv: env }),
    clock: createCloudClock(systemClock),
    random: Math.random,
    nonce: randomUUID,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { ...(signal && { signal }) }),
    userAgent: `acr-nopass/${VERSION}`,
  })
}
