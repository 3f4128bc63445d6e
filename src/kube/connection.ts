import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NopassError } from '../errors.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { KubeConnection, KubeconfigOptions } from './kube-connection.ts'

/** The default mount path of a Pod's ServiceAccount volume. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * How often a projected file is re-read (milliseconds). The kubelet rotates a token at 80 % of its
 * lifetime.
 */
const REREAD_MS = 10_000

/**
 * Returns the connection of a Pod: server from `KUBERNETES_SERVICE_HOST`/`_PORT`, `token` and
 * `ca.crt` from `dir`. Both files are re-read, because they rotate. A proxy is never used: a Pod's
 * HTTPS_PROXY is for external addresses and often has no NO_PROXY for the cluster's own addresses.
 * @throws KUBE_CONNECTION if a part is missing
 */
export function inClusterConnection(
  dir: string,
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock = systemClock,
): KubeConnection {
  const host = environment.KUBERNETES_SERVICE_HOST
  const port = environment.KUBERNETES_SERVICE_PORT
  if (!host || !port) {
    throw new NopassError('KUBE_CONNECTION', 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set')
  }
  const token = rereadFile(join(dir, 'token'), clock)
  const ca = rereadFile(join(dir, 'ca.crt'), clock)
  token.read()
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    token: token.read,
    forgetToken: token.forget,
    get ca() {
      return ca.read()
    },
  }
}

/**
 * Returns the connection that a kubeconfig describes (certificates, tokens, exec plugins), by
 * `@kubernetes/client-node`. The files of its authority and of its token are re-read, because they
 * rotate.
 * @throws KUBECONFIG_INVALID, and KUBE_CONNECTION for a proxy that cannot be used
 */
export async function kubeconfigConnection(
  source: KubeconfigOptions,
  clock: Clock = systemClock,
): Promise<KubeConnection> {
  const { readKubeconfig } = await import('./kubeconfig.ts')
  const { caFile, tokenFile, ...connection } = await readKubeconfig(source)
  const token = tokenFile === undefined ? undefined : rereadFile(tokenFile, clock)
  const authenticated = token ? { ...connection, token: token.read, forgetToken: token.forget } : connection
  if (caFile === undefined) return authenticated
  const ca = rereadFile(caFile, clock)
  return {
    ...authenticated,
    get ca() {
      return ca.read()
    },
  }
}

function rereadFile(file: string, clock: Clock): { read(): string; forget(): void } {
  let text = ''
  let readAt = Number.NEGATIVE_INFINITY
  return {
    read() {
      if (clock.monotonic() - readAt < REREAD_MS) return text
      try {
        text = readFileSync(file, 'utf8').trim()
        readAt = clock.monotonic()
      } catch (cause) {
        // A file may be absent for a moment while its volume is swapped. This must not break a
        // working connection.
        if (text === '') throw new NopassError('KUBE_CONNECTION', `${file} cannot be read`, { cause })
      }
      return text
    },
    forget() {
      readAt = Number.NEGATIVE_INFINITY
    },
  }
}
