/** What `work` returns, or `otherwise` if it throws. */
export function orElse<T, U>(work: () => T, otherwise: U): T | U {
  try {
    return work()
  } catch {
    return otherwise
  }
}
