import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { NopassError } from '../errors.ts'
import { orElse } from '../lib/or-else.ts'

export interface NewFile {
  /** The path below the folder. */
  readonly name: string
  readonly text: string
}

/** @throws INIT_FILE_EXISTS for the first file that exists, also for a link that leads nowhere */
export function refuseExisting(folder: string, names: readonly string[]): void {
  const taken = names.find((name) => isTaken(folder, name))
  if (taken !== undefined) throw alreadyExists(taken)
}

/** True if something has this name. If the name cannot be read, `writeNewFiles` fails later. */
export function isTaken(folder: string, name: string): boolean {
  return orElse(() => lstatSync(join(folder, name)), undefined) !== undefined
}

/**
 * Writes all files, or none. Each file appears complete, and only if nothing has its name: a link
 * to a temporary file fails if the name exists. Synchronous, so that no interrupt comes in between.
 * @throws INIT_FILE_EXISTS, INPUT_INVALID if a file cannot be written
 */
export function writeNewFiles(folder: string, files: readonly NewFile[], unique: string): void {
  const undo: (() => void)[] = []
  try {
    const ready = files.map(({ name, text }) => {
      const file = join(folder, name)
      makeFolders(dirname(file), undo)
      const temporary = `${file}.${unique}.tmp`
      writeFileSync(temporary, text, { flag: 'wx' })
      undo.push(() => unlinkSync(temporary))
      return { name, file, temporary }
    })
    for (const { name, file, temporary } of ready) {
      linkNew(name, file, temporary)
      undo.push(() => unlinkSync(file))
    }
    for (const { temporary } of ready) unlinkSync(temporary)
  } catch (cause) {
    // The failure that led here is reported, not one of these.
    for (const step of undo.reverse()) orElse(step, undefined)
    if (cause instanceof NopassError) throw cause
    const { code = '' } = cause as NodeJS.ErrnoException
    throw new NopassError('INPUT_INVALID', `nothing was written: the files cannot be created in ${folder}`, {
      hint: 'Name with --to a folder in which you may create files.',
      reason: code,
      cause,
    })
  }
}

/** Gives the temporary file its name, unless something has that name. */
function linkNew(name: string, file: string, temporary: string): void {
  try {
    linkSync(temporary, file)
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') throw alreadyExists(name)
    if (!WITHOUT_LINKS.includes(code)) throw cause
    copyFileSync(temporary, file, constants.COPYFILE_EXCL)
  }
}

/** The errors with which file systems refuse a hard link. */
const WITHOUT_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** Creates the missing folders one by one, so that each can be removed again. */
function makeFolders(folder: string, undo: (() => void)[]): void {
  if (existsSync(folder)) return
  makeFolders(dirname(folder), undo)
  mkdirSync(folder)
  undo.push(() => rmdirSync(folder))
}

function alreadyExists(name: string): NopassError {
  return new NopassError('INIT_FILE_EXISTS', `${name} already exists`, { place: { file: name } })
}
