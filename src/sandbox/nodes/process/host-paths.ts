import { join } from 'node:path'
import type { Container } from '../../cluster/pod.ts'

/** Replaces paths at and below a container's mounts by the volumes' folders on this machine; the deepest mount wins. */
export function toHostPaths(text: string, container: Container, volumeFolder: (name: string) => string): string {
  const mounts = [...(container.volumeMounts ?? [])].sort((a, b) => b.mountPath.length - a.mountPath.length)
  if (mounts.length === 0) return text
  const folders = new Map(
    mounts.map(({ name, mountPath, subPath = '' }) => [trimEnd(mountPath), join(volumeFolder(name), subPath)]),
  )
  const paths = [...folders.keys()].map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  // a whole path: neither the middle of a longer one, nor the beginning of another name
  const pattern = new RegExp(`(?<![\\w./-])(?:${paths})(?![\\w.-])`, 'g')
  return text.replace(pattern, (path) => folders.get(path) ?? path)
}

function trimEnd(path: string): string {
  return path.replace(/\/+$/, '')
}
