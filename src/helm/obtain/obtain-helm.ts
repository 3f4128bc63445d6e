import { join } from 'node:path'
import { hasCode } from '../../errors.ts'
import type { ObtainHelmOptions } from './download-helm.ts'
import { findHelm, type Helm, isSameVersion, parseHelmVersion, requireHelmVersion } from './find-helm.ts'

/**
 * The helm on PATH if it has the requested version, else a download of that version.
 * @throws HELM_NOT_FOUND, HELM_VERSION_UNSUPPORTED, HELM_DOWNLOAD_FAILED
 */
export async function obtainHelm(options: ObtainHelmOptions, signal: AbortSignal): Promise<Helm> {
  const { version, environment } = options
  const home = join(options.folder, 'helm')
  const onPath = await findHelm({ environment, home, signal }).catch((error) => {
    if (version === '' || !hasCode(error, 'HELM_NOT_FOUND')) throw error
    return undefined
  })
  const isWanted = version === '' || (onPath && isSameVersion(onPath.version, parseHelmVersion(version)))
  const download = async () => (await import('./download-helm.ts')).downloadHelm(options, signal)
  const helm = isWanted && onPath ? onPath : await findHelm({ path: await download(), environment, home, signal })
  requireHelmVersion(helm, version)
  return helm
}
