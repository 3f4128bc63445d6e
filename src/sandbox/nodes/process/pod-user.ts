import { statSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { Container, Pod } from '../../cluster/pod.ts'
import type { VolumeOwner } from './pod-volumes.ts'

/** Who a Pod's processes run as: what its securityContext asks for, where we are root and may choose; else who we are. */
export function podUser(
  pod: Pod,
  container: Container | undefined,
  ourUid: number | undefined,
): VolumeOwner | undefined {
  const asked = { ...pod.spec.securityContext, ...container?.securityContext }
  if (ourUid !== 0 || asked.runAsUser === undefined || asked.runAsUser === 0) return undefined
  return { uid: asked.runAsUser, gid: asked.runAsGroup ?? asked.runAsUser }
}

/** The first file or folder of the paths that other users may not read or pass; a clone in a private home is one. */
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
