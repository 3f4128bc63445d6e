import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  realpathSync,
  writeSync,
} from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { NopassError } from '../errors.ts'
import { orElse } from './or-else.ts'

/** Values files and lists of clusters are only a few kilobytes. */
const INPUT_LIMIT = 1024 * 1024

export interface InputFile {
  /** The input's name in messages. */
  readonly input: string
  /** The path as the user gave it. */
  readonly name: string
  readonly folder: string
  /**
   * The file must be a regular file in one of these folders, after links are resolved. If
   * undefined, any file or pipe is read, and `-` is standard input, as in a flag of the command
   * line.
   */
  readonly within?: readonly string[] | undefined
}

/**
 * Returns the bytes of a file that an input names, at most 1 MiB. Synchronous, because asynchronous
 * reads would start threads for a few small files.
 * @throws INPUT_INVALID
 */
export function readInputFile({ input, name, folder, within }: InputFile): Buffer {
  const refuse = (what: string, hint?: string, cause?: unknown, reason?: string): NopassError =>
    new NopassError('INPUT_INVALID', `${input}: ${name} ${what}`, {
      place: { file: name },
      hint,
      cause,
      reason,
    })
  let bytes: Buffer | undefined
  try {
    if (within === undefined) bytes = readAny(name, folder)
    else {
      const real = realpathSync(resolve(folder, name))
      if (!isWithin(real, within.map(realPath))) {
        throw refuse('is outside of the workspace and of RUNNER_TEMP', 'Put the file into the repository.')
      }
      bytes = readRegular(real)
    }
  } catch (cause) {
    if (cause instanceof NopassError) throw cause
    if (cause instanceof NotRegular) throw refuse('is not a regular file')
    if (cause instanceof ReplacedFile) throw refuse('was replaced while it was read', 'Run again.')
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') throw refuse('does not exist', `A relative path starts at ${folder}.`, cause)
    throw refuse('cannot be read', 'Name a file, not a folder, that you may read.', cause, code)
  }
  if (bytes === undefined) throw refuse('is larger than 1 MiB', 'Check that it is the file that you mean.')
  return bytes
}

/** True if a path with its links resolved is one of these folders or inside one of them. */
export function isWithin(real: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const way = relative(folder, real)
    return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
  })
}

/**
 * Returns the bytes of a regular file that is not a link, or undefined if the file is larger than
 * `limit` bytes.
 * @throws the errors of `node:fs`
 */
export function readRegular(real: string, limit: number = INPUT_LIMIT): Buffer | undefined {
  // O_NONBLOCK, because opening a pipe without a writer would never return.
  const file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!fstatSync(file).isFile()) throw new NotRegular()
    if (pathOf(file, real) !== real) throw new ReplacedFile(real)
    return readAtMost(file, limit)
  } finally {
    closeSync(file)
  }
}

class NotRegular extends Error {}

/** The file, or a folder of its path, was replaced after the path was resolved. */
export class ReplacedFile extends Error {}

/**
 * Returns the path of an open file. Only Linux finds the path from the file itself; other systems
 * resolve the path again.
 */
function pathOf(file: number, real: string): string {
  const link = `/proc/self/fd/${file}`
  return realpathSync(existsSync(link) ? link : real)
}

function readAny(name: string, folder: string): Buffer | undefined {
  if (name === '-') return readAtMost(0, INPUT_LIMIT)
  const file = openSync(resolve(folder, name), 'r')
  try {
    return readAtMost(file, INPUT_LIMIT)
  } finally {
    closeSync(file)
  }
}

function readAtMost(file: number, limit: number): Buffer | undefined {
  const chunks: Buffer[] = []
  let size = 0
  for (;;) {
    const chunk = Buffer.alloc(64 * 1024)
    const read = readOnce(file, chunk)
    if (read === 0) return Buffer.concat(chunks)
    size += read
    if (size > limit) return undefined
    chunks.push(chunk.subarray(0, read))
  }
}

/** A terminal or a pipe may be non-blocking, if the process that opened it chose that mode. */
function readOnce(file: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(file, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

/** Resolves the links of a path if the path exists. */
export function realPath(path: string): string {
  return orElse(() => realpathSync(path), resolve(path))
}

/**
 * Overwrites a file that only its user may read. Refuses a symbolic or hard link, because another
 * user of the folder could have created the link.
 * @throws INPUT_INVALID
 */
export function writePrivateFile(file: string, text: string): void {
  const refuse = (what: string, cause?: unknown): NopassError =>
    new NopassError('INPUT_INVALID', `${file} ${what}`, {
      hint: 'Remove it, or name another file.',
      cause,
    })
  let handle: number
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
    handle = openSync(file, flags, 0o600)
  } catch (cause) {
    const isLink = (cause as NodeJS.ErrnoException).code === 'ELOOP'
    throw refuse(isLink ? 'is a symbolic link, so it is not written' : 'cannot be written', cause)
  }
  try {
    const found = fstatSync(handle)
    if (!found.isFile() || found.nlink !== 1) throw refuse('is not a regular file of one name')
    fchmodSync(handle, 0o600)
    ftruncateSync(handle)
    writeAll(handle, Buffer.from(text))
  } finally {
    closeSync(handle)
  }
}

function writeAll(handle: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
}
