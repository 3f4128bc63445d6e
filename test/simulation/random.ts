/** A stream of random numbers from a seed. Forks are independent of each other. */
export interface Random {
  (): number
  /** An integer from `from` to `to`, both included. */
  int(from: number, to: number): number
  pick<T>(of: readonly T[]): T
  chance(probability: number): boolean
  /** An independent stream. */
  fork(name: string): Random
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return Object.assign(next, {
    int,
    pick: <T>(of: readonly T[]): T => of[int(0, of.length - 1)] as T,
    chance: (probability: number) => next() < probability,
    fork: (name: string) => createRandom(hash(`${seed} ${name}`)),
  })
}

/**
 * Creates random streams by key. The fate of a request depends only on its key and on how often the
 * key was used before, not on other requests. A recorded run therefore changes little when the
 * program sends more or fewer other requests.
 */
export function createStreams(random: Random): (key: string) => Random {
  const streams = new Map<string, Random>()
  return (key) => {
    const known = streams.get(key)
    if (known !== undefined) return known
    const created = random.fork(key)
    streams.set(key, created)
    return created
  }
}

function hash(text: string): number {
  let value = 2166136261
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16777619)
  return Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0
}
