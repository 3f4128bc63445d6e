/**
 * Whether a Pod without our entry has the list that its ServiceAccount had before we added it: nothing, or today's without
 * our entry. Otherwise the list is the Pod's own, and hides the ServiceAccount's.
 */
export function isCopiedList(pod: readonly string[], account: readonly string[], secretName: string): boolean {
  const before = account.filter((name) => name !== secretName)
  return pod.length === 0 || (pod.length === before.length && before.every((name) => pod.includes(name)))
}
