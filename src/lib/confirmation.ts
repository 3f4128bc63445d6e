/**
 * What a removal is confirmed with in every command: the name of what is removed, and from how many
 * clusters.
 */
export function confirmationOf(name: string, clusters: number): string {
  return `${name}/${clusters}`
}
