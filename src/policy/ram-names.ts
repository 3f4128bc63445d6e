import type { Tag } from '../alibaba/ram.ts'
import { sha256 } from '../lib/text.ts'

/** RAM's limits for names. */
const POLICY_NAME = 128
const ROLE_NAME = 64

/**
 * Identifies a cluster in the names of its policy and role: ACK's id, or for a self-built one the
 * kube-system UID.
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
 * `acr-nopass-<cluster id>`; clusters that share a worker role share a policy that is named after
 * the role.
 */
export function policyName(of: { readonly cluster: string } | { readonly sharedRole: string }): string {
  return fit(`acr-nopass-${'cluster' in of ? of.cluster : of.sharedRole}`, POLICY_NAME)
}

/**
 * The second policy, for what the first one has no room for until it is narrowed; for a pattern
 * with `*`, the pattern.
 */
export function nextPolicyName(name: string): string {
  return name.endsWith('*') ? `${name}-next` : fit(`${name}-next`, POLICY_NAME)
}

export function rrsaRoleName(cluster: string): string {
  return fit(`acr-nopass-${cluster}`, ROLE_NAME)
}

/**
 * RAM allows letters, digits and hyphens; a changed name gets a hash, so that names stay unique.
 */
function fit(name: string, limit: number): string {
  const plain = name.replace(/[^A-Za-z0-9-]/g, '-')
  if (plain === name && name.length <= limit) return name
  const hash = sha256(name).slice(0, 8)
  return `${plain.slice(0, limit - 9)}-${hash}`
}

const MARK = 'Managed by acr-nopass'

/** Marks what acr-nopass owns. */
export const OWNER_TAG: Tag = { key: 'managed-by', value: 'acr-nopass' }

/** RAM's limit for a description. */
const DESCRIPTION = 1024

/**
 * The description of what acr-nopass owns; `purpose` is for example `cluster prod`. The members of
 * a shared policy are never cut, because they decide which release can narrow it; the purpose is.
 */
export function ownDescription(purpose: string, members: readonly string[] = []): string {
  const end = `. Changed and removed by it alone.${members.length === 0 ? '' : ` Members: ${recorded(members)}`}`
  return `${MARK} for ${purpose}`.slice(0, Math.max(MARK.length, DESCRIPTION - end.length)) + end
}

/** The same mark where Terraform changes and removes the resource. */
export function terraformDescription(purpose: string): string {
  return `${MARK} for ${purpose}. Changed and removed by Terraform.`.slice(0, DESCRIPTION)
}

/** Replaces members that do not fit into a description; a policy with it is never narrowed. */
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
