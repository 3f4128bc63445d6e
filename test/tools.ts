import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentProgress } from '../src/sandbox/progress.ts'
import { ensureTools, type ToolPaths } from '../src/sandbox/toolchest/ensure-tools.ts'
import type { ToolName } from '../src/sandbox/toolchest/tool-table.ts'

/**
 * The paths of the tools that a test file needs. `npm test` has them ready and passes them on (`ACR_NOPASS_TOOL_PATHS`);
 * a file that is run alone (`node --test test/…`) looks for them itself, and builds what is missing.
 */
export async function testTools<Name extends ToolName>(...names: readonly Name[]): Promise<Pick<ToolPaths, Name>> {
  const given: Partial<ToolPaths> = JSON.parse(process.env.ACR_NOPASS_TOOL_PATHS ?? '{}')
  if (names.every((name) => given[name])) return given as ToolPaths
  return ensureTools(names, { progress: silentProgress, signal: AbortSignal.timeout(3_600_000) })
}

/** A folder for what the programs of a test write; kept after the run under `npm test` (`.cache/test-logs`), else temporary. */
export function logFolder(name: string): string {
  const parent = process.env.ACR_NOPASS_TEST_LOGS ?? mkdtempSync(join(tmpdir(), 'acr-nopass-logs-'))
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  return folder
}
