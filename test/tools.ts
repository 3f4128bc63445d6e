import { ensureTools, type ToolPaths } from '../tools/build/ensure-tools.ts'
import type { ToolName } from '../tools/build/tool-table.ts'
import { silentProgress } from './support/silent-progress.ts'

/**
 * The paths of the tools that a test file needs. `npm test` has them ready and passes them on
 * (`ACR_NOPASS_TOOL_PATHS`); a file that is run alone (`node --test test/…`) looks for them itself,
 * and builds what is missing.
 */
export async function testTools<Name extends ToolName>(...names: readonly Name[]): Promise<Pick<ToolPaths, Name>> {
  const given: Partial<ToolPaths> = JSON.parse(process.env.ACR_NOPASS_TOOL_PATHS ?? '{}')
  if (names.every((name) => given[name])) return given as ToolPaths
  return ensureTools(names, { progress: silentProgress, signal: AbortSignal.timeout(3_600_000) })
}
