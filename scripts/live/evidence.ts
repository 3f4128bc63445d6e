import type { HttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { parseObject, recordsOf } from '../../src/lib/json.ts'
import type { CreatedKind } from './names.ts'
import type { QuestionId } from './questions.ts'

/** Small facts behind an answer. Never a name, an account or a secret. */
export type Facts = Readonly<Record<string, string | number | boolean>>

/** The answer to a question. `because` is a sentence without names and secrets. */
export interface Verdict {
  readonly answer: 'yes' | 'no' | 'not answered'
  readonly because: string
  readonly facts: Facts
}

/** Equal requests in a row are one entry, which has the ID of the last request. */
export interface CallEvidence {
  readonly call: string
  readonly http: number
  readonly code?: string | undefined
  readonly requestId?: string | undefined
  readonly times: number
}

export interface Answer extends Verdict {
  readonly calls: readonly CallEvidence[]
}

export interface Removal {
  readonly kind: CreatedKind
  readonly name: string
  readonly result: 'removed' | 'absent' | 'left'
  readonly because?: string | undefined
}

/** The file that a run writes: schemas/live-evidence.schema.json. */
export interface Evidence {
  readonly schema: 1
  readonly version: string
  /** `emulator` if an address was replaced: such a file is not evidence about Alibaba Cloud. */
  readonly cloud: 'alibaba-cloud' | 'emulator'
  readonly run: string
  readonly region: string
  readonly startedAt: string
  readonly endedAt: string
  readonly answers: Readonly<Record<QuestionId, Answer>>
  readonly removals: readonly Removal[]
}

export const yes = (because: string, facts: Facts = {}): Verdict => ({ answer: 'yes', because, facts })
export const no = (because: string, facts: Facts = {}): Verdict => ({ answer: 'no', because, facts })
export const notAnswered = (because: string, facts: Facts = {}): Verdict => ({ answer: 'not answered', because, facts })

export type CallRecorder = ReturnType<typeof createCallRecorder>

/**
 * Wraps a sender and records of each response its operation, status, code and request ID. Nothing
 * else of a request or response is kept, because both may hold secrets.
 */
export function createCallRecorder(send: HttpSender) {
  let calls: CallEvidence[] = []
  const add = (call: Omit<CallEvidence, 'times'>): void => {
    const last = calls.at(-1)
    const repeats = last?.call === call.call && last.http === call.http && last.code === call.code
    if (repeats) calls[calls.length - 1] = { ...call, times: last.times + 1 }
    else calls.push({ ...call, times: 1 })
  }
  const recorded: HttpSender = async (request, signal) => {
    const call = nameOf(request.url, request.headers)
    try {
      const response = await send(request, signal)
      const body = parseObject(response.text)
      const [error] = recordsOf(body?.errors)
      const isOk = response.status < 300 && body?.IsSuccess !== false
      const code = isOk ? undefined : word(body?.Code ?? body?.code ?? error?.code)
      const requestId = word(body?.RequestId ?? body?.requestId ?? response.headers['x-acs-request-id'])
      add({ call, http: response.status, ...(code && { code }), ...(requestId && { requestId }) })
      return response
    } catch (error) {
      if (!signal?.aborted) add({ call, http: 0, code: word((error as { code?: unknown }).code) ?? 'no response' })
      throw error
    }
  }
  return {
    send: recorded,
    /** Returns the calls since the last `take`. */
    take: (): readonly CallEvidence[] => {
      const taken = calls
      calls = []
      return taken
    },
  }
}

function nameOf(url: URL, headers: Readonly<Record<string, string>>): string {
  const action = word(headers['x-acs-action'] ?? url.searchParams.get('Action') ?? undefined)
  if (action !== undefined) return action
  if (/^\/latest\//.test(url.pathname)) return 'instance metadata'
  if (url.pathname.startsWith('/v2/')) return url.pathname.includes('/tags/') ? 'registry tags' : 'registry manifest'
  return url.searchParams.has('scope') ? 'registry token' : 'issuer'
}

/** A code or an ID. Any other text could be a secret or a name. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9._-]{1,80}$/.test(value) ? value : undefined
}
