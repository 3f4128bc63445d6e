import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { NopassError } from '../../errors.ts'
import type { Cloud } from '../cloud/start-cloud.ts'
import { HELPER_NODE_FLAGS, writeHelperImage } from '../image/helper-image.ts'
import type { ImageLayout } from '../image/oci-layout.ts'
import { ensureStaticProgram, writeProgramImage } from '../image/program-image.ts'
import { pushImage } from '../image/push-image.ts'
import type { Registry } from '../registry/start-registry.ts'
import { readHost } from '../tools/host.ts'

export interface EnvironmentImages {
  /** The demo's application. */
  readonly app: ImageLayout
  /** The helper's image for a real node; undefined without one. */
  readonly helper: ImageLayout | undefined
  /** The command that a process node runs for the helper's image. */
  readonly helperCommand: readonly string[]
}

const run = promisify(execFile)
const BUILD = fileURLToPath(new URL('../../../scripts/build.ts', import.meta.url))

/** Bundles the helper into one file, as in its image. @throws SANDBOX_PROCESS */
export async function buildHelper(file: string, signal: AbortSignal): Promise<void> {
  try {
    await run(process.execPath, [BUILD, 'helper', '--out', file], { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new NopassError('SANDBOX_PROCESS', `the helper cannot be bundled: ${String(error)}`, { cause: error })
  }
}

/** Writes the images of the environment as OCI layouts. */
export async function writeImages(
  folder: string,
  options: { readonly helperFile: string; readonly real: boolean; readonly signal: AbortSignal },
): Promise<EnvironmentImages> {
  const { arch } = readHost()
  const { helperFile, real, signal } = options
  const app = writeProgramImage(join(folder, 'app-image'), await ensureStaticProgram(signal), 'app', arch)
  const helper = real
    ? await writeHelperImage(join(folder, 'helper-image'), { node: process.execPath, helper: helperFile, arch })
    : undefined
  return { app, helper, helperCommand: [process.execPath, ...HELPER_NODE_FLAGS, helperFile] }
}

/** Pushes the application's image as `team/app:1`; returns its reference with the vendor's host name. */
export async function pushApp(
  app: ImageLayout,
  { cloud, registry }: { readonly cloud: Cloud; readonly registry: Registry },
  signal: AbortSignal,
): Promise<string> {
  const target = { registry: registry.url, repository: 'team/app', tag: '1', credential: cloud.registryPush }
  await pushImage(app, target, signal)
  const domain = cloud.instances.find(({ edition }) => edition === 'enterprise')?.domains[0] ?? ''
  return `${domain}/team/app:1`
}
