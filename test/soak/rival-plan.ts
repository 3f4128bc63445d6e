type HelmName = 'helm3' | 'helm4'

/**
 * The actions of the deployers in one run, with their times. The same seed and number give the same
 * plan.
 */
export interface RivalPlan {
  readonly actions: readonly ActionPlan[]
  readonly person: readonly PersonStep[]
}

export interface ActionPlan {
  readonly by: string
  readonly helm: HelmName
  /** Milliseconds after the start of the run. */
  readonly at: number
  readonly kind: 'good' | 'waits' | 'crashes'
  /** True if the values need more permissions in RAM than the values of the other actions. */
  readonly wide: boolean
  readonly verify: boolean
  readonly cancel?: { readonly signal: 'SIGTERM' | 'SIGKILL'; readonly after: number }
}

export interface PersonStep {
  readonly by: string
  readonly helm: HelmName
  readonly at: number
  readonly cluster: number
  readonly command: 'upgrade' | 'rollback' | 'uninstall'
}

export function rivalPlan(seed: number, run: number): RivalPlan {
  const random = createRandom(Math.imul(seed ^ 0x5f356495, run * 2 + 1) ^ run)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(...from: readonly [T, ...T[]]): T => from[below(from.length)] ?? from[0]
  const helm = (): HelmName => pick<HelmName>('helm3', 'helm4')
  const actions = ['first', 'second'].map((by): ActionPlan => {
    const cancel = below(10) < 3 && { signal: pick<'SIGTERM' | 'SIGKILL'>('SIGTERM', 'SIGKILL'), after: below(9000) }
    return {
      by,
      helm: helm(),
      at: below(8000),
      kind: pick('good', 'good', 'good', 'waits', 'crashes'),
      wide: below(2) === 0,
      verify: below(2) === 0,
      ...(cancel && { cancel }),
    }
  })
  const person = Array.from({ length: 1 + below(3) }, (_, index): PersonStep => {
    const command = pick('upgrade', 'upgrade', 'rollback', 'rollback', 'rollback', 'uninstall')
    return { by: `person${index}`, helm: helm(), at: below(12_000), cluster: below(2), command }
  })
  return { actions, person: person.toSorted((a, b) => a.at - b.at) }
}

function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The state of a cluster when all deployers have finished. */
export interface RivalEnd {
  readonly cluster: string
  readonly revisions: readonly { readonly revision: number; readonly status: string; readonly by: string }[]
  /** The content of the live Deployment; undefined: it does not exist. */
  readonly live: string | undefined
  /** Revisions that were reported as successful, and by whom. */
  readonly green: readonly { readonly revision: number; readonly by: string; readonly whose: string }[]
  /** True if the release was removed manually, so that revision numbers start again. */
  readonly uninstalled: boolean
  /** True if RAM grants what `wide` values need. */
  readonly grantsWide: boolean
  /** True if the deployed revision has `wide` values and is not the result of a manual rollback. */
  readonly needsWide: boolean
}

/** Broken promises; empty when all is well. */
export function findRivalBreaches(end: RivalEnd): readonly string[] {
  const { cluster, revisions, live, green, uninstalled } = end
  const deployed = revisions.filter(({ status }) => status === 'deployed')
  const pending = revisions.filter(({ status }) => status.startsWith('pending'))
  const newest = green.toSorted((a, b) => a.revision - b.revision).at(-1)
  const now = deployed.at(-1)
  return [
    ...(deployed.length > 1 ? [`${cluster}: ${deployed.length} revisions are deployed`] : []),
    ...pending.map(({ revision, status }) => `${cluster}: revision ${revision} is ${status}`),
    ...(!uninstalled && newest !== undefined && now?.by !== newest.by
      ? [
          `${cluster}: revision ${newest.revision} of ${newest.by} was green for ${newest.whose}, and ${now?.by} is deployed`,
        ]
      : []),
    ...(!uninstalled && now !== undefined && live !== now.by
      ? [`${cluster}: revision ${now.revision} of ${now.by} is deployed, and ${live} is in the cluster`]
      : []),
    ...(end.needsWide && !end.grantsWide ? [`${cluster}: RAM lacks what is deployed`] : []),
  ]
}
