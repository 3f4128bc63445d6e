import type { KubeClient } from '../../../kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../../../kube/names.ts'
import { type DemoStep, expect } from '../demo-step.ts'
import { rollOut } from '../roll-out.ts'

interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

/** Step 8: the uninstall removes everything. */
export const cleanExit: DemoStep = {
  title: 'uninstall',
  proves: 'P12: nothing of acr-nopass is left in the clusters or in RAM',
  async run(context, step) {
    const { environment, signal } = context
    const { results } = await rollOut(context, 'uninstall.yml', step)
    const statuses = results.map(({ name, status }) => `${name} ${status}`).join(', ')
    expect(
      results.every(({ status }) => status === 'uninstalled'),
      `not uninstalled: ${statuses}`,
    )
    for (const { cluster } of [environment.staging, environment.production]) {
      const left = [...(await releaseObjects(cluster.admin, signal)), ...(await liveSecrets(cluster.admin, signal))]
      expect(left.length === 0, `left in ${cluster.name}: ${left.join(', ')}`)
    }
    return `${statuses}; policies detached and deleted`
  },
}

/** Lists the cluster-scoped objects of the release. */
async function releaseObjects(client: KubeClient, signal: AbortSignal): Promise<string[]> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const admission = '/apis/admissionregistration.k8s.io/v1'
  const paths = [
    `${rbac}/clusterroles`,
    `${rbac}/clusterrolebindings`,
    `${admission}/validatingadmissionpolicies`,
    `${admission}/validatingadmissionpolicybindings`,
    `${admission}/mutatingadmissionpolicies`,
    `${admission}/mutatingadmissionpolicybindings`,
  ]
  const found: string[] = []
  for (const path of paths) {
    const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
    const { items } = await client.request<{ items: Named[] }>({ method: 'GET', path, query }, signal)
    found.push(...items.map(({ metadata }) => `${path.split('/').at(-1)}/${metadata.name}`))
  }
  return found
}

/** Lists the pull secrets that still contain a credential. */
async function liveSecrets(client: KubeClient, signal: AbortSignal): Promise<string[]> {
  const query = { fieldSelector: `metadata.name=${DEFAULT_SECRET_NAME}` }
  const call = { method: 'GET', path: '/api/v1/secrets', query } as const
  const { items } = await client.request<{ items: (Named & { data?: Record<string, string> })[] }>(call, signal)
  const hasCredential = (text: string | undefined): boolean =>
    Buffer.from(text ?? '', 'base64')
      .toString()
      .includes('"auth"')
  return items
    .filter(({ data }) => hasCredential(data?.['.dockerconfigjson']))
    .map(({ metadata }) => `Secret ${metadata.namespace}/${metadata.name}`)
}
