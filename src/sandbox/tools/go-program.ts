import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NopassError } from '../../errors.ts'
import { type Host, pathFolders } from '../host.ts'

/** The machine's Go. */
export interface GoProgram {
  readonly path: string
  /** For example `1.26.8`. */
  readonly version: string
}

/** Older versions of Go cannot download the toolchain that a module requires. */
const OLDEST_GO = '1.21'

const run = promisify(execFile)

/** Finds Go on PATH or in the folders of its installers. @throws GO_MISSING, GO_TOO_OLD */
export async function findGo(host: Pick<Host, 'env' | 'goFolders'>, signal: AbortSignal): Promise<GoProgram> {
  for (const folder of [...pathFolders(host.env), ...(host.goFolders ?? [])]) {
    const path = join(folder, 'go')
    if (!(await isProgram(path))) continue
    // The root folder and the local toolchain, so that no go.mod or go.work of the caller changes the result.
    const env = { ...host.env, GOTOOLCHAIN: 'local' }
    const { stdout } = await run(path, ['version'], { cwd: '/', env, signal }).catch((cause) => {
      throw new NopassError('GO_MISSING', `${path} does not run`, { cause })
    })
    const version = parseGoVersion(stdout)
    if (!version || isOlderRelease(version, OLDEST_GO)) {
      throw new NopassError(
        'GO_TOO_OLD',
        `${path} is Go ${version ?? stdout.trim()}; the toolchain needs ${OLDEST_GO} or newer`,
      )
    }
    return { path, version }
  }
  throw new NopassError('GO_MISSING', 'no Go program was found on PATH or in /usr/local/go/bin')
}

/** Checks for the C compiler with which some tools are linked, before the first build starts. @throws NO_C_COMPILER */
export async function checkCompiler(go: GoProgram, host: Pick<Host, 'env'>, signal: AbortSignal): Promise<void> {
  const { stdout } = await run(go.path, ['env', 'CC'], { cwd: '/', env: host.env, signal })
  // CC may contain arguments.
  const [compiler = ''] = stdout.trim().split(/\s+/)
  const folders = compiler.includes('/') ? [''] : pathFolders(host.env)
  for (const folder of folders) if (await isProgram(join(folder, compiler))) return
  throw new NopassError('NO_C_COMPILER', `the C compiler ${compiler} is not on PATH`)
}

/** Parses the output of `go version`: `go version go1.26.8 linux/amd64` -> `1.26.8`. */
export function parseGoVersion(text: string): string | undefined {
  return /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1]
}

/** Compares dotted numbers; a missing number counts as 0. */
export function isOlderRelease(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split('.').map(Number))
  for (let index = 0; index < 3; index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Whether the file exists and is executable. */
export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
