import { formatDuration } from '../../src/lib/format-duration.ts'
import { estimateSeconds } from './build-rows.ts'
import type { PinnedTool } from './find-tool.ts'

interface PlannedWork {
  readonly missing: readonly PinnedTool[]
  readonly toBuild: readonly PinnedTool[]
  /** Whether the user asked to build all. */
  readonly build: boolean
  /** The servers of releases that do not answer. */
  readonly silent: readonly string[]
}

/** Says what a command does before its own work, and how long that takes. */
export function announceWork({ missing, toBuild, build, silent }: PlannedWork): string {
  const toDownload = missing.filter((tool) => !toBuild.includes(tool))
  const lines: string[] = []
  if (toDownload.length > 0) {
    lines.push(`To download once and compare with the hashes in tools/build/releases.yaml: ${listTools(toDownload)}`)
  }
  if (silent.length > 0) lines.push(`Nothing is downloaded from ${silent.join(' and ')}: no answer.`)
  if (toBuild.length > 0) {
    const why = build ? ' (--build)' : ''
    const time = formatDuration(estimateSeconds(toBuild) * 1000)
    lines.push(`To build once${why}, about ${time} on two idle cores: ${listTools(toBuild)}`)
  }
  return lines.join('\n')
}

function listTools(tools: readonly PinnedTool[]): string {
  return tools.map(({ name, version }) => `${name} ${version}`).join(', ')
}
