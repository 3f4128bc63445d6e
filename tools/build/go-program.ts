import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Host, pathFolders } from '../host.ts'
import { TestbedError } from '../testbed-error.ts'

const run = promisify(execFile)

/**
 * Returns the path of Go, on PATH or in the folders of its installers.
 * @throws GO_MISSING, GO_TOO_OLD
 */
export async function findGo(host: Pick<Host, 'env' | 'goFolders'>, signal: AbortSignal): Promise<string> {
  for (const folder of [...pathFolders(host.env), ...(host.goFolders ?? [])]) {
    const path = join(folder, 'go')
    if (!(await isProgram(path))) continue
    // The root folder and the local toolchain are used, so that no go.mod or go.work of the caller
    // changes the result.
    const env = { ...host.env, GOTOOLCHAIN: 'local' }
    const { stdout } = await run(path, ['version'], { cwd: '/', env, signal }).catch((cause) => {
      signal.throwIfAborted()
      throw new TestbedError('GO_MISSING', `${path} does not run`, { cause })
    })
    if (isOldGo(stdout)) {
      const version = stdout.trim().replace(/^go version go(\S+).*/, '$1')
      throw new TestbedError('GO_TOO_OLD', `${path} is Go ${version}; the toolchain needs 1.21 or newer`)
    }
    return path
  }
  throw new TestbedError('GO_MISSING', 'no Go program was found on PATH or in /usr/local/go/bin')
}

/**
 * Checks for the C compiler with which some tools are linked, before the first build starts.
 * @throws NO_C_COMPILER
 */
export async function checkCompiler(go: string, host: Pick<Host, 'env'>, signal: AbortSignal): Promise<void> {
  const { stdout } = await run(go, ['env', 'CC'], { cwd: '/', env: host.env, signal })
  // CC may contain arguments.
  const [compiler = ''] = stdout.trim().split(/\s+/)
  const folders = compiler.includes('/') ? [''] : pathFolders(host.env)
  for (const folder of folders) if (await isProgram(join(folder, compiler))) return
  throw new TestbedError('NO_C_COMPILER', `the C compiler ${compiler} is not on PATH`)
}

/**
 * True if the output of `go version` is from a Go before 1.21, which cannot download the toolchain
 * that a module requires.
 */
export function isOldGo(output: string): boolean {
  const [, major, minor] = /\bgo(\d+)\.(\d+)/.exec(output) ?? []
  return major === undefined || Number(major) * 1000 + Number(minor) < 1021
}

/** True if the file exists and is executable. */
export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
