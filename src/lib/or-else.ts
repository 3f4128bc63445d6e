/** Returns the result of `work`, or `otherwise` if `work` throws. */
export function orElse<T, U>(work: () => T, otherwise: U): T | U {
  try {
    return work()
  } catch {
    return otherwise
  }
}
