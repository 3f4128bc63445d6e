import { TOOLS, type ToolName } from './tool-table.ts'

/** What a machine has for builds. */
export interface Capacity {
  readonly cores: number
  readonly memory: number
}

/** A link of kube-apiserver takes up to 2 GB, next to the compilers of the other row. */
const MEMORY_OF_TWO = 6e9

/**
 * Returns how many rows of builds run side by side. One `go build` keeps about one and a half cores
 * busy: it waits for single large packages and for the linker. A second one fills the gaps; a third
 * one only takes memory.
 */
export function countRows({ cores, memory }: Capacity): 1 | 2 {
  return cores >= 2 && memory >= MEMORY_OF_TWO ? 2 : 1
}

/**
 * Groups tools by their module, the longest group first, so that the rows end at about the same
 * time. Tools of one module share compiled packages, so they are built one after the other.
 */
export function groupByModule<Tool extends { readonly name: ToolName }>(
  tools: readonly Tool[],
): readonly (readonly Tool[])[] {
  const groups = Object.values(Object.groupBy(tools, ({ name }) => TOOLS[name].folder)) as Tool[][]
  return groups.sort((a, b) => sumSeconds(b) - sumSeconds(a))
}

function sumSeconds(tools: readonly { readonly name: ToolName }[]): number {
  return tools.reduce((sum, { name }) => sum + TOOLS[name].seconds, 0)
}

/** Estimates how long the builds take in two rows on a machine with two cores. */
export function estimateSeconds(tools: readonly { readonly name: ToolName }[]): number {
  const groups = groupByModule(tools)
  return Math.max(sumSeconds(tools) / 2, ...groups.map(sumSeconds))
}
