import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Child } from '../../tools/process/child.ts'
import { freePort, retryPort } from '../../tools/process/free-port.ts'
import { untilReady } from '../../tools/process/ready.ts'
import { openRun, type Run } from '../../tools/process/run.ts'
import type { RegistryAuth } from '../cloud/cr/registry-auth.ts'

/** The registry's settings for token authentication (`cloud.registryAuth`). */
export type TokenAuth = Omit<RegistryAuth, 'vendorRealm'>

export interface RegistryOptions {
  readonly tools: { readonly registry: string }
  readonly auth: TokenAuth
  /** Default: its own run, which `stop` ends. */
  readonly run?: Run | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * A real registry (CNCF distribution) that requires a token from its token server for every
 * request.
 */
export type Registry = Awaited<ReturnType<typeof startRegistry>>

/**
 * Starts a registry, which takes about 0.3 s and 46 MB of memory.
 * @throws SANDBOX_PROCESS, SANDBOX_TIMEOUT
 */
export async function startRegistry({ tools, auth, run: given, signal }: RegistryOptions) {
  const run = given ?? (await openRun())
  const folder = join(run.folder, `registry-${await freePort()}`)
  mkdirSync(folder, { mode: 0o700 })
  const certificateFile = join(folder, 'token-server.crt')
  writeFileSync(certificateFile, auth.certificatePem)
  const logFile = join(folder, 'registry.log')

  const launch = async (port: number, until?: AbortSignal): Promise<Child> => {
    const address = `127.0.0.1:${port}`
    const configFile = join(folder, 'config.yml')
    writeFileSync(configFile, registryConfig(address, join(folder, 'data'), certificateFile, auth))
    const args = ['serve', configFile]
    // By default the registry connects to a trace collector on this machine.
    const env = { OTEL_TRACES_EXPORTER: 'none' }
    const child = await run.start({ name: 'registry', disposable: true, logFile, command: tools.registry, args, env })
    const requestsToken = async (): Promise<boolean> => (await fetch(`http://${address}/v2/`)).status === 401
    await untilReady(requestsToken, { what: 'registry', limitMs: 30_000, child }, until)
    return child
  }
  let { port, child } = await retryPort(async () => {
    const chosen = await freePort()
    return { port: chosen, child: await launch(chosen, signal) }
  })
  const stop = async (): Promise<void> => {
    await child.stop()
    if (!given) await run.end()
  }
  return {
    /** The URL stays the same after a restart. */
    url: `http://127.0.0.1:${port}`,
    /** Contains the access log. */
    logFile,
    /** Kills the process, as a fault. */
    kill: async () => void (await child.stop()),
    /** Starts the process again with the same address and content. */
    async restart(until?: AbortSignal) {
      child = await launch(port, until)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/**
 * The configuration of distribution 3 as JSON, which is valid YAML: storage on disk, and a token
 * for every request.
 */
export function registryConfig(address: string, dataFolder: string, certificateFile: string, auth: TokenAuth): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: dataFolder }, delete: { enabled: true } },
    http: { addr: address, secret: 'one process, one secret' },
    auth: {
      token: {
        realm: auth.realm,
        service: auth.service,
        issuer: auth.issuer,
        rootcertbundle: certificateFile,
        signingalgorithms: ['RS256'],
      },
    },
  })
}
