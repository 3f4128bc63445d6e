import { randomBytes } from 'node:crypto'

/** What a run may create in RAM, by the kinds of RAM. */
export type CreatedKind = 'role' | 'policy' | 'oidc-provider'

/** An object that a run creates: its kind and its name. */
export interface CreatedObject {
  readonly kind: CreatedKind
  readonly name: string
  readonly purpose: string
}

export type MatchId = 'MATCH_WILDCARD_INSIDE' | 'MATCH_QUESTION_MARK' | 'MATCH_CASE' | 'MATCH_NOT_RESOURCE'
export type FingerprintId =
  | 'OIDC_ROOT_FINGERPRINT'
  | 'OIDC_NO_FINGERPRINT'
  | 'OIDC_LEAF_FINGERPRINT'
  | 'OIDC_WRONG_FINGERPRINT'

const MATCH_SUFFIX: Readonly<Record<MatchId, string>> = {
  MATCH_WILDCARD_INSIDE: 'wildcard',
  MATCH_QUESTION_MARK: 'question-mark',
  MATCH_CASE: 'case',
  MATCH_NOT_RESOURCE: 'not-resource',
}
const PROVIDER_SUFFIX: Readonly<Record<FingerprintId, string>> = {
  OIDC_ROOT_FINGERPRINT: 'root',
  OIDC_NO_FINGERPRINT: 'none',
  OIDC_LEAF_FINGERPRINT: 'leaf',
  OIDC_WRONG_FINGERPRINT: 'wrong',
}
export const MATCH_IDS: readonly MatchId[] = Object.keys(MATCH_SUFFIX) as MatchId[]
/** In the order in which they are asked: the provider that should work comes first. */
export const FINGERPRINT_IDS: readonly FingerprintId[] = Object.keys(PROVIDER_SUFFIX) as FingerprintId[]

/** Every name begins with this text, so one policy can allow them all. */
export const PREFIX: string = 'acr-nopass-live-'

const RUN_ID = /^[0-9a-f]{16}$/

export const newRunId = (): string => randomBytes(8).toString('hex')
export const isRunId = (text: string): boolean => RUN_ID.test(text)

/** Returns the names of everything that a run may create. They all hold the run's random ID. */
export function namesOf(run: string) {
  const base = `${PREFIX}${run}`
  return {
    /** The description of every object. An object without it is not the run's. */
    mark: `acr-nopass live run ${run}`,
    role: base,
    policy: base,
    matching: (id: MatchId): string => `${base}-${MATCH_SUFFIX[id]}`,
    /** The policy that shows that an action is authorized by resource at all. */
    control: (id: MatchId): string => `${base}-${MATCH_SUFFIX[id]}-exact`,
    provider: (id: FingerprintId): string => `${base}-${PROVIDER_SUFFIX[id]}`,
  }
}

/** Returns everything that a run may create, in the order of the creations. */
export function objectsOf(run: string, withProviders: boolean): readonly CreatedObject[] {
  const names = namesOf(run)
  return [
    { kind: 'role', name: names.role, purpose: 'trusts the caller, and is assumed for every question' },
    { kind: 'policy', name: names.policy, purpose: 'lets the role pull the named repositories' },
    ...MATCH_IDS.map((id): CreatedObject => {
      return { kind: 'policy', name: names.matching(id), purpose: `one read-only action, for ${id}` }
    }),
    ...MATCH_IDS.map((id): CreatedObject => {
      return { kind: 'policy', name: names.control(id), purpose: 'the same for the exact resource, if it is denied' }
    }),
    ...(withProviders ? FINGERPRINT_IDS : []).map((id): CreatedObject => {
      return { kind: 'oidc-provider', name: names.provider(id), purpose: `for ${id}; removed before the next one` }
    }),
  ]
}
