import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { renderTable } from '../../src/lib/text.ts'
import { acquireLock } from '../bootstrap/lock.mjs'
import { type Host, moduleLock } from '../host.ts'
import type { Progress } from '../progress.ts'
import { TestbedError } from '../testbed-error.ts'
import { ensureTools } from './ensure-tools.ts'
import { buildsFolder, findTool, isBuildOf, pinnedTool } from './find-tool.ts'
import { TOOL_OPTIONS } from './tool-options.ts'
import { isToolName, TOOL_NAMES, TOOLS, type ToolName } from './tool-table.ts'

const USAGE = `npm run tools [-- NAME… OPTIONS]   downloads or builds these pinned programs, or all that are missing

  list           what is there: name, version, source, size and age
  clean          removes builds of other versions, and unfinished ones
  --build        build also what could be downloaded
  --keep-caches  keep what was compiled for these builds
  -h, --help     this text`

interface ToolsContext {
  readonly progress: Progress
  readonly print: (text: string) => void
  readonly host: Host
  readonly signal: AbortSignal
}

/**
 * Runs `npm run tools -- [list | clean | NAME…] [OPTIONS]`. Without names it
 * downloads or builds all tools of this platform except those on demand.
 * @throws TOOL_UNKNOWN and the codes of `ensureTools`
 */
export async function runTools(args: readonly string[], context: ToolsContext): Promise<void> {
  const { host, print } = context
  const { words, help, ...choices } = readArguments(args)
  if (help) return print(USAGE)
  if (words[0] === 'list') return print(await listTools(host))
  if (words[0] === 'clean') return print(await cleanTools(host))
  const names = words.length > 0 ? words.map(toName) : defaultTools(host)
  const paths = await ensureTools(names, { ...context, ...choices })
  const width = Math.max(...Object.keys(paths).map((name) => name.length))
  for (const [name, path] of Object.entries(paths)) print(`${name.padEnd(width)}  ${path}`)
}

function readArguments(args: readonly string[]) {
  try {
    const options = { ...TOOL_OPTIONS, help: { type: 'boolean', short: 'h', default: false } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return { words: positionals, help: values.help, build: values.build, keepCaches: values['keep-caches'] }
  } catch (cause) {
    throw new TestbedError('TOOL_UNKNOWN', 'the options are --build and --keep-caches', { cause })
  }
}

function defaultTools(host: Host): ToolName[] {
  return TOOL_NAMES.filter((name) => !TOOLS[name].onDemand && (host.platform === 'linux' || !TOOLS[name].linuxOnly))
}

function toName(word: string): ToolName {
  if (isToolName(word)) return word
  throw new TestbedError('TOOL_UNKNOWN', `${word} is not one of ${TOOL_NAMES.join(', ')}, list, clean`)
}

/** Returns a table of all tools: name, version, source, size, age. */
async function listTools(host: Host): Promise<string> {
  const rows: string[][] = []
  for (const name of TOOL_NAMES) {
    const tool = await pinnedTool(name, host)
    const found = await findTool(tool, host)
    const file = found && (await stat(found.path))
    const absent = TOOLS[name].linuxOnly && host.platform !== 'linux' ? 'Linux only' : 'missing'
    const [size, age] = file ? [`${Math.round(file.size / 1e6)} MB`, formatAge(Date.now() - file.mtimeMs)] : ['', '']
    rows.push([name, tool.version, found?.source ?? absent, size, age])
  }
  return renderTable(['NAME', 'VERSION', 'SOURCE', 'SIZE', 'AGE'], rows)
}

/** Removes outdated and unfinished builds. Returns a line that reports the removal. */
async function cleanTools(host: Host): Promise<string> {
  const folder = buildsFolder('', host)
  let removed = 0
  let freed = 0
  for (const name of await readdir(folder).catch(() => [])) {
    const tool = isToolName(name) ? await pinnedTool(name, host) : undefined
    const release = await acquireLock(moduleLock(tool ? TOOLS[tool.name].folder : name, host), { what: 'cleaning' })
    try {
      for (const entry of await readdir(join(folder, name))) {
        if (tool && isBuildOf(tool, entry)) continue
        const path = join(folder, name, entry)
        freed += await sizeOf(join(path, name))
        removed++
        await rm(path, { recursive: true, force: true })
      }
    } finally {
      release()
    }
  }
  return `removed ${removed} old build${removed === 1 ? '' : 's'}, ${Math.round(freed / 1e6)} MB`
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (file) => file.size,
    () => 0,
  )
}

function formatAge(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  if (minutes < 120) return `${minutes} min`
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`
}
