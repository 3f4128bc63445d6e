import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Pod } from '../../sandbox/cluster/pod.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { type FaultInvariants, openFaultInvariants } from '../support/faults/fault-invariants.ts'
import { type FaultProxy, startFaultProxy } from '../support/faults/fault-proxy.ts'
import { type HelperCluster, HOME, openHelperCluster } from './helper-cluster.ts'

/** The image of a helper whose clock runs `CLOCK_RATE` times as fast. */
export const FAST_IMAGE = 'example/fast-helper'

/**
 * A helper that reaches its API server only through a fault proxy. All other clients reach it
 * directly.
 */
export interface FaultFixture extends AsyncDisposable {
  readonly helperCluster: HelperCluster
  readonly proxy: FaultProxy
  readonly invariants: FaultInvariants
  /** Namespaces that must be served, including the helper's own. */
  readonly served: readonly string[]
  /** How often the helper of a Pod exited, and the reason of the last exit. */
  ends(pod: string): Promise<{ readonly count: number; readonly exitCode: number | undefined }>
  /**
   * Creates a namespace whose list has an entry of another client. From now on the namespace must
   * be served.
   */
  addNamespace(name: string): Promise<void>
  /**
   * Requests the deletion of a namespace, which takes seconds. From now on the namespace need not
   * be served.
   */
  removeNamespace(name: string): Promise<void>
  /** Adds another entry of another client at the end of a list. */
  addEntry(namespace: string, entry: string): Promise<void>
}

/** Starts everything, installs the release and waits until everything is current. */
export async function openFaultFixture(
  name: string,
  options: { readonly namespaces: number; readonly values?: object },
): Promise<FaultFixture> {
  const chart = await openChartCluster(name)
  const { cluster, admin } = chart
  const readPem = (file: string): Promise<string> => readFile(join(cluster.folder, file), 'utf8')
  const [cert, key] = await Promise.all([readPem('server.crt'), readPem('server.key')])
  const proxy = await startFaultProxy({ server: cluster.server, caPem: cluster.caPem, cert, key })
  const fastHelper = fileURLToPath(new URL('fixtures/fast-helper.ts', import.meta.url))
  const helperCluster = await openHelperCluster(name, chart, {
    apiServer: proxy,
    images: { [FAST_IMAGE]: [process.execPath, fastHelper] },
  })
  const invariants = openFaultInvariants(helperCluster)
  const served = new Set([HOME])
  const accountPath = (namespace: string) => `/api/v1/namespaces/${namespace}/serviceaccounts/default`
  const fixture: FaultFixture = {
    helperCluster,
    proxy,
    invariants,
    get served() {
      return [...served]
    },
    async ends(pod) {
      const path = `/api/v1/namespaces/${HOME}/pods/${pod}`
      const { status } = await admin.request<Pod>({ method: 'GET', path })
      const [container] = status?.containerStatuses ?? []
      return { count: container?.restartCount ?? 0, exitCode: container?.lastState?.terminated?.exitCode }
    },
    async addNamespace(namespace) {
      await chart.createNamespace(namespace)
      await fixture.addEntry(namespace, 'theirs')
      served.add(namespace)
    },
    async removeNamespace(namespace) {
      invariants.exempt(namespace)
      served.delete(namespace)
      const path = `/api/v1/namespaces/${namespace}`
      await admin.request({ method: 'DELETE', path })
    },
    async addEntry(namespace, entry) {
      for (;;) {
        const account = await helperCluster.account(namespace)
        const { uid, resourceVersion } = account.metadata
        const imagePullSecrets = [...(account.imagePullSecrets ?? []), { name: entry }]
        const body = { metadata: { uid, resourceVersion }, imagePullSecrets }
        try {
          const path = accountPath(namespace)
          const written = await admin.request<KubeObject>({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
          invariants.noteOther(written.metadata.resourceVersion)
          return
        } catch (error) {
          if ((error as { status?: number }).status !== 409) throw error
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await invariants[Symbol.asyncDispose]()
      await helperCluster[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
  const names = Array.from({ length: options.namespaces }, (_, index) => `team-${index}`)
  await Promise.all(names.map(fixture.addNamespace))
  await helperCluster.install(options.values ?? {})
  await helperCluster.settled()
  return fixture
}
