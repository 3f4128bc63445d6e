import { parseJson } from '../lib/json.ts'
import { errorFromResponse, KubeApiError } from './api-error.ts'
import type { ConnectionLane } from './http/agents.ts'
import { readEvents, readWhole, type WholeResponse } from './http/read-response.ts'
import { createKubeTransport, type ResponseReader, type TransportRequest } from './http/transport.ts'
import type { KubeConnection } from './kube-connection.ts'
import type { WatchEvent } from './watch/watch-stream.ts'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface KubeCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /**
   * The path from `/api/…` or `/apis/…` on. Each name in it is already encoded
   * (`encodeURIComponent`).
   */
  readonly path: string
  /** Added to the query in the path, if there is one. */
  readonly query?: Query | undefined
  /** An object is sent as JSON. Text and bytes are sent unchanged. */
  readonly body?: unknown
  /** Default `application/json`; see {@link APPLY}, {@link MERGE_PATCH}. */
  readonly contentType?: string
  /** Default `application/json`; see {@link METADATA_ONLY}. */
  readonly accept?: string | undefined
  /** True if the response is text, such as a Pod's log, which is returned unchanged. */
  readonly isText?: boolean
  /**
   * The limit until the response's head, and again until its end, in milliseconds. Default 30 s.
   */
  readonly timeoutMs?: number
  /** The user to act as. The caller needs the right to impersonate this user. */
  readonly actAs?: string
  /** The maximum size of a response, in bytes. Default 64 MiB. */
  readonly bodyLimit?: number
  /** Default `call`. `lease` is a connection that no other call can occupy. */
  readonly lane?: Exclude<ConnectionLane, 'watch'>
  /**
   * Called once the call has a connection, for which it may have waited. If it returns false, the
   * call is not sent.
   */
  readonly maySend?: () => boolean
}

type WatchCall = Pick<KubeCall, 'path' | 'query' | 'accept'>

/** A call and its result for metrics, without names and bodies. Status 0: no response. */
export interface CallReport {
  readonly verb: string
  readonly resource: string
  readonly status: number
  readonly milliseconds: number
  /** The header `Date`: the API server's time, in whole seconds. */
  readonly date: string | undefined
}

export type KubeClient = ReturnType<typeof createKubeClient>

/** A client, and the signal that ends its use. */
export interface KubeCaller {
  readonly client: KubeClient
  readonly signal: AbortSignal
}

/** Reads an object or a list. */
export function get<T>({ client, signal }: KubeCaller, path: string, more?: Omit<KubeCall, 'method' | 'path'>) {
  return client.request<T>({ method: 'GET', path, ...more }, signal)
}

export interface KubeClientOptions {
  readonly userAgent?: string
  readonly onCall?: (report: CallReport) => void
}

export const APPLY = 'application/apply-patch+yaml'
export const MERGE_PATCH = 'application/merge-patch+json'
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
/** The content type of one object as metadata only. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
/** The content type of a list as metadata only. A watch needs {@link METADATA_ONLY}. */
export const METADATA_ONLY_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'

const RESOURCE = /^\/(?:api|apis\/[^/]+)\/[^/]+\/(?:namespaces\/[^/]+\/([^/?]+)|([^/?]+))/
const BODY_LIMIT = 64 * 1024 * 1024
const TIMEOUT_MS = 30_000

/**
 * Creates a thin client of one API server: one call is one request, without retries and caching.
 */
