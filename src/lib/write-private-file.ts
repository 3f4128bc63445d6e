import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { NopassError } from '../errors.ts'

/**
 * Writes a file that its user alone may read, over what it held; never through a link or into another file's other name, where
 * somebody who shares the folder could lead it.
 * @throws NopassError `INPUT_INVALID`
 */
export function writePrivateFile(file: string, text: string): void {
  const refuse = (what: string, cause?: unknown): NopassError =>
    new NopassError('INPUT_INVALID', `${file} ${what}`, {
      hint: 'Remove it, or name another file.',
      ...(cause === undefined ? {} : { cause }),
    })
  let handle: number
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
    handle = openSync(file, flags, 0o600)
  } catch (cause) {
    const isLink = (cause as NodeJS.ErrnoException).code === 'ELOOP'
    throw refuse(isLink ? 'is a symbolic link and is not written through' : 'cannot be written', cause)
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
