import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createKubeClient } from '../../src/kube/client.ts'
import type { KubeConnection } from '../../src/kube/kube-connection.ts'
import type { Child } from '../../tools/process/child.ts'
import { freePort, retryPort } from '../../tools/process/free-port.ts'
import { untilReady } from '../../tools/process/ready.ts'
import { openRun, type Run } from '../../tools/process/run.ts'
import type { Jwks } from '../cloud/sts/jwt.ts'
import { runBinder } from './binder.ts'
import { createAuthority } from './certificate.ts'
import { requestToken, writeClusterFiles, writeKubeconfig } from './cluster-keys.ts'
import { apiServerArguments, clusterFiles, controllerManagerArguments } from './control-plane.ts'
import { type Etcd, startEtcd } from './etcd.ts'

export interface ClusterOptions {
  /** Must be unique in the run; lower-case letters, digits and `-`. */
  readonly name: string
  readonly tools: {
    readonly etcd: string
    readonly 'kube-apiserver': string
    readonly 'kube-controller-manager': string
  }
  /** An etcd that is shared with other clusters; default: a new one. */
  readonly etcd?: Etcd | undefined
  /** Default: its own run, which `stop` ends. */
  readonly run?: Run | undefined
  /** The issuer of ServiceAccount tokens; default: `https://<name>.sandbox.invalid`. */
  readonly issuer?: string | undefined
  readonly apiServerFlags?: readonly string[]
  readonly controllerManagerFlags?: readonly string[]
  /** Use the names that controllers had before Kubernetes 1.28. */
  readonly olderControllerNames?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * A real control plane on loopback: etcd, API server, controller-manager and a minimal scheduler.
 */
export type Cluster = Awaited<ReturnType<typeof start>>

/**
 * Starts a control plane and waits until the default ServiceAccount exists (3.5 s on an idle
 * machine).
 * @throws SANDBOX_PROCESS, SANDBOX_TIMEOUT
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const run = options.run ?? (await openRun())
  try {
    return await start(options, run)
  } catch (error) {
    if (!options.run) await run.end()
    throw error
  }
}

async function start(options: ClusterOptions, run: Run) {
  const { name, tools, signal, issuer = `https://${name}.sandbox.invalid` } = options
  const etcd = options.etcd ?? (await startEtcd({ tools, run, signal }))
  const prefix = `/${run.id}-${name}`
  const files = clusterFiles(join(run.folder, name))
  mkdirSync(files.folder, { mode: 0o700 })
  // The Service network is on loopback, because there is no kube-proxy. Pods in the machine's
  // network can then reach a server that listens on a Service's address. The first address belongs
  // to the Service `kubernetes`.
  const network = `127.${randomInt(64, 255)}.0`
  const [serviceRange, serviceAddress] = [`${network}.0/16`, `${network}.1`]
  const waitFor = (what: string, child: Child, probe: () => Promise<unknown>): Promise<void> =>
    untilReady(probe, { what: `${what} of ${name}`, limitMs: 90_000, child }, signal)
  const authority = createAuthority(`${name}-ca`)

  const { keys, startApiServer, first } = await retryPort(async () => {
    const port = await freePort()
    const server = `https://127.0.0.1:${port}`
    const written = await writeClusterFiles(files, authority, { name, server, serviceAddress })
    const spec = {
      name: 'kube-apiserver',
      disposable: true,
      logFile: join(files.folder, 'kube-apiserver.log'),
      command: tools['kube-apiserver'],
      args: [
        ...apiServerArguments(files, { etcdUrl: etcd.url, prefix, port, issuer, serviceNetwork: serviceRange }),
        // Later flags override earlier ones.
        ...(options.apiServerFlags ?? []),
      ],
    }
    const startOnce = async (): Promise<Child> => {
      const child = await run.start(spec)
      const probe = createKubeClient(written.admin)
      // The controller-manager exits if the API server is not healthy within 10 s, which may take
      // longer on a busy machine.
      const healthy = () => probe.request({ method: 'GET', path: '/healthz', isText: true }, signal)
      await waitFor('API server', child, healthy).finally(() => probe.close())
      return child
    }
    return { keys: written, startApiServer: startOnce, first: await startOnce() }
  })
  let apiServer = first
  const admin = createKubeClient(keys.admin)
  const controllerManager = await run.start({
    name: 'kube-controller-manager',
    disposable: true,
    logFile: join(files.folder, 'kube-controller-manager.log'),
    command: tools['kube-controller-manager'],
    args: [
      ...controllerManagerArguments(files, options.olderControllerNames),
      ...(options.controllerManagerFlags ?? []),
    ],
  })
  await waitFor('controller-manager', controllerManager, () =>
    admin.request({ method: 'GET', path: '/api/v1/namespaces/default/serviceaccounts/default' }, signal),
  )

  const end = new AbortController()
  const binding = runBinder(admin, AbortSignal.any([end.signal, run.ended]))
  run.ended.addEventListener('abort', () => admin.close())

  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      end.abort()
      await binding
      admin.close()
      await Promise.all([controllerManager.stop(), apiServer.stop()])
      if (!options.etcd) await etcd.stop()
      else await etcd.deletePrefix(prefix)
      if (!options.run) await run.end()
    })()
    return stopped
  }
  const { server, caPem, issue } = keys
  return {
    name,
    issuer,
    run,
    folder: files.folder,
    /** `https://127.0.0.1:PORT` */
    server,
    caPem,
    /**
     * The ClusterIP of the Service `kubernetes`: a loopback address that a real node forwards to
     * the API server.
     */
    serviceAddress,
    adminKubeconfigFile: files.adminKubeconfig,
    adminConnection: keys.admin,
    /** A client of `adminConnection`; closed with the cluster. */
    admin,
    /**
     * The API server's audit log of metadata. The API server writes an entry before it responds.
     */
    auditLogFile: files.auditLog,
    /** The public keys of the ServiceAccount issuer. */
    jwks: (): Promise<Jwks> =>
      admin.request({ method: 'GET', path: '/openid/v1/jwks', accept: 'application/jwk-set+json' }),
    /**
     * A connection with a client certificate of the cluster's CA, valid for `minutes`; default: 30
     * days.
     */
    connectionFor(user: string, groups: readonly string[], minutes?: number): KubeConnection {
      const { certificatePem: cert, keyPem: key } = issue(user, groups, minutes)
      return { server, ca: caPem, cert, key }
    },
    kubeconfigFor: (user: string, groups: readonly string[], minutes?: number): string =>
      writeKubeconfig({ name, server, caPem }, issue(user, groups, minutes)),
    serviceAccountToken: async (namespace: string, account: string, audiences: readonly string[], seconds: number) =>
      (await requestToken(admin, { namespace, name: account }, { audiences, expirationSeconds: seconds })).token,
    /** The API server's process, for faults such as stopping it or pausing it with SIGSTOP. */
    get apiServer() {
      return apiServer
    },
    /** Starts the API server again on the same port. Resolves when it is ready. */
    async restartApiServer() {
      apiServer = await startApiServer()
    },
    controllerManager,
    etcd,
    /** Stops the processes and deletes the data. Safe to call twice. */
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
