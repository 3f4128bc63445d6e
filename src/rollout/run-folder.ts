import { appendFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { NopassError } from '../errors.ts'
import type { ReleaseTarget } from '../helm/helm-flags.ts'
import { orElse } from '../lib/or-else.ts'
import type { ProcessId } from '../lib/process-id.ts'

/**
 * A change that has begun. If this process exits before the change is finished, the post step has
 * to finish it.
 */
export type JournalEntry = HelmBegun | ProbeMade

export interface ProbeMade {
  readonly event: 'probe-made'
  readonly id: string
  readonly target: ReleaseTarget
  /** API paths of the objects that the probe may have created. */
  readonly objects: readonly string[]
}

export interface HelmBegun {
  readonly event: 'helm-begun'
  /** The ID of the change. An upgrade also has it as a label on its revision. */
  readonly id: string
  readonly cluster: string
  readonly command: 'upgrade' | 'rollback' | 'uninstall'
  /** The process of helm. A wrapper that calls `exec` keeps this process ID. */
  readonly process: ProcessId
  readonly helm: string
  readonly target: ReleaseTarget
  /**
   * The newest revision before the change; null if there was no release. A rollback makes the next
   * revision.
   */
  readonly before: number | null
  /** The target revision of a rollback. */
  readonly good: number | null
  readonly rollback: boolean
  readonly stderrFile: string
}

const JOURNAL = 'journal.jsonl'

/**
 * The private folder of one run (mode 0700). It holds values, kubeconfigs, helm's output, and the
 * journal for the post step.
 */
export type RunFolder = ReturnType<typeof openRunFolder>

/** @throws TEMP_FOLDER, NO_DISK_SPACE */
export async function createRunFolder(parent: string): Promise<RunFolder> {
  try {
    await mkdir(parent, { recursive: true })
    return openRunFolder(await mkdtemp(join(parent, 'acr-nopass-')))
  } catch (error) {
    throw explainUnusable(explainFull(error, join(parent, 'acr-nopass'), 'the files of this run'), parent)
  }
}

/** Opens the folder of a run that exists, for the post step. */
export function openRunFolder(path: string) {
  // Synchronous, so that the entry is on disk before the process can be killed. Starts with a
  // newline, because a full disk may have truncated the entry before it.
  const note = (entry: JournalEntry | Ended): void => {
    try {
      appendFileSync(join(path, JOURNAL), `\n${JSON.stringify(entry)}`, { mode: 0o600 })
    } catch (error) {
      throw explainFull(error, path, JOURNAL)
    }
  }
  return {
    path,
    /** Writes a file with the mode 0600 and returns its path. */
    async write(name: string, text: string): Promise<string> {
      if (basename(name) !== name) throw new Error(`${JSON.stringify(name)} is not a file of the run folder`)
      const file = join(path, name)
      await writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch((error) => {
        throw explainFull(error, path, name)
      })
      return file
    },
    /** @throws an error of the file system; the change must not begin then */
    note: (entry: JournalEntry): void => note(entry),
    /**
     * Never throws. If an entry stays open, the post step checks it again and finds nothing to do.
     */
    noteEnd: (id: string): void => orElse(() => note({ event: 'ended', id }), undefined),
    remove: (): Promise<void> => rm(path, { recursive: true, force: true }),
  }
}

function explainUnusable(error: unknown, parent: string): unknown {
  if (error instanceof NopassError) return error
  const { code } = error as NodeJS.ErrnoException
  return new NopassError('TEMP_FOLDER', `nothing can be written to ${parent}`, { cause: error, reason: code })
}

/** Turns a full disk or quota into `NO_DISK_SPACE`; returns any other error unchanged. */
export function explainFull(error: unknown, path: string, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new NopassError('NO_DISK_SPACE', `no space is left in ${dirname(path)} for ${name}`, {
    hint: 'Free space on that disk (of a runner: RUNNER_TEMP) and run again.',
    cause: error,
  })
}

interface Ended {
  readonly event: 'ended'
  readonly id: string
}

export type OpenWork = Awaited<ReturnType<typeof readOpenWork>>

/** Returns the journal's entries that were not settled; empty if there is no journal. */
export async function readOpenWork(folder: RunFolder) {
  const text = await readFile(join(folder.path, JOURNAL), 'utf8').catch(() => '')
  // A truncated entry can be ignored, because its change did not begin.
  const entries = text.split('\n').flatMap((line): (JournalEntry | Ended)[] => orElse(() => [JSON.parse(line)], []))
  const ended = new Set(entries.flatMap(({ event, id }) => (event === 'ended' ? [id] : [])))
  const open = entries.filter(({ id }) => !ended.has(id))
  return {
    helm: open.filter((entry) => entry.event === 'helm-begun'),
    probes: open.filter((entry) => entry.event === 'probe-made'),
  }
}
