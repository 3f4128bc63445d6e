import type { ClusterFacts } from './facts.ts'

export type IdentityType = 'rrsa' | 'worker-role' | 'access-key'

/** The Secret that an AccessKey is read from. */
export const KEY_SECRET = 'acr-nopass-key'

export interface IdentityDecision {
  readonly type: IdentityType
  /** Why, as the end of a sentence about the cluster. */
  readonly why: string
  /** What a person has to do before `plan`. */
  readonly todo?: string
}

/**
 * Decides how the helper of a cluster authenticates, as docs/en/cluster-kinds.md describes.
 * Returns undefined if the facts do not decide it. The user then decides.
 */
export function decideIdentity(facts: Pick<ClusterFacts, 'kind' | 'detail'>): IdentityDecision | undefined {
  const { kind, detail } = facts
  if (kind === 'registered') {
    return { type: 'access-key', why: 'a registered cluster has neither RRSA nor a worker role', todo: CREATE_KEY }
  }
  if (kind === 'dedicated') {
    return { type: 'worker-role', why: 'a dedicated cluster has no RRSA, so the helper uses the RAM role of the nodes' }
  }
  if (detail?.rrsa.enabled) return { type: 'rrsa', why: 'RRSA is on, so only the helper gets the rights' }
  if (kind === 'serverless' || kind === 'acs' || kind === 'edge') {
    const state = detail === undefined ? 'whether RRSA is on could not be read' : 'RRSA is off'
    return { type: 'rrsa', why: `${KIND_NAMES[kind]} needs RRSA, and ${state}`, todo: ENABLE_RRSA }
  }
  if (detail === undefined || kind === undefined || kind === 'unknown') return undefined
  return { type: 'worker-role', why: 'RRSA is off, so the helper uses the RAM role of the nodes' }
}

/** Describes the identity that the user chose. */
export function givenIdentity(type: IdentityType): IdentityDecision {
  return { type, why: 'you chose it', ...(type === 'access-key' && { todo: CREATE_KEY }) }
}

const KIND_NAMES = { serverless: 'a Serverless cluster', acs: 'an ACS cluster', edge: 'an Edge cluster' } as const

const CREATE_KEY = `create Secret acr-nopass/${KEY_SECRET} with the keys accessKeyId and accessKeySecret of a RAM user`
const ENABLE_RRSA =
  'enable RRSA in the ACK console (Cluster Information, Basic Information, Security and Auditing); acr-nopass never does'
