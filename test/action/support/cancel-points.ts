/** A moment at which a job is cancelled, and the state at that moment. */
export interface CancelPoint {
  readonly index: number
  /**
   * Counted from the start of the action, from the start of helm, or from the creation of helm's
   * revision.
   */
  readonly after: 'start' | 'helm' | 'pending'
  readonly milliseconds: number
  /** `upgrade`: there is a good release. `install`: there is no release. */
  readonly command: 'upgrade' | 'install'
  /** The new Pod never becomes ready, so that helm is certainly waiting. */
  readonly stuck: boolean
  /** The machine and helm are lost together, so no program gets a signal and no post step runs. */
  readonly lost: boolean
  /** Which Helm is used. Every kind of moment alternates between the two Helms. */
  readonly helm: HelmName
}

export type HelmName = 'helm3' | 'helm4'

/**
 * Returns the points of a seed. The same seed gives the same points, and a longer list begins with
 * the shorter one.
 */
export function cancelPoints(seed: number, count: number): readonly CancelPoint[] {
  // The choice of Helm uses a separate seed, so that the moments equal those of a soak with one
  // Helm.
  const coin = createRandom(seed ^ 0x48656c6d)
  const turns = new Map<string, HelmName>()
  const nextHelm = (kind: string): HelmName => {
    const last = turns.get(kind) ?? (coin() < 0.5 ? 'helm3' : 'helm4')
    const next = last === 'helm3' ? 'helm4' : 'helm3'
    turns.set(kind, next)
    return next
  }
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const after = (['start', 'helm', 'pending'] as const)[index % 3] ?? 'start'
    const milliseconds = Math.round(random() * (after === 'start' ? 3000 : 2500))
    const command = index % 5 === 4 ? 'install' : 'upgrade'
    const [stuck, lost] = [index % 2 === 1, index % 8 === 7]
    const helm = nextHelm(lost ? 'lost' : `${after} ${command} ${stuck}`)
    return { index, after, milliseconds, command, stuck, lost, helm }
  })
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

export function describePoint({ after, milliseconds, command, stuck, lost, helm }: CancelPoint): string {
  const end = lost ? 'the machine is lost' : 'cancelled'
  return `${helm}: ${command}, ${end} ${milliseconds} ms after ${after}${stuck ? ', waiting' : ''}`
}
