import { once } from 'node:events'
import type { CallRecord } from './http/request.ts'
import { readSeedFile } from './seed/read-seed.ts'
import { type Cloud, startCloud } from './start-cloud.ts'

/** The output of a command. */
export interface CommandOutput {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

interface CloudSettings {
  /** Default: examples/sandbox/demo.yaml. */
  readonly seedFile: string | undefined
  readonly port: number
  readonly tls: boolean
}

/**
 * Runs `sandbox cloud` until the signal aborts.
 * @throws SEED_INVALID, SEED_UNREADABLE, SANDBOX_PORT
 */
export async function runCloud(settings: CloudSettings, io: CommandOutput, signal: AbortSignal): Promise<void> {
  const { seedFile, port, tls } = settings
  const seed = seedFile === undefined ? undefined : await readSeedFile(seedFile)
  const onCall = (call: CallRecord): void => void io.stderr.write(logLine(call))
  await using cloud = await startCloud({ seed, port, tls, onCall })
  io.stdout.write(`${JSON.stringify(readyLine(cloud))}\n`)
  if (!signal.aborted) await once(signal, 'abort')
}

function readyLine(cloud: Cloud): object {
  const { endpoints, administrator, regionId, tlsEndpoints, caFile } = cloud
  // Only instances that the printed access key can address by ID are printed.
  const instances = cloud.instances.filter(({ id, accountId }) => id !== '' && accountId === cloud.accountId)
  return {
    endpoints,
    ...administrator,
    regionId,
    instances: instances.map(({ id, name, region, domains }) => ({ id, name, region, domains })),
    ...(tlsEndpoints === undefined ? {} : { tlsEndpoints, caFile }),
  }
}

function logLine(call: CallRecord): string {
  const { at, product, action, principal, status, code, requestId } = call
  return `${[new Date(at).toISOString(), product, action, principal, status, code || 'ok', requestId || '-'].join(' ')}\n`
}
