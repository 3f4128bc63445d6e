import { createHash } from 'node:crypto'
import type { GoModule } from './go-build.ts'
import { isOlderRelease } from './go-program.ts'
import type { Host } from './host.ts'
import type { Tool } from './tool-table.ts'

/** The package and settings of a build. */
export interface BuildPlan {
  readonly package: string
  /** The arguments of `go build` without output and package. */
  readonly arguments: readonly string[]
  readonly cgo: boolean
}

/** Returns the build plan of a tool at a version. */
export function buildPlan(tool: Tool, version: string): BuildPlan {
  const stamps = tool.stamp(version).map((setting) => `-X ${setting}`)
  const ldflags = ['-s -w', ...(tool.cgo ? ['-extldflags -static'] : []), ...stamps].join(' ')
  const tags = tool.tags ? ['-tags', tool.tags.join(',')] : []
  return {
    package: tool.package,
    arguments: ['-trimpath', '-buildvcs=false', ...tags, '-ldflags', ldflags],
    cgo: tool.cgo === true,
  }
}

/** Identifies a build by source, flags and platform; builds with the same key and Go version are the same program. */
export function sourceKey(
  module: Pick<GoModule, 'hash'>,
  plan: BuildPlan,
  host: Pick<Host, 'platform' | 'arch'>,
): string {
  const parts = [module.hash, plan, host.platform, host.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** The Go version of a build: the machine's, or a newer one if the module requires it. */
export function effectiveGo(machine: string, module: Pick<GoModule, 'go'>): string {
  return isOlderRelease(machine, module.go) ? module.go : machine
}

/** The name of a build's folder in the cache. */
export function buildKey(source: string, go: string): string {
  return `${source}-go${go}`
}
