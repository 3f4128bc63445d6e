import { hostname } from 'node:os'
import { pino } from 'pino'
import { launchHelper, readHelperArguments } from '../../helper/launch-helper.ts'
import { VERSION } from '../../version.ts'
import { connectToWrite } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT } from '../program/cli-host.ts'
import type { ConnectFlags } from '../program/command.ts'

/** Runs the helper against a kubeconfig's cluster until the signal aborts. */
export async function helper(flags: HelperFlags & CommonFlags, host: CliHost): Promise<number> {
  const given = {
    config: flags.config,
    'secrets-dir': flags.secretsDir,
    'oidc-token-file': flags.oidcTokenFile,
    'http-address': flags.httpAddress,
  }
  const argument = readHelperArguments(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
  )
  const { connection, client } = await connectToWrite(flags, host)
  client.close()
  const log = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => host.stdout.write(line) },
  )
  const podName = host.env.POD_NAME ?? hostname().toLowerCase()
  await launchHelper({ argument, connection, environment: host.env, version: VERSION, podName, log }, host.signal)
  return EXIT.ok
}

export interface HelperFlags extends ConnectFlags {
  readonly config: string
  readonly secretsDir?: string
  readonly oidcTokenFile?: string
  readonly httpAddress?: string
}
