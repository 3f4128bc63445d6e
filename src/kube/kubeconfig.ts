import { readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { NopassError } from '../errors.ts'
import type { KubeConnection, KubeconfigOptions } from './kube-connection.ts'
import { type LoadedKubeconfig, loadKubeconfig } from './kubeconfig-files.ts'
import { guardPlugin } from './kubeconfig-plugin.ts'
import { chooseProxy } from './proxy.ts'

/**
 * The part of {@link kubeconfigConnection} that needs `@kubernetes/client-node`, which is imported only for kubeconfigs. `caFile` is the
 * source of `ca`, and `tokenFile` one of a token.
 */
export async function readKubeconfig(
  source: KubeconfigOptions,
): Promise<KubeConnection & { readonly caFile?: string; readonly tokenFile?: string }> {
  const { config, extras } = load(source)
  const cluster = config.getCurrentCluster()
  if (!cluster) {
    const context = source.context ?? config.getCurrentContext()
    throw new NopassError('KUBECONFIG_INVALID', `the kubeconfig has no cluster for the context "${context ?? ''}"`)
  }
  const proxy = chooseProxy(cluster.server, cluster.proxyUrl, source.environment ?? {})
  const explain = guardPlugin(config, source.pluginMs)
  const options = await tlsOptions(config, explain)
  const ca = text(options.ca) ?? caOf(cluster)
  const cert = text(options.cert)
  const key = text(options.key)
  return {
    server: cluster.server,
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.caFile && !cluster.caData ? { caFile: cluster.caFile } : {}),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(bearer(options) === undefined ? {} : { token: async () => bearer(await tlsOptions(config, explain)) ?? '' }),
    ...extras,
    ...(cluster.tlsServerName ? { tlsServerName: cluster.tlsServerName } : {}),
    ...(proxy === undefined ? {} : { proxy }),
  }
}

/** Names of the contexts of a kubeconfig (default: as kubectl finds it). @throws KUBECONFIG_INVALID */
export function listContexts(source: KubeconfigOptions): readonly string[] {
  const { config } = load(source)
  return config.getContexts().map(({ name }) => name)
}

/** @throws KUBECONFIG_INVALID */
function load(source: KubeconfigOptions): LoadedKubeconfig {
  try {
    const loaded = loadKubeconfig(source)
    const { config } = loaded
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
    return loaded
  } catch (cause) {
    if (cause instanceof NopassError) throw cause
    const name = source.file === undefined ? '' : ` ${source.file}`
    throw new NopassError('KUBECONFIG_INVALID', `the kubeconfig${name} cannot be read`, {
      cause,
      reason: (cause as NodeJS.ErrnoException).code,
    })
  }
}

async function tlsOptions(config: KubeConfig, explain: (cause: unknown) => NopassError): Promise<RequestOptions> {
  const options: RequestOptions = {}
  try {
    await config.applyToHTTPSOptions(options)
  } catch (cause) {
    throw explain(cause)
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
