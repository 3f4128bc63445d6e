import { createHash } from 'node:crypto'
import type { Tag } from '../alibaba/ram.ts'

/** RAM's limits for names. */
const POLICY_NAME = 128
const ROLE_NAME = 64

/** The policy, and with RRSA the role, of one cluster: ACK's id, or of a self-built one the kube-system UID. */
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

/** `acr-nopass-<cluster id>`; clusters that share a worker role share one policy that is named after the role. */
export function policyName(of: { readonly cluster: string } | { readonly sharedRole: string }): string {
  return fit(`acr-nopass-${'cluster' in of ? of.cluster : of.sharedRole}`, POLICY_NAME)
}

/** What a policy has no room for during a rollout, until it is narrowed, is in a second one beside it; of names with `*`, the pattern. */
export function nextPolicyName(name: string): string {
  return name.endsWith('*') ? `${name}-next` : fit(`${name}-next`, POLICY_NAME)
}

/** The role for RRSA of one cluster. */
export function rrsaRoleName(cluster: string): string {
  return fit(`acr-nopass-${cluster}`, ROLE_NAME)
}

/** RAM takes letters, digits and hyphens; a name that had to be changed gets a hash, so that two never meet. */
function fit(name: string, limit: number): string {
  const plain = name.replace(/[^A-Za-z0-9-]/g, '-')
  if (plain === name && name.length <= limit) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${plain.slice(0, limit - 9)}-${hash}`
}

const MARK = 'Managed by acr-nopass'

/** The tag of what is ours. */
export const OWNER_TAG: Tag = { key: 'managed-by', value: 'acr-nopass' }

/** RAM's limit for a description. */
const DESCRIPTION = 1024

/**
 * The description of what is ours; `purpose` names for whom, such as `cluster prod`. The members of a shared policy come
 * last, because who may narrow it depends on them: they are never cut, the purpose is.
 */
export function ownDescription(purpose: string, members: readonly string[] = []): string {
  const end = `. Changed and removed by it alone.${members.length === 0 ? '' : ` Members: ${recorded(members)}`}`
  return `${MARK} for ${purpose}`.slice(0, Math.max(MARK.length, DESCRIPTION - end.length)) + end
}

/** Stands for members that have no room in a description: then it is never known that all are here. */
export const MORE_MEMBERS = 'more'

function recorded(members: readonly string[]): string {
  const room = DESCRIPTION - 100
  const all = [...new Set(members)].sort()
  while (all.join(' ').length > room) all.splice(-2, 2, MORE_MEMBERS)
  return all.join(' ')
}

/** The members that a description records. */
export function membersOf(description: string): readonly string[] {
  return /\. Members: ([\w -]+)$/.exec(description)?.[1]?.split(' ') ?? []
}

/** Whether a description carries our mark. */
export function hasMark(description: string): boolean {
  return description.startsWith(MARK)
}
