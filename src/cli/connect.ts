import { NopassError } from '../errors.ts'
import { createKubeClient } from '../kube/client.ts'
import { kubeconfigConnection } from '../kube/connection.ts'
import type { KubeconfigOptions } from '../kube/kube-connection.ts'
import { createServerClock } from '../kube/server-clock.ts'
import { VERSION } from '../version.ts'
import type { CliHost, CommonFlags } from './program/cli-host.ts'
import { type ConnectFlags, contextOf } from './program/command.ts'

/** Connects for a command that only reads. Disposing of the result closes the client. */
export function connect(flags: ConnectFlags & CommonFlags, host: CliHost) {
  return open(flags, host, { pluginSignal: host.signal })
}

async function open(
  flags: ConnectFlags & CommonFlags,
  host: CliHost,
  plugin: Pick<KubeconfigOptions, 'pluginSignal'> = {},
) {
  const { kubeconfig: file, debug } = flags
  const source = { environment: host.env, file, context: contextOf(flags) }
  const connection = await kubeconfigConnection({ ...source, ...plugin })
  const clock = createServerClock()
  const client = createKubeClient(connection, {
    userAgent: `acr-nopass/${VERSION}`,
    onCall: ({ verb, resource, status, milliseconds, date = '' }) => {
      clock.learn(date)
      if (!debug) return
      host.stderr.write(`debug: ${verb} ${resource} ${status || 'no response'} ${Math.round(milliseconds)} ms\n`)
    },
  })
  return { connection, client, aheadMs: clock.aheadMs, [Symbol.dispose]: client.close }
}

export type Connected = Awaited<ReturnType<typeof connect>>

/**
 * Connects for a command that writes. If the kubeconfig has several contexts, the user must name
 * one.
 * @throws INPUT_MISSING
 */
export async function connectToWrite(flags: ConnectFlags & CommonFlags, host: CliHost) {
  await requireContext(flags, host)
  // An interrupted write may have to be completed, for which a plugin may have to run.
  return open(flags, host)
}

/** @throws INPUT_MISSING if a write could go to the wrong cluster */
export async function requireContext(flags: ConnectFlags, { env }: Pick<CliHost, 'env'>): Promise<void> {
  if (contextOf(flags) !== undefined) return
  const { listContexts } = await import('../kube/kubeconfig.ts')
  const contexts = listContexts({ environment: env, file: flags.kubeconfig })
  if (contexts.length < 2) return
  throw new NopassError('INPUT_MISSING', 'the kubeconfig has several contexts, and this command writes', {
    hint: `Name one with --context: ${contexts.slice(0, 10).join(', ')}${contexts.length > 10 ? ', …' : ''}.`,
  })
}
