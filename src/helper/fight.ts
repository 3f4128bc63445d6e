/** This many losses within `FIGHT_WINDOW_MS` count as a fight with another writer. */
const FIGHT_LOSSES = 3
export const FIGHT_WINDOW_MS: number = 10 * 60_000
/** The pause between two attempts in a fight. */
const FIGHT_PAUSE_MS = 60_000

/** Until when (monotonic) an object that another writer keeps changing is left alone; undefined: it may be written now. */
export function fightPause(losses: readonly number[], now: number): number | undefined {
  const recent = losses.filter((at) => now - at < FIGHT_WINDOW_MS)
  const last = recent.at(-1)
  if (recent.length < FIGHT_LOSSES || last === undefined || now >= last + FIGHT_PAUSE_MS) return undefined
  return last + FIGHT_PAUSE_MS
}
