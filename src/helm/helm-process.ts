import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import type { Helm } from './find-helm.ts'

/**
 * A shell that becomes helm once it reads a line. If it gets no line, because its parent has ended
 * or refused, helm never runs.
 */
const GATE = 'IFS= read -r line <&3 || exit 1; exec "$@" 3<&-'

/**
 * Starts the helm call that changes a release. A signal can be forwarded to helm, because a
 * cancelled job must not leave helm running half-way. Helm has its own session, so it outlives this
 * process if necessary. Its output is written to files, because with pipes SIGPIPE would kill helm
 * once this process has exited.
 * @param folder private; receives `<name>.out` and `<name>.err`, with the mode 0600
 * @param record called with the process that is about to become helm; if `record` throws, helm does
 *   not run
 */
export async function startHelmWrite(
  helm: Helm,
  args: readonly string[],
  { folder, name }: { readonly folder: string; readonly name: string },
  record: (process: { readonly pid: number; readonly stderrFile: string }) => void,
) {
  await access(helm.path, constants.X_OK)
  const stderrFile = join(folder, `${name}.err`)
  await using stdout = await open(join(folder, `${name}.out`), 'w', 0o600)
  await using stderr = await open(stderrFile, 'w', 0o600)
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', helm.path, ...args], {
    env: { ...helm.environment },
    stdio: ['ignore', stdout.fd, stderr.fd, 'pipe'],
    // Helm gets its own process group. A terminal's Ctrl-C then reaches helm only once, through
    // this process.
    detached: true,
  })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const ended = exited.then(async ([exitCode, signal]) => ({ exitCode, signal, stderr: await readEnd(stderrFile) }))
  if (child.pid === undefined) {
    await ended
    throw new Error('helm did not start')
  }
  const gate = child.stdio[3] as Writable
  // The process may have been interrupted before it reads.
  gate.on('error', () => undefined)
  try {
    record({ pid: child.pid, stderrFile })
  } catch (error) {
    gate.end()
    await ended
    throw error
  }
  gate.end('run\n')
  return {
    /** Settles once helm has exited, in whatever way. */
    ended,
    /**
     * Asks helm to stop: helm marks the release as failed and exits. Not for rollback and
     * uninstall, which would stop half-way.
     */
    interrupt: () => void child.kill('SIGINT'),
  }
}

/** Returns the last MiB of a program's output. */
export async function readEnd(file: string): Promise<string> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const length = Math.min(size, 1024 * 1024)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
  return buffer.toString('utf8', 0, bytesRead)
}
