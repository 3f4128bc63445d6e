import { NopassError } from '../../errors.ts'
import type { Progress } from '../progress.ts'
import { ensureTools } from './ensure-tools.ts'
import type { Host } from './host.ts'
import { cleanTools, listTools } from './inventory.ts'
import { isToolName, TOOL_NAMES, TOOLS, type ToolName } from './tool-table.ts'

export interface ToolsContext {
  readonly progress: Progress
  readonly print: (text: string) => void
  readonly host: Host
  readonly signal: AbortSignal
}

/**
 * Runs `npm run tools -- [list | clean | NAME…]`. Without arguments it builds all tools of this platform except those
 * on demand.
 * @throws TOOL_UNKNOWN and the codes of `ensureTools`
 */
export async function runTools(words: readonly string[], context: ToolsContext): Promise<void> {
  const { host, print, signal } = context
  if (words[0] === 'list') return print(await listTools(host, signal))
  if (words[0] === 'clean') return print(await cleanTools(host))
  const paths = await ensureTools(words.length > 0 ? words.map(toName) : defaultTools(host), context)
  const width = Math.max(...Object.keys(paths).map((name) => name.length))
  for (const [name, path] of Object.entries(paths)) print(`${name.padEnd(width)}  ${path}`)
}

function defaultTools(host: Host): ToolName[] {
  return TOOL_NAMES.filter((name) => !TOOLS[name].onDemand && (host.platform === 'linux' || !TOOLS[name].linuxOnly))
}

function toName(word: string): ToolName {
  if (isToolName(word)) return word
  throw new NopassError('TOOL_UNKNOWN', `${word} is not one of ${TOOL_NAMES.join(', ')}, list, clean`)
}
