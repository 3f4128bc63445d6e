import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Resolves if the registry lacks the image, because a version is never pushed twice. buildx reports
 * an absent version as `ERROR: <image>: not found`. With any other error the image may exist.
 * @throws Error when the image exists, or when that cannot be determined
 */
export async function requireAbsent(image: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const refused = await run('docker', ['buildx', 'imagetools', 'inspect', image], { env, signal }).then(
    () => undefined,
    (error: { stderr?: string; message: string }) => error.stderr?.trim() || error.message,
  )
  if (refused === undefined) throw new Error(`${image} already exists; a version is never pushed twice`)
  if (refused.split('\n').includes(`ERROR: ${image}: not found`)) return
  throw new Error(`cannot determine whether ${image} exists: ${refused}`)
}