export function createKubeClient(connection: KubeConnection, options: KubeClientOptions = {}) {
  const transport = createKubeTransport(connection, options.userAgent)

  /** Reports the call to `onCall` once, when the head of the response arrives or the call fails. */
  function send(call: TransportRequest, verb: string, reader: ResponseReader, signal: AbortSignal | undefined): void {
    const begin = performance.now()
    let reported = false
    const report = (status: number, date?: string): void => {
      if (reported) return
      reported = true
      const milliseconds = performance.now() - begin
      options.onCall?.({ verb, resource: resourceOf(call.path), status, milliseconds, date })
    }
    const observed: ResponseReader = {
      head(status, header) {
        if (status === 401) connection.forgetToken?.()
        report(status, header('date'))
        reader.head(status, header)
      },
      data: reader.data,
      end: reader.end,
      fail(error) {
        report(0)
        reader.fail(error)
      },
    }
    transport.send(call, observed, signal)
  }

  return {
    /**
     * Returns the response's JSON, or its text with `isText`.
     * @throws KubeApiError (KUBE_…) with status, reason and `retryAfterMs`; after an abort, the
     *   signal's reason
     */
    request<T = unknown>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      const { method, path, contentType = 'application/json', timeoutMs = TIMEOUT_MS, bodyLimit = BODY_LIMIT } = call
      const title = `${method} ${path.split('?')[0]}`
      const body = encodeBody(call.body)
      const request: TransportRequest = {
        title,
        method,
        path: withQuery(path, call.query),
        accept: call.accept ?? (call.isText ? '*/*' : 'application/json'),
        ...(body === undefined ? {} : { body, contentType }),
        timeoutMs,
        lane: call.lane ?? 'call',
        ...(call.actAs !== undefined && { actAs: call.actAs }),
        ...(call.maySend && { maySend: call.maySend }),
      }
      return new Promise((resolve, reject) => {
        const onResponse = (response: WholeResponse): void => {
          try {
            resolve(parseResponse(title, response, call.isText === true) as T)
          } catch (error) {
            reject(error)
          }
        }
        send(request, method, readWhole(title, bodyLimit, onResponse, reject), signal)
      })
    },

    /**
     * Resolves when the server ends the watch. If the watch breaks, throws the errors of `request`.
     * `onEvent` must not throw.
     */
    watch<T = unknown>(call: WatchCall, onEvent: (event: WatchEvent<T>) => void, signal?: AbortSignal): Promise<void> {
      const title = `WATCH ${call.path}`
      const request: TransportRequest = {
        title,
        method: 'GET',
        path: withQuery(call.path, { ...call.query, watch: 1 }),
        accept: call.accept ?? 'application/json',
        timeoutMs: TIMEOUT_MS,
        lane: 'watch',
      }
      return new Promise((resolve, reject) => {
        const onRefusal = (response: WholeResponse): void => reject(errorOfRefusal(title, response))
        const refusal = readWhole(title, BODY_LIMIT, onRefusal, reject)
        send(request, 'WATCH', readEvents(title, onEvent, resolve, refusal), signal)
      })
    },

    close: () => transport.close(),
  }
}

function errorOfRefusal(title: string, { status, text, retryAfter }: WholeResponse): KubeApiError {
  return errorFromResponse(title, status, text, retryAfter)
}

function parseResponse(title: string, response: WholeResponse, isText: boolean): unknown {
  const { status, text } = response
  if (status >= 400) throw errorOfRefusal(title, response)
  const bad = (what: string): KubeApiError =>
    new KubeApiError(status, `${title} returned ${what}`, { code: 'KUBE_BAD_ANSWER' })
  if (status < 200 || status >= 300) throw bad(`a redirect (${status})`)
  if (isText) return text
  if (text === '') throw bad(`${status} and an empty body`)
  return parseJson(text, () => bad('something that is not JSON'))
}

function encodeBody(body: unknown): string | Buffer | undefined {
  return body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

function withQuery(path: string, query: Query | undefined): string {
  if (query === undefined) return path
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  const text = parameters.toString()
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`
}

/**
 * Returns `secrets` for `/api/v1/namespaces/shop/secrets/acr-nopass`. A subresource counts as its
 * resource.
 */
export function resourceOf(path: string): string {
  const found = RESOURCE.exec(path)
  return found?.[1] ?? found?.[2] ?? ''
}
