import { join } from 'node:path'
import { runProgram, VERSION_LIMITS } from '../run-helm.ts'
import type { ObtainHelmOptions } from './download-helm.ts'
import { findHelm, type Helm, isSameVersion, parseHelmVersion, searchHelm } from './find-helm.ts'

/**
 * The helm on PATH if it has the requested version, else a download of that version.
 * @throws HELM_NOT_FOUND, HELM_VERSION_UNSUPPORTED, HELM_DOWNLOAD_FAILED
 */
export async function obtainHelm(options: ObtainHelmOptions, signal: AbortSignal): Promise<Helm> {
  const { version, environment } = options
  const home = join(options.folder, 'helm')
  if (version === '') return findHelm({ environment, home, signal })
  const onPath = await searchHelm(environment)
  if (onPath !== undefined && (await isVersion(onPath, version, environment, signal)))
    return findHelm({ path: onPath, version, environment, home, signal })
  const { downloadHelm } = await import('./download-helm.ts')
  return findHelm({ path: await downloadHelm(options, signal), version, environment, home, signal })
}

async function isVersion(
  path: string,
  wanted: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<boolean> {
  const env = { PATH: environment.PATH ?? '', HOME: environment.HOME ?? '' }
  const limits = { ...VERSION_LIMITS, signal }
  const output = await runProgram(path, ['version', '--template', '{{.Version}}'], env, limits).catch(() => undefined)
  signal.throwIfAborted()
  const found = parseHelmVersion(output?.stdout ?? '')
  return found !== undefined && isSameVersion(found, parseHelmVersion(wanted))
}
