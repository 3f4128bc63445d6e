/**
 * The text that confirms a removal, in every command: the name of what is removed, and the number
 * of clusters.
 */
export function confirmationOf(name: string, clusters: number): string {
  return `${name}/${clusters}`
}
