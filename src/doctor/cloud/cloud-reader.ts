import type { CredentialProvider } from '../../alibaba/credentials.ts'
import type { CloudTransport } from '../../alibaba/transport/cloud-transport.ts'
import { isFixOfGuardrail } from '../../alibaba/transport/denial.ts'
import type { Endpoints } from '../../alibaba/transport/endpoints.ts'
import { NopassError } from '../../errors.ts'
import type { Unread } from '../../kube/read/reader.ts'

export interface CloudSources {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
  readonly credentials: CredentialProvider
  readonly onProgress: (what: string) => void
}

/** Milliseconds for all reads together. */
const LIMIT = 20_000

export type CloudReader = ReturnType<typeof createCloudReader>

/** Reads that may be denied or fail: what could not be read is recorded, and the rest continues. */
export function createCloudReader(
  sources: CloudSources,
  signal: AbortSignal,
  deadline: AbortSignal = AbortSignal.timeout(LIMIT),
) {
  const { transport, endpoints, credentials } = sources
  const either = AbortSignal.any([signal, deadline])
  const notes: Unread[] = []
  const note = (what: string, why: string): void => {
    if (!notes.some((one) => one.what === what && one.why === why)) notes.push({ what, why })
  }
  return {
    notes,
    note,
    /** A product, as the user. */
    at: (...where: Parameters<Endpoints['url']>) => {
      return { transport, credentials, signal: either, endpoint: endpoints.url(...where) }
    },
    /**
     * `action` is RAM's name of the right that the read needs. Undefined: not readable.
     * @throws errors that are not the cloud's, such as an interrupt
     */
    async attempt<T>(what: string, action: string, work: () => Promise<T>): Promise<T | undefined> {
      sources.onProgress(what)
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof NopassError) && !deadline.aborted) throw error
        note(what, error instanceof NopassError ? whyNot(error, action) : 'Alibaba Cloud did not respond in time')
        return undefined
      }
    },
  }
}

function whyNot({ code, message, reason, hint }: NopassError, action: string): string {
  if (code === 'CLOUD_DENIED' && !isFixOfGuardrail(hint)) return `your credentials lack the right ${action}`
  return `${message}${reason ? ` (${reason})` : ''}`
}
