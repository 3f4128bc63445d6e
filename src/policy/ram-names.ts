import type { Tag } from '../alibaba/ram.ts'
import { sha256 } from '../lib/text.ts'

/** RAM's limits for names. */
const POLICY_NAME = 128
const ROLE_NAME = 64

/**
 * Identifies a cluster in the names of its policy and role: ACK's ID, or the kube-system UID of a
 * self-built cluster.
 */
export function clusterKey(cluster: {
  readonly clusterId?: string | undefined
  readonly kubeSystemUid?: string | undefined
}): string {
  return (
    cluster.clusterId ||
    (cluster.kubeSystemUid ?? '')
      .replace(/[^0-9a-f]/gi, '')
      .slice(0, 12)
      .toLowerCase()
  )
}

/**
 * Returns `acr-nopass-<cluster id>`. Clusters that share a worker role share a policy that is named
 * after the role.
 */
export function policyName(of: { readonly cluster: string } | { readonly sharedRole: string }): string {
  return fitName(`acr-nopass-${'cluster' in of ? of.cluster : of.sharedRole}`, POLICY_NAME)
}

/**
 * Returns the name of a role's policy. A prefix that the role's name already has is not repeated.
 */
export function rolePolicyName(role: string): string {
  return policyName({ sharedRole: role.replace(/^acr-nopass-/, '') })
}

/**
 * Returns the name of the second policy, which holds what the first has no room for until
 * narrowing. For a pattern with `*`, returns the pattern of such names.
 */
export function nextPolicyName(name: string): string {
  return name.endsWith('*') ? `${name}-next` : fitName(`${name}-next`, POLICY_NAME)
}

export function rrsaRoleName(cluster: string): string {
  return fitName(`acr-nopass-${cluster}`, ROLE_NAME)
}

/**
 * RAM allows letters, digits and hyphens. A name that was changed to fit gets a hash, so that names
 * stay unique.
 */
function fitName(name: string, limit: number): string {
  const plain = name.replace(/[^A-Za-z0-9-]/g, '-')
  if (plain === name && name.length <= limit) return name
  const hash = sha256(name).slice(0, 8)
  return `${plain.slice(0, limit - 9)}-${hash}`
}

const MARK = 'Managed by acr-nopass'

/** The tag of every policy and role that acr-nopass owns. */
export const OWNER_TAG: Tag = { key: 'managed-by', value: 'acr-nopass' }

/** RAM's limit for a description. */
const DESCRIPTION = 1024

/**
 * Returns the description of a policy or role that acr-nopass owns. `purpose` is for example
 * `cluster prod`. If the text is too long, the purpose is cut. The members are never cut, because
 * they decide which release can narrow a shared policy.
 */
export function ownDescription(purpose: string, members: readonly string[] = []): string {
  const end = `. Only acr-nopass changes and removes it.${members.length === 0 ? '' : ` Members: ${recorded(members)}`}`
  return `${MARK} for ${purpose}`.slice(0, Math.max(MARK.length, DESCRIPTION - end.length)) + end
}

/** Returns a description with the same mark, for resources that Terraform changes and removes. */
export function terraformDescription(purpose: string): string {
  return `${MARK} for ${purpose}. Changed and removed by Terraform.`.slice(0, DESCRIPTION)
}

/**
 * Replaces members that do not fit into a description. A policy with this word is never narrowed.
 */
export const MORE_MEMBERS = 'more'

function recorded(members: readonly string[]): string {
  const room = DESCRIPTION - 100
  const all = [...new Set(members)].sort()
  while (all.join(' ').length > room) all.splice(-2, 2, MORE_MEMBERS)
  return all.join(' ')
}

export function membersOf(description: string): readonly string[] {
  return /\. Members: ([\w -]+)$/.exec(description)?.[1]?.split(' ') ?? []
}

export function hasMark(description: string): boolean {
  return description.startsWith(MARK)
}
