export type Defect =
  | 'no-lease'
  | 'stale-lease'
  | 'no-guard'
  | 'no-role'
  | 'no-deployment'
  | 'scaled-down'
  | 'not-ready'
  | 'no-report'
  | 'bad-config'
  | 'no-secret'
  | 'foreign-secret'
  | 'changed-secret'
  | 'expired-secret'
  | 'no-entry'
  | 'no-policy'

/** Ways in which a release breaks. For each, doctor must report exactly this finding. */
export const DEFECT_FINDINGS: Readonly<Record<Defect, readonly string[]>> = {
  'no-lease': ['HELPER_LEADERLESS'],
  'stale-lease': ['HELPER_LEADERLESS'],
  'no-guard': ['GUARD_MISSING'],
  'no-role': ['RIGHTS_MISSING'],
  'no-deployment': ['HELPER_DOWN'],
  'scaled-down': ['HELPER_DOWN'],
  'not-ready': ['HELPER_DOWN'],
  'no-report': ['HELPER_SILENT'],
  'bad-config': ['CONFIG_UNREADABLE'],
  'no-secret': ['SECRET_MISSING'],
  'foreign-secret': ['SECRET_FOREIGN'],
  'changed-secret': ['SECRET_CHANGED'],
  'expired-secret': ['SECRET_EXPIRED'],
  'no-entry': ['ACCOUNT_UNATTACHED'],
  'no-policy': ['POLICY_MISSING'],
}

/**
 * The defects that every release can have. `no-policy` requires a release that adds the reference
 * at admission.
 */
export const DEFECTS: readonly Defect[] = (Object.keys(DEFECT_FINDINGS) as Defect[]).filter(
  (name) => name !== 'no-policy',
)
