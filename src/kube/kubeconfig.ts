import { readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'
import { NopassError } from '../errors.ts'
import type { KubeConnection, KubeconfigOptions } from './kube-connection.ts'
import { chooseProxy } from './proxy.ts'

/** The part of {@link kubeconfigConnection} that needs `@kubernetes/client-node`, which is imported only for kubeconfigs. `caFile` is the source of `ca`. */
export async function readKubeconfig(
  source: KubeconfigOptions,
): Promise<KubeConnection & { readonly caFile?: string }> {
  const config = new KubeConfig()
  try {
    load(config, source)
    if (source.context !== undefined) config.setCurrentContext(source.context)
  } catch (cause) {
    if (cause instanceof NopassError) throw cause
    throw new NopassError('KUBECONFIG_INVALID', `the kubeconfig ${source.file ?? ''} cannot be read`, { cause })
  }
  const cluster = config.getCurrentCluster()
  if (!cluster) {
    const context = source.context ?? config.getCurrentContext()
    throw new NopassError('KUBECONFIG_INVALID', `the kubeconfig has no cluster for the context "${context ?? ''}"`)
  }
  const proxy = chooseProxy(cluster.server, cluster.proxyUrl, source.environment ?? {})
  const options = await tlsOptions(config)
  const ca = text(options.ca) ?? caOf(cluster)
  const cert = text(options.cert)
  const key = text(options.key)
  return {
    server: cluster.server,
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.caFile && !cluster.caData ? { caFile: cluster.caFile } : {}),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(bearer(options) === undefined ? {} : { token: async () => bearer(await tlsOptions(config)) ?? '' }),
    ...(cluster.tlsServerName ? { tlsServerName: cluster.tlsServerName } : {}),
    ...(proxy === undefined ? {} : { proxy }),
  }
}

/** Names of the contexts of a kubeconfig (default: as kubectl finds it). @throws KUBECONFIG_INVALID */
export function listContexts(file?: string): readonly string[] {
  const config = new KubeConfig()
  try {
    load(config, file === undefined ? {} : { file })
  } catch (cause) {
    if (cause instanceof NopassError) throw cause
    throw new NopassError('KUBECONFIG_INVALID', `the kubeconfig ${file ?? ''} cannot be read`, { cause })
  }
  return config.getContexts().map(({ name }) => name)
}

function load(config: KubeConfig, source: { readonly file?: string; readonly text?: string }): void {
  if (source.text !== undefined) config.loadFromString(source.text)
  else if (source.file !== undefined) config.loadFromFile(source.file)
  else {
    config.loadFromDefault()
    // The library's default if it finds nothing; kubectl has the same, and then cannot connect.
    if (
      config.getCurrentContext() === 'loaded-context' &&
      config.getCurrentCluster()?.server === 'http://localhost:8080'
    ) {
      throw new NopassError(
        'KUBECONFIG_INVALID',
        'there is no kubeconfig: $KUBECONFIG is not set, and ~/.kube/config does not exist',
        {
          hint: 'Name one with --kubeconfig FILE.',
        },
      )
    }
  }
}

async function tlsOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (cause) {
    throw new NopassError('KUBECONFIG_INVALID', "the kubeconfig's user could not be authenticated", { cause })
  }
  return options
}

function bearer(options: RequestOptions): string | undefined {
  const headers = (options.headers ?? {}) as Record<string, unknown>
  const value = headers.Authorization ?? headers.authorization
  return typeof value === 'string' && value.startsWith('Bearer ') ? value.slice(7) : undefined
}

function caOf(cluster: { readonly caData?: string; readonly caFile?: string }): string | undefined {
  if (cluster.caData) return Buffer.from(cluster.caData, 'base64').toString('utf8')
  return cluster.caFile ? readFileSync(cluster.caFile, 'utf8') : undefined
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}
