import type { KubeClient } from '../kube/client.ts'

/** One right that the deployer needs. */
export interface Right {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly namespace?: string
  readonly name?: string
}

interface Rule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

const API = '/apis/authorization.k8s.io/v1'

/** Whether the API server allows one thing; `*` as verb, group and resource asks for everything at once. */
export async function isAllowed(client: KubeClient, right: Right, signal?: AbortSignal): Promise<boolean> {
  const review = await client.request<{ status?: { allowed?: boolean } }>(
    {
      method: 'POST',
      path: `${API}/selfsubjectaccessreviews`,
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: right },
      },
    },
    signal,
  )
  return review.status?.allowed === true
}

/** The rules that count in a namespace, in one answer. They may be incomplete: what they do not name has to be asked for. */
export async function rulesIn(client: KubeClient, namespace: string, signal?: AbortSignal): Promise<readonly Rule[]> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  }
  const review = await client.request<{ status?: { resourceRules?: readonly Rule[] } }>(
    { method: 'POST', path: `${API}/selfsubjectrulesreviews`, body },
    signal,
  )
  return review.status?.resourceRules ?? []
}

/** Pure: whether one of the rules gives the right. */
export function isGranted({ verb, group, resource, name }: Right, rules: readonly Rule[]): boolean {
  const holds = (list: readonly string[] | undefined, wanted: string): boolean =>
    list?.some((one) => one === '*' || one === wanted) ?? false
  return rules.some(
    ({ verbs, apiGroups, resources, resourceNames = [] }) =>
      holds(verbs, verb) &&
      holds(apiGroups, group) &&
      holds(resources, resource) &&
      (resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name))),
  )
}
