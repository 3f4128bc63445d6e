import { statSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { Container, Pod } from '../../cluster/pod.ts'
import type { VolumeOwner } from './pod-volumes.ts'

/** The user of a Pod's processes, from its securityContext; undefined: our own user, if we are not root. */
export function podUser(
  pod: Pod,
  container: Container | undefined,
  ourUid: number | undefined,
): VolumeOwner | undefined {
  const { runAsUser, runAsGroup } = { ...pod.spec.securityContext, ...container?.securityContext }
  if (ourUid !== 0 || runAsUser === undefined || runAsUser === 0) return undefined
  return { uid: runAsUser, gid: runAsGroup ?? runAsUser }
}

/** The first file or folder of the paths that other users cannot access, such as a clone in a private home folder. */
export function closedToOthers(paths: readonly string[]): string | undefined {
  return paths.filter(isAbsolute).flatMap(withParents).find(isClosed)
}

function withParents(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...withParents(parent), path]
}

function isClosed(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return false
  const needed = stat.isDirectory() ? 0o1 : 0o4
  return (stat.mode & needed) === 0
}
