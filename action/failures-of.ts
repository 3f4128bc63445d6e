/**
 * Returns the failures of several writes. The work is complete by now, so a failed write is
 * reported and the other writes continue.
 */
export async function failuresOf(writes: readonly (() => void | Promise<void>)[]): Promise<readonly string[]> {
  const failures: string[] = []
  for (const write of writes) {
    try {
      await write()
    } catch (cause) {
      failures.push(cause instanceof Error ? cause.message : String(cause))
    }
  }
  return failures
}
