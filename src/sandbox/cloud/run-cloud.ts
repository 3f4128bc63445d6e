import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { type ErrorCode, formatError, NopassError, toNopassError } from '../../errors.ts'
import type { CallRecord } from './http/request.ts'
import { readSeedFile } from './seed/read-seed.ts'
import type { Cloud } from './start-cloud.ts'
import { startCloud } from './start-cloud.ts'

/** The output of a command. */
export interface CommandOutput {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

const USAGE = `usage: npm run sandbox -- cloud [SEED.yaml] [--port N] [--tls]

Serves an emulated Alibaba Cloud (RAM, STS, CS, CR, ECS metadata, OIDC) on 127.0.0.1 until SIGTERM or SIGINT.
Prints one line of JSON when it is ready: endpoints, an administrator's access key, region, instances.
Without SEED.yaml it starts with examples/sandbox/demo.yaml.
`

const USAGE_CODES: readonly ErrorCode[] = ['SANDBOX_ARGUMENTS', 'SEED_INVALID', 'SEED_UNREADABLE']

/** Runs `sandbox cloud`. Returns the exit code: 0 after a stop, 2 for invalid arguments or an invalid seed, else 1. */
export async function runCloud(argv: readonly string[], io: CommandOutput, signal: AbortSignal): Promise<number> {
  try {
    const { seedFile, port, tls, help } = readArguments(argv)
    if (help) {
      io.stdout.write(USAGE)
      return 0
    }
    const seed = seedFile === undefined ? undefined : await readSeedFile(seedFile)
    const onCall = (call: CallRecord): void => void io.stderr.write(logLine(call))
    const cloud = await startCloud({ seed, port, tls, onCall })
    io.stdout.write(`${JSON.stringify(readyLine(cloud))}\n`)
    if (!signal.aborted) await once(signal, 'abort')
    await cloud.stop()
    return 0
  } catch (error) {
    const failure = toNopassError(error)
    io.stderr.write(`${formatError(failure)}\n`)
    return USAGE_CODES.includes(failure.code) ? 2 : 1
  }
}

interface Arguments {
  readonly seedFile: string | undefined
  readonly port: number | undefined
  readonly tls: boolean
  readonly help: boolean
}

function readArguments(argv: readonly string[]): Arguments {
  const options = { port: { type: 'string' }, tls: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    const port = values.port === undefined ? undefined : Number(values.port)
    if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65_535))
      throw new Error('--port must be a number from 0 to 65535')
    if (positionals.length > 1) throw new Error('more than one seed file')
    return { seedFile: positionals[0], port, tls: values.tls === true, help: values.help === true }
  } catch (error) {
    throw new NopassError('SANDBOX_ARGUMENTS', error instanceof Error ? error.message : String(error))
  }
}

function readyLine(cloud: Cloud): object {
  const { endpoints, administrator, regionId, tlsEndpoints, caFile } = cloud
  // Only the instances that the printed access key can address by id.
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
