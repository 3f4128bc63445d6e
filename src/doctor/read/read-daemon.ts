import type { ReleaseFacts } from '../../installation/find-release.ts'
import { isComplete, listWaiting, readProgress, readStopMark } from '../../installation/node-daemon.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { DaemonFacts } from '../observed.ts'

/**
 * Reads how far the DaemonSet for nodes is, and whether a node stopped the others. Undefined if the
 * release has none.
 */
export async function readDaemon(reader: Reader, { config }: ReleaseFacts): Promise<DaemonFacts | undefined> {
  const daemon = config?.release.node
  if (daemon === undefined) return undefined
  const { namespace, name } = daemon
  const [progress, stop] = await Promise.all([
    reader.attempt(`The nodes of DaemonSet ${namespace}/${name}`, async () => {
      return (await readProgress(reader, daemon)) ?? null
    }),
    reader.attempt(`Whether a node stopped the others, in Lease ${namespace}/${name}`, async () => {
      const mark = await readStopMark(reader, daemon)
      return mark === undefined ? 'none' : (mark ?? 'unreadable')
    }),
  ])
  const waiting =
    progress && !isComplete(progress)
      ? await reader.attempt(`Which nodes wait, by the Pods of namespace ${namespace}`, () => {
          return listWaiting(reader, daemon)
        })
      : undefined
  return { namespace, name, progress, stop, waiting }
}
