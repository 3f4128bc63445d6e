/** A cluster in which a check once failed. One of the first 50 seeds runs in any case. */
export interface Found {
  readonly seed: number
  readonly finding: string
}

/**
 * Each of these seeds failed before its fix. A later rule of the removal may now keep the old
 * helper for another reason as well.
 */
export const FOUND: readonly Found[] = [
  { seed: 66, finding: 'the template of an operator at 0 replicas loses the old Secret that it references' },
  { seed: 5, finding: 'an uninstall removes an entry from a list that GitOps applies' },
  { seed: 6, finding: 'a configuration that cannot be read is also reported as a conflict with another release' },
  { seed: 13, finding: "an uninstall deletes the release's namespace while it contains another client's Rollout" },
  { seed: 2, finding: 'a machine whose clock is ahead makes a healthy cluster fail, and a restart is printed' },
  { seed: 18, finding: 'a credential that has expired counts as current on a machine whose clock is behind' },
  { seed: 46, finding: '`acr-nopass refresh` is printed without the release although there are two, and fails' },
  { seed: 46, finding: '`acr-nopass refresh` from a machine whose clock is behind waits in vain' },
  { seed: 430931048, finding: 'unrecognized old Secrets stay, but the references to them are removed' },
  {
    seed: 430931064,
    finding: "the ServiceAccount of Alibaba's helper is deleted while a binding grants it permissions",
  },
  { seed: 786099504, finding: 'the image of a Prometheus, which has no containers of its own, is overlooked' },
  { seed: 786099498, finding: 'without a report of the helper the image of a Pod counts as one of another instance' },
  {
    seed: 1520029442,
    finding: 'without permission to read ServiceAccounts a Pod with its own list counts as too old',
  },
]
