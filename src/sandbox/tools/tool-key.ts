import { createHash } from 'node:crypto'
import type { GoModule } from './go-build.ts'
import { isOlder } from './go-program.ts'
import type { Host } from './host.ts'
import type { Tool } from './tool-table.ts'

/** Everything that determines the bytes of a build, except the Go version. */
export interface BuildPlan {
  readonly package: string
  readonly arguments: readonly string[]
  readonly cgo: boolean
}

/** The arguments of `go build` for a tool at a version, without the output and the package. */
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

/** Identifies a build by source, flags and platform: the same key is the same program. */
export function sourceKey(
  module: Pick<GoModule, 'hash'>,
  plan: BuildPlan,
  host: Pick<Host, 'platform' | 'arch'>,
): string {
  const parts = [module.hash, plan, host.platform, host.arch]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** The Go version that a build uses: the machine's, or the newer one that the module requires. */
export function effectiveGo(machine: string, module: Pick<GoModule, 'go'>): string {
  return isOlder(machine, module.go) ? module.go : machine
}

/** The name of the cache folder of one build. */
export function buildKey(source: string, go: string): string {
  return `${source}-go${go}`
}
