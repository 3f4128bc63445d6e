import { join } from 'node:path'
import { hasCode } from '../../errors.ts'
import type { ObtainHelmOptions } from './download-helm.ts'
import { findHelm, type Helm, isSameVersion, parseHelmVersion, requireHelmVersion } from './find-helm.ts'

/**
 * Returns the helm on PATH if it has the requested version. If not, downloads that version.
 * @throws HELM_NOT_FOUND, HELM_VERSION_UNSUPPORTED, HELM_DOWNLOAD_FAILED
 */
export async function obtainHelm(options: ObtainHelmOptions, signal: AbortSignal): Promise<Helm> {
  const { version, environment } = options
  const home = join(options.folder, 'helm')
  const helm = await findHelm({ path: await pathOf(options, home, signal), environment, home, signal })
  requireHelmVersion(helm, version)
  return helm
}

/** Returns the path of a downloaded helm, or undefined if the helm on PATH is used. */
async function pathOf(options: ObtainHelmOptions, home: string, signal: AbortSignal): Promise<string | undefined> {
  const { version, environment } = options
  if (version === '') return undefined
  const { PATH, HOME, HELM } = environment
  // A helm of another version is not used, so its search must not pass credentials to it.
  const onPath = await findHelm({ environment: { PATH, HOME, HELM }, home, signal }).catch((error) => {
    if (!hasCode(error, 'HELM_NOT_FOUND')) throw error
    return undefined
  })
  if (onPath && isSameVersion(onPath.version, parseHelmVersion(version))) return onPath.path
  const { downloadHelm } = await import('./download-helm.ts')
  return downloadHelm(options, signal)
}
