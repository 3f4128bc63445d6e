import { NopassError } from '../../errors.ts'
import { isComplete, listWaiting, type NodeDaemon, readProgress, readStopMark } from '../../installation/node-daemon.ts'
import { describeStopMark } from '../../installation/stop-mark.ts'
import { KubeApiError, unlessStatus } from '../../kube/api-error.ts'
import type { KubeCaller } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { summarize } from '../../lib/text.ts'
import type { NodeRelease } from '../release/release-parts.ts'

interface Progress {
  readonly isDone: boolean
  readonly text: string
}

/**
 * Waits until every Pod of the DaemonSet is ready, which it is when its node has the program. Helm
 * itself accepts one Pod that is not.
 * @throws VERIFY_NODES
 */
export async function verifyDaemon(
  caller: KubeCaller & { readonly limitMs: number },
  daemon: NodeDaemon,
): Promise<string> {
  let last: Progress = { isDone: false, text: 'the DaemonSet was not read' }
  await pollUntil(caller.limitMs, caller.signal, async () => {
    last = await describeProgress(caller, daemon)
    return last.isDone
  })
  if (!last.isDone) throw new NopassError('VERIFY_NODES', `${last.text}${await describeNodes(caller, daemon)}`)
  return last.text
}

interface NodeChange {
  /** The DaemonSet of the newest revision, which counts only if Helm has deployed that revision. */
  readonly deployed: NodeRelease | undefined
  readonly isDeployed: boolean
  readonly desired: NodeRelease | undefined
}

/**
 * Checks that every node has the program of these values before the helper is removed. Without a
 * DaemonSet, in the cluster and in the values, nodes are the user's.
 * @throws VERIFY_NODES: then nothing was changed
 */
export async function requireDaemon(caller: KubeCaller, { deployed, isDeployed, desired }: NodeChange): Promise<void> {
  const daemon = desired ?? deployed
  if (daemon === undefined) return
  const refuse = (why: string): never => {
    throw new NopassError('VERIFY_NODES', `the helper is needed until every node has the program: ${why}`, {
      hint: 'Apply with `helper.enabled: true` until every Pod of the DaemonSet is ready. Then apply `helper.enabled: false` with the same values of `node`. Nothing was written.',
    })
  }
  if ([deployed, desired].some((one) => one?.removes)) refuse('`node.remove: true` takes it from the nodes')
  const { isDone, text } = await describeProgress(caller, daemon)
  if (!isDone) refuse(`${text}${await describeNodes(caller, daemon)}`)
  if (!isDeployed || (desired !== undefined && desired.content !== deployed?.content)) {
    refuse('no revision with these values of `node` is deployed, so no node was seen with them')
  }
}

async function describeProgress(caller: KubeCaller, daemon: NodeDaemon): Promise<Progress> {
  const title = `DaemonSet ${daemon.namespace}/${daemon.name}`
  const found = await readProgress(caller, daemon)
  if (found === undefined) return { isDone: false, text: `${title} does not exist` }
  const { isProcessed, nodes, done } = found
  if (!isProcessed) return { isDone: false, text: `${title} was not processed yet` }
  if (nodes === 0) return { isDone: false, text: `${title} has no node: check node.nodeSelector and node.tolerations` }
  return { isDone: isComplete(found), text: `nodes: ${done} of ${nodes} are ready` }
}

/** Returns which nodes are not ready, and what stopped them, as far as the caller may read it. */
async function describeNodes(caller: KubeCaller, daemon: NodeDaemon): Promise<string> {
  const waiting = await describeWaiting(caller, daemon)
  const mark = await unlessStatus(readStopMark(caller, daemon), 403)
  const stop = mark ? describeStopMark(mark) : undefined
  return [
    waiting,
    stop ? `; node ${mark?.node} ${stop.deed}: ${stop.why}` : '',
    mark === null ? '; the mark of a stopped node cannot be read' : '',
  ].join('')
}

/** A list of Pods that fails on some page hides nothing else that is known. */
async function describeWaiting(caller: KubeCaller, daemon: NodeDaemon): Promise<string> {
  try {
    const waiting = (await unlessStatus(listWaiting(caller, daemon), 403)) ?? []
    return waiting.length > 0 ? `; not ready: ${summarize(waiting.map(({ name }) => name))}` : ''
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error
    return `; which are not ready could not be read: ${error.message}`
  }
}
