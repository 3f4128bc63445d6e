import { NopassError } from '../../errors.ts'
import { summarize } from '../../lib/text.ts'
import type { KubeCaller } from '../client.ts'

/** Names rights to a resource. Default: in the core group and in the whole cluster. */
export function rights(
  verbs: readonly string[],
  resource: string,
  where: Partial<Pick<Right, 'group' | 'namespace' | 'name'>> = {},
): readonly Right[] {
  return verbs.map((verb) => ({ verb, group: '', resource, ...where }))
}

const EVERYTHING: Right = { verb: '*', group: '*', resource: '*' }

/**
 * No namespace can have this name, so no RoleBinding is in it. Its rules are those of
 * ClusterRoleBindings, which hold in all namespaces and for cluster-scoped objects (Kubernetes,
 * pkg/registry/rbac/validation/rule.go, VisitRulesFor).
 */
const NOWHERE = 'acr-nopass.none'

interface Subject {
  readonly user: string
  readonly groups: readonly string[]
}

/**
 * Returns the rights that the API server's authorizer denies to the caller, or to the `subject`.
 * One review recognises an administrator. For any other caller, one review reads the rules that
 * hold everywhere, and one review per namespace reads its rules. Only the remaining rights are
 * reviewed one by one, because each review is a request.
 * @param onUndecided called with a right that counts as denied because an authorizer failed
 */
export async function missingRights(
  caller: KubeCaller,
  needed: readonly Right[],
  subject?: Subject,
  onUndecided: (right: Right, why: string) => void = () => undefined,
): Promise<readonly Right[]> {
  const review = async (right: Right): Promise<boolean> => {
    const { allowed, evaluationError = '' } = await reviewRight(caller, right, subject)
    if (allowed !== true && evaluationError !== '') onUndecided(right, evaluationError)
    return allowed === true
  }
  if ((await reviewRight(caller, EVERYTHING, subject)).allowed === true) return []
  const open = subject === undefined ? await withoutGranted(caller, needed) : needed
  const allowed = await Promise.all(open.map(review))
  return open.filter((_, index) => !allowed[index])
}

async function withoutGranted(caller: KubeCaller, needed: readonly Right[]): Promise<readonly Right[]> {
  const places = [...new Set(needed.map(({ namespace = NOWHERE }) => namespace))]
  const rules = new Map(await Promise.all(places.map(async (place) => [place, await rulesIn(caller, place)] as const)))
  return needed.filter((right) => !isGranted(right, rules.get(right.namespace ?? NOWHERE) ?? []))
}

/**
 * Fails before the first write instead of in the middle.
 * @throws DEPLOYER_FORBIDDEN with every missing right
 */
export function requireRights(missing: readonly Right[]): void {
  if (missing.length === 0) return
  const what = summarize(missing.map(formatRight), 12, '; ')
  throw new NopassError('DEPLOYER_FORBIDDEN', `the deployer may not ${what}`)
}

/** Formats a right like `patch secrets/acr-nopass in shop`. */
export function formatRight({ verb, group, resource, namespace, name }: Right): string {
  const what = `${resource}${group ? `.${group}` : ''}${name ? `/${name}` : ''}`
  return `${verb} ${what}${namespace ? ` in ${namespace}` : ''}`
}

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

/** Asks the API server's authorizer. Returns the status in its response. */
async function review<Status>({ client, signal }: KubeCaller, kind: string, spec: object): Promise<Status | undefined> {
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`
  const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec }
  return (await client.request<{ status?: Status }>({ method: 'POST', path, body }, signal)).status
}

/** The verdict of a review. If an authorizer failed, a denial has an `evaluationError`. */
interface Verdict {
  readonly allowed?: boolean
  readonly evaluationError?: string
}

/** Reviews one right. `*` as verb, group and resource means everything. */
async function reviewRight(caller: KubeCaller, right: Right, subject?: Subject): Promise<Verdict> {
  const kind = subject === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview'
  const spec = { ...subject, resourceAttributes: right }
  return (await review<Verdict>(caller, kind, spec)) ?? {}
}

/**
 * Returns the rules in a namespace. They may be incomplete, so a right that they do not contain
 * must be reviewed separately.
 */
async function rulesIn(caller: KubeCaller, namespace: string): Promise<readonly Rule[]> {
  type Rules = { readonly resourceRules?: readonly Rule[] }
  return (await review<Rules>(caller, 'SelfSubjectRulesReview', { namespace }))?.resourceRules ?? []
}

export function isGranted({ verb, group, resource, name }: Right, rules: readonly Rule[]): boolean {
  const includes = (list: readonly string[] | undefined, value: string): boolean =>
    list?.some((one) => one === '*' || one === value) ?? false
  return rules.some(
    ({ verbs, apiGroups, resources, resourceNames = [] }) =>
      includes(verbs, verb) &&
      includes(apiGroups, group) &&
      includes(resources, resource) &&
      (resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name))),
  )
}
