import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NopassError } from '../../errors.ts'
import { type Host, pathFolders } from './host.ts'

/** The machine's Go. */
export interface GoProgram {
  readonly path: string
  /** Such as `1.26.8`. */
  readonly version: string
}

/** An older Go cannot fetch the toolchain that a module requires. */
const OLDEST_GO = '1.21'

const run = promisify(execFile)

/** The Go on PATH, or where its installers put it. Throws GO_MISSING, GO_TOO_OLD. */
export async function findGo(host: Pick<Host, 'env' | 'goFolders'>, signal: AbortSignal): Promise<GoProgram> {
  for (const folder of [...pathFolders(host.env), ...(host.goFolders ?? [])]) {
    const path = join(folder, 'go')
    if (!(await isProgram(path))) continue
    // In the root folder and with its own toolchain, so that no go.mod or go.work of the caller changes the result.
    const env = { ...host.env, GOTOOLCHAIN: 'local' }
    const { stdout } = await run(path, ['version'], { cwd: '/', env, signal }).catch((cause) => {
      throw new NopassError('GO_MISSING', `${path} does not run`, { cause })
    })
    const version = parseGoVersion(stdout)
    if (!version || isOlder(version, OLDEST_GO)) {
      throw new NopassError(
        'GO_TOO_OLD',
        `${path} is Go ${version ?? stdout.trim()}; the toolchain needs ${OLDEST_GO} or newer`,
      )
    }
    return { path, version }
  }
  throw new NopassError('GO_MISSING', 'no Go program was found on PATH or in /usr/local/go/bin')
}

/** Some tools are linked with C. Throws NO_C_COMPILER before the first build starts. */
export async function checkCompiler(go: GoProgram, host: Pick<Host, 'env'>, signal: AbortSignal): Promise<void> {
  const { stdout } = await run(go.path, ['env', 'CC'], { cwd: '/', env: host.env, signal })
  // CC may carry arguments.
  const [compiler = ''] = stdout.trim().split(/\s+/)
  const folders = compiler.includes('/') ? [''] : pathFolders(host.env)
  for (const folder of folders) if (await isProgram(join(folder, compiler))) return
  throw new NopassError('NO_C_COMPILER', `the C compiler ${compiler} is not on PATH`)
}

/** `go version go1.26.8 linux/amd64` -> `1.26.8`. */
export function parseGoVersion(text: string): string | undefined {
  return /\bgo(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1]
}

/** Compares dotted numbers; a missing number counts as 0. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split('.').map(Number))
  for (let index = 0; index < 3; index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Whether the file may be executed. */
export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
