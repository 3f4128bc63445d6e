import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { VolumeContent } from './volume-content.ts'

export interface VolumeOwner {
  readonly uid: number
  readonly gid: number
}

/**
 * Puts content into a volume's folder all at once, as the kubelet does: the files in a new folder, `..data` a link to it that is swapped, and a link
 * through `..data` for each name. A reader sees the old files or the new ones, never some of both. `version` names the new folder.
 */
export function writeVolume(folder: string, content: VolumeContent, version: string, owner?: VolumeOwner): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const fresh = join(folder, `..${version}`)
  mkdirSync(fresh, { mode: 0o755 })
  for (const [path, { content: bytes, mode }] of content) {
    const file = join(fresh, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    writeFileSync(file, bytes)
    chmodSync(file, mode)
    if (owner) chownSync(file, owner.uid, owner.gid)
  }
  const data = join(folder, '..data')
  const previous = linkTarget(data)
  symlinkSync(`..${version}`, `${data}_tmp`)
  renameSync(`${data}_tmp`, data)
  linkNames(folder, new Set([...content.keys()].map((path) => path.split('/')[0] ?? path)))
  if (previous !== undefined) rmSync(join(folder, previous), { recursive: true, force: true })
}

function linkNames(folder: string, names: ReadonlySet<string>): void {
  const present = readdirSync(folder).filter((name) => !name.startsWith('..'))
  for (const name of present) if (!names.has(name)) rmSync(join(folder, name), { force: true })
  for (const name of names) if (!present.includes(name)) symlinkSync(join('..data', name), join(folder, name))
}

function linkTarget(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}
