import { releaseSelector } from '../kube/names.ts'
import type { Reader } from '../kube/read/reader.ts'
import type { KubeObject } from '../kube/types.ts'
import type { ReleaseFacts } from './find-release.ts'

const API = '/apis/admissionregistration.k8s.io/v1'

interface Selector {
  readonly matchLabels?: object
  readonly matchExpressions?: readonly unknown[]
}

/** The objects to which a policy or a binding applies. */
export interface MatchResources {
  readonly namespaceSelector?: Selector
  readonly objectSelector?: Selector
  /** The API server accepts no rule without resources or operations. */
  readonly resourceRules?: readonly {
    readonly resources: readonly string[]
    readonly operations: readonly string[]
    readonly resourceNames?: readonly string[]
  }[]
  readonly excludeResourceRules?: readonly unknown[]
}

export interface PolicySpec {
  readonly failurePolicy?: string
  readonly matchConstraints?: MatchResources
  readonly matchConditions?: readonly { readonly expression?: string }[]
  readonly validations?: readonly { readonly expression?: string }[]
}

export interface BindingSpec {
  readonly policyName?: string
  readonly validationActions?: readonly string[]
  readonly matchResources?: MatchResources
  readonly paramRef?: object
}

/** An admission policy that has a binding. */
export interface BoundPolicy {
  readonly name: string
  /** Epoch milliseconds, by the API server's clock. */
  readonly createdAt?: number
  readonly spec: PolicySpec
  readonly bindings: readonly BindingSpec[]
}

/**
 * Reads the release's admission policies of a kind that have a binding, with their bindings.
 * Undefined: not readable.
 */
export async function readBound(
  reader: Reader,
  kind: 'Mutating' | 'Validating',
  { name }: ReleaseFacts,
): Promise<readonly BoundPolicy[] | undefined> {
  const query = { labelSelector: releaseSelector(name) }
  const plural = `${kind.toLowerCase()}admissionpolic`
  const [policies, bindings] = await Promise.all([
    reader.list<KubeObject & { readonly spec?: PolicySpec }>(`${kind}AdmissionPolicies`, `${API}/${plural}ies`, {
      query,
    }),
    reader.list<KubeObject & { readonly spec?: BindingSpec }>(
      `${kind}AdmissionPolicyBindings`,
      `${API}/${plural}ybindings`,
      { query },
    ),
  ])
  if (policies === undefined || bindings === undefined) return undefined
  const specs = bindings.flatMap(({ spec }) => spec ?? [])
  return policies.flatMap(({ metadata, spec = {} }) => {
    const own = specs.filter(({ policyName }) => policyName === metadata.name)
    return own.length === 0
      ? []
      : [{ name: metadata.name, createdAt: Date.parse(metadata.creationTimestamp ?? ''), spec, bindings: own }]
  })
}
