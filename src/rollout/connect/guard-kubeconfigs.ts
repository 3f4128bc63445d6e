import { dirname } from 'node:path'
import { NopassError } from '../../errors.ts'
import { isWithin, readRegular, realPath } from '../../lib/files.ts'
import type { ClusterSettings, Settings } from '../inputs/settings.ts'
import { kubeconfigSecrets, refuseForeignPrograms } from './kubeconfig-text.ts'

/** Kubeconfigs of many clusters, with embedded certificates, are several hundred kilobytes. */
const LIMIT = 16 * 1024 * 1024

/**
 * Masks every known secret before the first request. One cluster's output must not appear before
 * the secrets of the other clusters are masked.
 */
export function maskKnownSecrets(
  { selected }: Settings,
  environment: NodeJS.ProcessEnv,
  mask: (secret: string) => void,
): void {
  for (const name of ['ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'ALIBABA_CLOUD_SECURITY_TOKEN']) {
    const secret = environment[name]?.trim()
    if (secret) mask(secret)
  }
  for (const cluster of selected)
    for (const secret of kubeconfigSecrets(readKubeconfigText(cluster) ?? '')) mask(secret)
}

/**
 * For `pull_request*` events: returns an error for each kubeconfig that the pull request could have
 * written and that runs a program or reads a file elsewhere. The pull request could have written
 * any file of the workspace, and the texts in the clusters file.
 */
export function guardKubeconfigs(
  { selected, inputs }: Settings,
  environment: NodeJS.ProcessEnv,
): readonly NopassError[] {
  if (!(environment.GITHUB_EVENT_NAME ?? '').startsWith('pull_request')) return []
  const workspace = environment.GITHUB_WORKSPACE || '/'
  const isOfFile = inputs['clusters-file'] !== ''
  return selected.flatMap((cluster) => {
    const { access, name } = cluster
    const isForeign =
      (access.kind === 'kubeconfig-file' && isFileIn(access.file, workspace)) ||
      (access.kind === 'kubeconfig-text' && access.from === 'kubeconfig' && isOfFile)
    const text = isForeign ? readKubeconfigText(cluster) : undefined
    if (text === undefined) return []
    const folder = access.kind === 'kubeconfig-file' ? dirname(access.file) : undefined
    try {
      refuseForeignPrograms(text, { name, folder, workspace })
      return []
    } catch (error) {
      if (error instanceof NopassError) return [error]
      throw error
    }
  })
}

/**
 * Checks the file's own path and the target of a link, because the pull request may have added
 * either.
 */
function isFileIn(file: string, workspace: string): boolean {
  const folders = [workspace, realPath(workspace)]
  return isWithin(file, folders) || isWithin(realPath(file), folders)
}

/**
 * Returns undefined if the kubeconfig does not exist, which connecting reports later. An unreadable
 * file has the text ''.
 */
function readKubeconfigText({ access }: ClusterSettings): string | undefined {
  if (access.kind === 'kubeconfig-text') return access.text
  if (access.kind !== 'kubeconfig-file') return undefined
  try {
    return readRegular(realPath(access.file), LIMIT)?.toString('utf8') ?? ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : ''
  }
}
