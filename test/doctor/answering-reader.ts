import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createReader, type Reader } from '../../src/kube/read/reader.ts'

/** Returns a reader whose requests get these responses, and the list of all its requests. */
export function answeringReader(respond: (call: KubeCall) => unknown): {
  readonly reader: Reader
  readonly calls: readonly KubeCall[]
} {
  const calls: KubeCall[] = []
  const client: KubeClient = {
    request: async <T>(call: KubeCall): Promise<T> => {
      calls.push(call)
      return respond(call) as T
    },
    watch: () => Promise.reject(new Error('nothing is watched')),
    close: () => undefined,
  }
  return { reader: createReader(client, new AbortController().signal), calls }
}
