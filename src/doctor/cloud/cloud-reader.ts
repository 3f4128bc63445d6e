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

/** Time limit for all reads together, in milliseconds. */
const LIMIT = 20_000

export type CloudReader = ReturnType<typeof createCloudReader>

/**
 * Creates a reader whose reads may be denied or fail. A failed read is recorded, and the other
 * reads continue.
 */
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
    /** Returns the endpoint of a product, with the user's credentials. */
    at: (...where: Parameters<Endpoints['url']>) => {
      return { transport, credentials, signal: either, endpoint: endpoints.url(...where) }
    },
    /**
     * Runs one read. `action` is RAM's name of the right that the read needs. Returns undefined if
     * the read failed.
     * @throws errors that do not come from the cloud, such as an interrupt
     */
    async attempt<T>(what: string, action: string, work: () => Promise<T>): Promise<T | undefined> {
      sources.onProgress(what)
      try {
        return await work()
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof NopassError) && !deadline.aborted) throw error
        note(
          what,
          error instanceof NopassError ? explainUnread(error, action) : 'Alibaba Cloud did not respond in time',
        )
        return undefined
      }
    },
  }
}

function explainUnread({ code, message, reason, hint }: NopassError, action: string): string {
  if (code === 'CLOUD_DENIED' && !isFixOfGuardrail(hint)) return `your credentials lack the right ${action}`
  return `${message}${reason ? ` (${reason})` : ''}`
}
