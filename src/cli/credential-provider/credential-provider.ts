import { createReadStream } from 'node:fs'
import { userInfo } from 'node:os'
import { runProvider } from '../../node/provider/run-provider.ts'
import { type CliHost, type CommonFlags, EXIT } from '../program/cli-host.ts'

/** The time that a kubelet's Pod waits at most, in milliseconds. */
const LIMIT_MS = 2_700

export interface CredentialProviderFlags {
  readonly config: string
  readonly cacheDir?: string
}

/**
 * Prints what the kubelet would get for the request on standard input. The program's output hides
 * the password, as in every output of the command line.
 */
export async function credentialProvider(
  { config, cacheDir }: CredentialProviderFlags & CommonFlags,
  { env, pid, stdout, stderr, signal }: CliHost,
): Promise<number> {
  const argv = [`--config=${config}`, ...(cacheDir === undefined ? [] : [`--cache-dir=${cacheDir}`])]
  const input = createReadStream('', { fd: 0, autoClose: false })
  const stop = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
  const result = await runProvider({ argv, input, env, pid, uid: userInfo().uid }, stop)
  if (result.stdout !== '') stdout.write(`${result.stdout}\n`)
  if (result.stderr !== '') stderr.write(`${result.stderr}\n`)
  return result.code === 0 ? EXIT.ok : EXIT.failed
}
