import { ERROR_CODES } from '../../error-codes.ts'
import { shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { Draft } from '../finding.ts'
import type { NodeFailure, PluginNode } from '../observed.ts'

/** A failure, with the node whose kubelet logged it. */
interface Logged extends NodeFailure {
  readonly node: string
}

/**
 * Reports what kubelets say about calls of the program that failed. Where the log is not readable,
 * only the number of failures is known.
 */
export function nodeFailureFindings(nodes: readonly PluginNode[]): readonly Draft[] {
  const logged = nodes.flatMap(({ name, failures = [] }) => failures.map((one): Logged => ({ ...one, node: name })))
  const groups = Map.groupBy(logged, ({ kind }) => kind)
  const unread = nodes.filter(({ failures, errors }) => failures === undefined && errors > 0)
  return [...[...groups.values()].flatMap(describeGroup), ...unread.map(describeCount)]
}

function describeGroup(group: readonly Logged[]): readonly Draft[] {
  const last = group.at(-1)
  // A refused audience is a finding of its own, with the API server's own verdict.
  if (last === undefined || last.kind === 'audience') return []
  const nodes = [...new Set(group.map(({ node }) => node))]
  const pods = [...new Set(group.flatMap(({ pod, image }) => pod ?? image ?? []))]
  const where = {
    severity: 'warning' as const,
    subject: nodes.length === 1 ? `node ${nodes[0]}` : pluralize(nodes.length, 'node'),
    objects: nodes,
  }
  const forPods = pods.length === 0 ? '' : ` for ${summarize(pods)}`
  const command = shell`kubectl describe node ${last.node}`
  if (last.kind === 'program') {
    return [
      {
        id: 'NODE_PROGRAM_MISSING',
        ...where,
        health: 'failing',
        message: `the kubelet cannot start the program${forPods}`,
        cause: `${last.message}. When this kubelet restarts, it will not start.`,
        fix: 'Run the script for nodes again before the kubelet restarts.',
        command,
      },
    ]
  }
  if (last.kind === 'other') {
    const fix = 'Read the log of the kubelet: `journalctl -u kubelet`.'
    return [
      {
        id: 'NODE_LOGIN_FAILED',
        ...where,
        message: `the program failed${forPods}`,
        cause: `${last.message}.`,
        fix,
        command,
      },
    ]
  }
  const { kind, message, fix } = last
  // A node may be compromised, so its advice is quoted and is not doctor's own.
  const advice = fix === undefined ? '' : ` The program on the node advised: ${fix}`
  return [
    {
      id: 'NODE_LOGIN_FAILED',
      ...where,
      message: `the program got no login${forPods}: ${kind}`,
      cause: `${message}.${advice}`,
      fix: ERROR_CODES[kind].fix,
      command,
    },
  ]
}

/** Without the log, some failures among many calls may be over. */
function describeCount({ name, calls, errors }: PluginNode): Draft {
  const isMost = errors * 2 >= calls
  return {
    id: 'NODE_LOGIN_FAILED',
    severity: isMost ? 'warning' : 'info',
    ...(isMost && { health: 'unknown' as const }),
    subject: `node ${name}`,
    message: `the program failed in ${errors} of ${pluralize(calls, 'call')} since the kubelet started`,
    cause:
      'Only the log of the kubelet has the reason, and it cannot be read from here: `enableSystemLogQuery` is off, or the kubelet is older than 1.36.',
    fix: "Read the last lines on the node: `journalctl -u kubelet --grep 'Failed to provide credentials'`. Each has a code and its fix.",
    command: shell`kubectl describe node ${name}`,
    objects: [name],
  }
}
