import { type Cluster, startCluster } from '../../../sandbox/cluster/start-cluster.ts'
import { APPLY, createKubeClient, type KubeCall, type KubeClient } from '../../../src/kube/client.ts'
import { CHART, type HelmResult, openHelm } from '../chart/chart.ts'
import { eventually } from '../eventually.ts'
import { controlPlane, type Minor, minorOfRun } from './control-plane.ts'

/** A real control plane on which Helm installs the chart, as users do. */
export interface ChartCluster extends AsyncDisposable {
  readonly minor: Minor
  readonly cluster: Cluster
  readonly admin: KubeClient
  /**
   * Installs without waiting, into a namespace with Pod Security *restricted*. Throws Helm's output
   * if it fails.
   */
  install(release: string, namespace: string, ...values: (string | object)[]): Promise<HelmResult>
  /** A client with the token of the release's ServiceAccount. */
  helper(release: string, namespace: string): Promise<StatusClient>
  createNamespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>
}

/** A client that returns only the status. */
export interface StatusClient {
  /** The HTTP status and, for an error, the server's message. */
  call(call: KubeCall): Promise<Outcome>
  /** Returns the status of a watch, which is ended immediately. */
  callWatch(path: string, query?: Readonly<Record<string, string>>): Promise<number>
}

interface Outcome {
  readonly status: number
  readonly text: string
  readonly body: unknown
}

/** The label of a namespace that enforces Pod Security *restricted*. */
export const RESTRICTED: Readonly<Record<string, string>> = { 'pod-security.kubernetes.io/enforce': 'restricted' }

/**
 * Starts a cluster with the Kubernetes version of this run and opens a Helm. `dispose` ends both.
 */
export async function openChartCluster(name: string): Promise<ChartCluster> {
  const minor = minorOfRun()
  const signal = AbortSignal.timeout(60 * 60_000)
  const tools = await controlPlane(minor, signal)
  const helm = await openHelm()
  const cluster = await startCluster({ name, tools, signal, olderControllerNames: minor === '1.24' })
  const { admin } = cluster
  const clients: KubeClient[] = []
  return {
    minor,
    cluster,
    admin,
    install: async (release, namespace, ...values) => {
      const home = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: RESTRICTED } }
      const query = { fieldManager: 'pod-security', force: true }
      await admin.request({
        method: 'PATCH',
        path: `/api/v1/namespaces/${namespace}`,
        query,
        contentType: APPLY,
        body: home,
      })
      const target = ['--namespace', namespace, '--kubeconfig', cluster.adminKubeconfigFile]
      const result = await helm.run(['upgrade', '--install', release, CHART, ...target], values)
      if (result.code !== 0) throw new Error(result.stderr)
      return result
    },
    helper: async (release, namespace) => {
      const name = release.includes('acr-nopass') ? release : `${release}-acr-nopass`
      const token = await cluster.serviceAccountToken(namespace, name, [], 3600)
      const { server, caPem: ca } = cluster
      let status = 0
      const client = createKubeClient(
        { server, ca, token: () => token },
        {
          onCall: (report) => {
            status = report.status
          },
        },
      )
      clients.push(client)
      return {
        call: async (call) => {
          try {
            const body = await client.request(call)
            return { status, text: '', body }
          } catch (error) {
            return { status, text: (error as Error).message, body: undefined }
          }
        },
        callWatch: async (path, query = {}) => {
          const end = new AbortController()
          const watching = client.watch({ path, query: { ...query, timeoutSeconds: 1 } }, () => end.abort(), end.signal)
          await watching.catch(() => {})
          return status
        },
      }
    },
    createNamespace: async (namespace, labels = {}) => {
      const body = { metadata: { name: namespace, labels } }
      await admin.request({ method: 'POST', path: '/api/v1/namespaces', body })
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`
      await eventually(() => admin.request({ method: 'GET', path }))
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close()
      await cluster.stop()
      await helm[Symbol.asyncDispose]()
    },
  }
}
