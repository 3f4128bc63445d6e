import { isComplete } from '../../installation/node-daemon.ts'
import { describeStopMark } from '../../installation/stop-mark.ts'
import { NODE_STOP_ANNOTATION } from '../../kube/names.ts'
import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft, Found } from '../finding.ts'
import type { DaemonFacts, Observed } from '../observed.ts'

/** Reports nodes that the release's DaemonSet has not finished, and a node that stopped them. */
export function daemonFindings({ daemon }: Observed): Found {
  if (daemon === undefined) return []
  const { stop, progress } = daemon
  if (stop !== undefined && stop !== 'none' && progress !== null) return describeStop(daemon, stop)
  return progress === undefined ? [] : describeProgress(daemon, progress)
}

function describeStop(daemon: DaemonFacts, stop: Exclude<DaemonFacts['stop'], 'none' | undefined>): Draft {
  const { namespace, name, progress, waiting = [] } = daemon
  const names = waiting.map((one) => one.name)
  const isOver = progress != null && isComplete(progress)
  const objects = [...new Set([...(stop === 'unreadable' || stop.node === '' ? [] : [stop.node]), ...names])]
  const base = {
    id: 'NODE_STOPPED',
    ...(objects.length > 0 && { objects }),
    command: shell`kubectl -n ${namespace} annotate lease ${name} acr-nopass.io/node-stopped-`,
  } as const
  const rest = names.length === 0 ? '' : `; not ready: ${summarize(names)}`
  if (stop === 'unreadable') {
    return {
      ...base,
      severity: isOver ? 'warning' : 'error',
      subject: `Lease ${namespace}/${name}`,
      message: `its mark of a stopped node cannot be read, so no node is changed${rest}`,
      cause: `The annotation ${NODE_STOP_ANNOTATION} was not written by the DaemonSet, or was changed afterwards.`,
      fix: 'Find out who wrote it: only the Pods of the DaemonSet need rights there. Then remove it with the command.',
    }
  }
  const { isUndone, deed, why } = describeStopMark(stop)
  const cause = `The script ${deed} on this node, at ${stop.at || 'an unknown time'}: ${why || 'no reason is known'}.`
  const repair =
    'Repair this node first: the log of its Pod names the files and where their copies are, and the log of the kubelet has the reason.'
  const subject = stop.node === '' ? 'a node without a name' : `node ${stop.node}`
  if (isOver) {
    return {
      ...base,
      severity: 'info',
      subject,
      message: `it ${deed}; every node is finished now, but the mark still stops that change on other nodes`,
      cause,
      fix: 'If you have repaired the node, or use other values now, remove the mark with the command. Otherwise a new node may not be changed.',
    }
  }
  // A Pod that is older than the mark has the values that the mark stops.
  const isSure = waiting.some(({ since = '' }) => Date.parse(since) < Date.parse(stop.at))
  return {
    ...base,
    severity: isSure ? 'error' : 'warning',
    ...(!isSure && { health: 'unknown' as const }),
    subject,
    message: `it ${deed}, so no further node is changed with the same values${rest}`,
    cause: isSure
      ? cause
      : `${cause} The values may be others now: the log of the Pods shows whether they are stopped.`,
    fix: isUndone
      ? 'Correct the values and upgrade the release: other values are not stopped. If only this node was the cause, repair it, and remove the mark with the command.'
      : `${repair} Then correct the values and upgrade the release, or remove the mark with the command.`,
  }
}

function describeProgress(
  daemon: DaemonFacts,
  progress: NonNullable<DaemonFacts['progress']> | null,
): readonly Draft[] {
  const { namespace, name, waiting = [] } = daemon
  const base = { id: 'NODE_PENDING', severity: 'warning', subject: `DaemonSet ${namespace}/${name}` } as const
  if (progress === null) {
    return [
      {
        ...base,
        severity: 'error',
        message: 'it does not exist, so nothing installs the program on nodes',
        cause: 'The values have `node.enabled: true`, so somebody or another tool deleted the DaemonSet.',
        fix: 'Upgrade the release with the same values, which creates the DaemonSet again. Nodes keep the program meanwhile.',
        command: shell`kubectl -n ${namespace} get daemonsets`,
      },
    ]
  }
  if (isComplete(progress)) return []
  const { isProcessed, nodes, created, done } = progress
  if (isProcessed && nodes === 0) {
    return [
      {
        ...base,
        health: 'unknown',
        message: 'it has no node',
        cause: 'No node of the cluster has the labels of `node.nodeSelector` and only taints of `node.tolerations`.',
        fix: 'Correct `node.nodeSelector` and `node.tolerations` in the values. If such nodes are created later, there is nothing to do.',
        command: shell`kubectl get nodes --show-labels`,
      },
    ]
  }
  const names = waiting.map((one) => one.name)
  const missing = nodes - created
  return [
    {
      ...base,
      health: 'unknown',
      message: isProcessed
        ? `nodes: ${done} of ${nodes} are ready${names.length === 0 ? '' : `; not ready: ${summarize(names)}`}`
        : 'its last change was not processed yet',
      cause:
        isProcessed && missing > 0
          ? `${pluralize(missing, 'Pod')} could not be created: a quota, Pod Security or a webhook may refuse it. The Events of the DaemonSet have the reason.`
          : 'A Pod is ready when its node is as the values want it. Nodes are changed one at a time, so this may take a while. If nothing moves, the script refuses a node, a Pod cannot start, or a node is down.',
      fix: 'Wait if the release was changed a moment ago. Otherwise read the log of the Pods: it has a code and a fix.',
      command:
        isProcessed && missing > 0
          ? shell`kubectl -n ${namespace} describe daemonset ${name}`
          : shell`kubectl -n ${namespace} logs daemonset/${name} --all-pods --tail=5`,
      ...(names.length > 0 && { objects: names }),
    },
  ]
}
