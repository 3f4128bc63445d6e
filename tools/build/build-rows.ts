import { TOOL_NAMES, TOOLS, type Tool, type ToolName } from './tool-table.ts'

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
 * Groups tools that share compiled packages, the longest group first, so that the rows end at about
 * the same time. The tools of a group are built one after the other, in the order of the table.
 */
export function groupByPackages<One extends { readonly name: ToolName }>(
  tools: readonly One[],
): readonly (readonly One[])[] {
  const sorted = tools.toSorted((a, b) => TOOL_NAMES.indexOf(a.name) - TOOL_NAMES.indexOf(b.name))
  const groups = Object.values(Object.groupBy(sorted, ({ name }) => groupOf(name))) as One[][]
  return groups.sort((a, b) => sumSeconds(b) - sumSeconds(a))
}

function groupOf(name: ToolName): string {
  const { folder, shares = folder }: Tool = TOOLS[name]
  return shares
}

function sumSeconds(tools: readonly { readonly name: ToolName }[]): number {
  return tools.reduce((sum, { name }) => sum + TOOLS[name].seconds, 0)
}

/** What two rows save of the time of one, on two cores: one build keeps most of both busy. */
const SAVED = 0.1

/** Estimates how long the builds take in two rows on a machine with two cores. */
export function estimateSeconds(tools: readonly { readonly name: ToolName }[]): number {
  return sumSeconds(tools) * (1 - SAVED)
}
