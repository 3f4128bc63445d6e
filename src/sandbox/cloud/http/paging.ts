/** CR's and CS's paging: pages numbered from 1. */
export function numberedPage<T>(all: readonly T[], number: number, size: number): readonly T[] {
  return all.slice((number - 1) * size, number * size)
}
