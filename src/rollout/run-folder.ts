import { appendFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { NopassError } from '../errors.ts'
import type { ReleaseTarget } from '../helm/helm-flags.ts'
import type { ProcessId } from '../lib/process-id.ts'

/** A change that was begun and must be looked after when this process ends first. */
export type JournalEntry =
  | HelmBegun
  | { readonly event: 'helm-settled'; readonly id: string }
  | {
      readonly event: 'probe-made'
      readonly id: string
      readonly target: ReleaseTarget
      /** Paths in the API of what the probe may have made. */
      readonly objects: readonly string[]
    }
  | { readonly event: 'probe-removed'; readonly id: string }

export interface HelmBegun {
  readonly event: 'helm-begun'
  /** Of an upgrade: also the label of the revision that it makes. */
  readonly id: string
  readonly cluster: string
  readonly command: 'upgrade' | 'rollback' | 'uninstall'
  /** A wrapper that becomes another program by `exec` stays this process. */
  readonly process: ProcessId
  readonly helm: string
  readonly target: ReleaseTarget
  /** Newest revision before; null: there was no release. A rollback makes the next one. */
  readonly before: number | null
  /** Of a rollback: where it goes back to. */
  readonly good: number | null
  readonly rollback: boolean
  readonly stderrFile: string
}

const JOURNAL = 'journal.jsonl'

/** The private folder of one run (0700): values, kubeconfigs, helm's output, and the journal for whoever cleans up. */
export interface RunFolder {
  readonly path: string
  /** Writes a 0600 file and returns its path. */
  write(name: string, text: string): Promise<string>
  /** @throws what the file system refuses: then the change must not begin */
  note(entry: JournalEntry): void
  /** What cannot be noted stays open: whoever cleans up finds that nothing is left to do. */
  noteEnd(entry: JournalEntry): void
  remove(): Promise<void>
}

export async function createRunFolder(parent: string): Promise<RunFolder> {
  await mkdir(parent, { recursive: true })
  return openRunFolder(await mkdtemp(join(parent, 'acr-nopass-')))
}

/** The folder of a run that exists; for the post step. */
export function openRunFolder(path: string): RunFolder {
  // Synchronous on purpose: the entry must be on disk before the process can be ended. It begins a line of its own, because a
  // full disk may have cut the one before.
  const note = (entry: JournalEntry): void => {
    try {
      appendFileSync(join(path, JOURNAL), `\n${JSON.stringify(entry)}`, { mode: 0o600 })
    } catch (error) {
      throw explainFull(error, path, JOURNAL)
    }
  }
  return {
    path,
    async write(name, text) {
      if (basename(name) !== name) throw new Error(`${JSON.stringify(name)} is not a file of the run folder`)
      const file = join(path, name)
      await writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch((error) => {
        throw explainFull(error, path, name)
      })
      return file
    },
    note,
    noteEnd(entry) {
      try {
        note(entry)
      } catch {
        // A full disk.
      }
    },
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

/** A full disk or quota as an error that names it; anything else as it is. */
export function explainFull(error: unknown, path: string, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new NopassError('NO_DISK_SPACE', `no space is left in ${dirname(path)} for ${name}`, {
    hint: 'Free space on that disk (of a runner: RUNNER_TEMP) and run again.',
    cause: error,
  })
}

export interface OpenWork {
  readonly helm: readonly HelmBegun[]
  readonly probes: readonly Extract<JournalEntry, { event: 'probe-made' }>[]
}

/** What the journal says was begun and not settled; empty when there is no journal. */
export async function readOpenWork(folder: RunFolder): Promise<OpenWork> {
  const text = await readFile(join(folder.path, JOURNAL), 'utf8').catch(() => '')
  const entries = text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap(readEntry)
  const ended = new Set(
    entries.filter(({ event }) => event === 'helm-settled' || event === 'probe-removed').map(({ id }) => id),
  )
  const open = entries.filter(({ id }) => !ended.has(id))
  return {
    helm: open.filter((entry) => entry.event === 'helm-begun'),
    probes: open.filter((entry) => entry.event === 'probe-made'),
  }
}

/** An entry that was cut is of a change that did not begin. */
function readEntry(line: string): readonly JournalEntry[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}
