/** A cluster in which something once went wrong; one of the first 50 seeds runs in any case. */
export interface Found {
  readonly seed: number
  readonly finding: string
}

/** Findings 1, 2, 10, 12, 16 and 20: of a review of the commit 4702e9f; without their fixes these seeds find them. */
export const FOUND: readonly Found[] = [
  { seed: 66, finding: '1: the template of an operator at 0 replicas loses the old Secret that it names' },
  { seed: 1, finding: '2: the old Secret is deleted while a volume uses it' },
  { seed: 5, finding: '10: an uninstall takes an entry out of a list that GitOps applies' },
  { seed: 6, finding: 'a configuration that cannot be read is reported as a conflict with another release too' },
  { seed: 8, finding: '16: the old Secret is deleted, and RAM lets the new one pull other repositories only' },
  { seed: 13, finding: "20: an uninstall deletes the release's namespace with a Rollout of somebody else in it" },
  { seed: 2, finding: '12: a machine whose clock is ahead makes a healthy cluster red, and a restart is printed' },
  { seed: 18, finding: 'a credential that has expired counts as current on a machine whose clock is behind' },
  { seed: 46, finding: '`acr-nopass refresh` is printed without the release where there are two, and refused' },
  { seed: 46, finding: '`acr-nopass refresh` from a machine whose clock is behind waits in vain' },
  { seed: 430931048, finding: 'old Secrets that are not recognized stay, and the references to them go' },
  { seed: 430931064, finding: "the ServiceAccount of Alibaba's helper is deleted while a binding gives it rights" },
  { seed: 786099504, finding: 'the image of a Prometheus, which has no containers of its own, is overlooked' },
  { seed: 786099498, finding: 'without a report of the helper a Pod counts as one of another instance' },
  {
    seed: 1520029442,
    finding: 'without the right to read ServiceAccounts a Pod with a list of its own counts as too old',
  },
]
