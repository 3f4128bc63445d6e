import { accessSync, constants, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { NopassError } from '../../errors.ts'
import type { ConfigFile } from './merge-providers.ts'
import type { NodeFiles, ObservedNode } from './observed-node.ts'
import { flagPath } from './plan-node.ts'
import { PROFILES, type Profile, type ProfileName } from './profiles.ts'

const UNIT_FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]
/** As many links as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40

/** Reads a node whose root folder is `root`: `/`, or the root of an image that is being built. */
export function readNode(root: string, name: ProfileName): ObservedNode {
  const profile = PROFILES[name]
  const files = openFiles(root)
  const units = readUnits(profile, files, root)
  const isRpm =
    ['/usr/lib/sysimage/rpm', '/var/lib/rpm'].some((path) => exists(join(root, path))) &&
    !exists(join(root, '/var/lib/dpkg/status'))
  const path = profile.kind === 'flags' ? flagPath({ units, isRpm }, profile) : undefined
  const text = path === undefined ? undefined : files.readText(path, 'latin1')
  return {
    flagFile: path === undefined || text === undefined ? undefined : { path, text },
    units,
    commandLine: readCommandLine(join(root, 'proc')),
    settings: profile.kind === 'folder' ? profile.settings.flatMap((path) => files.readConfig(path) ?? []) : [],
    isRpm,
  }
}

/** Returns the files below `root`. An absolute link in an image points into that image. */
export function openFiles(root: string): NodeFiles {
  const realPath = (path: string): string => {
    let at = path
    for (let links = 0; links < MAX_LINKS; links++) {
      const found = lstatSync(join(root, at), { throwIfNoEntry: false })
      if (found?.isSymbolicLink() !== true) return at
      at = posix.resolve(dirname(at), readlinkSync(join(root, at)))
    }
    return at
  }
  const resolve = (path: string): string | undefined => {
    const file = join(root, realPath(path))
    const found = lstatSync(file, { throwIfNoEntry: false })
    return found === undefined || found.isSymbolicLink() ? undefined : file
  }
  const readText = (path: string, encoding: 'utf8' | 'latin1' = 'utf8'): string | undefined => {
    const file = resolve(path)
    return file !== undefined && statSync(file).isFile() ? readFileSync(file, encoding) : undefined
  }
  return {
    realPath,
    readText,
    readConfig(path) {
      const found = resolve(path)
      if (found === undefined) return undefined
      const paths = statSync(found).isDirectory()
        ? readdirSync(found)
            .filter((name) => /\.(json|ya?ml|conf)$/.test(name))
            .sort()
            .map((name) => `${path}/${name}`)
        : [path]
      return paths.flatMap((path) => {
        const text = readText(path)
        return text === undefined ? [] : [{ path, text }]
      })
    },
    readLink(path) {
      const found = lstatSync(join(root, path), { throwIfNoEntry: false })
      return found?.isSymbolicLink() === true ? readlinkSync(join(root, path)) : undefined
    },
    isExecutable(path) {
      const file = resolve(path)
      if (file === undefined || !statSync(file).isFile()) return false
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    },
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** A file hides the files of the same name in later folders (systemd.unit(5)). */
function readUnits({ services }: Profile, files: NodeFiles, root: string): readonly ConfigFile[] {
  const units = services.flatMap((service) => {
    const unit = UNIT_FOLDERS.map((folder) => `${folder}/${service}.service`).find((path) => exists(join(root, path)))
    const text = unit === undefined ? undefined : files.readText(unit)
    const dropIns = UNIT_FOLDERS.flatMap((folder) => files.readConfig(`${folder}/${service}.service.d`) ?? [])
    const names = dropIns.map(({ path }) => posix.basename(path))
    const inForce = dropIns.filter((_, index) => names.indexOf(names[index] ?? '') === index)
    return [...(unit === undefined || text === undefined ? [] : [{ path: unit, text }]), ...inForce]
  })
  const variables = units.flatMap(({ text }) =>
    [...text.matchAll(/^\s*EnvironmentFile=-?(\/\S+)\s*$/gm)].flatMap(([, path = '']) => {
      const content = exists(join(root, path)) ? files.readText(path) : undefined
      return content === undefined ? [] : [{ path, text: content }]
    }),
  )
  return [...units, ...variables]
}

/**
 * Finds the kubelet of this node. Kubelets in containers, such as those of kind, have their own
 * mounts.
 * @throws NODE_PROVIDERS if several kubelets run
 */
export function readCommandLine(proc: string): readonly string[] | undefined {
  const own = readOr(() => readlinkSync('/proc/self/ns/mnt'))
  const found = (readOr(() => readdirSync(proc)) ?? []).flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const words = readOr(() => readFileSync(join(proc, name, 'cmdline'), 'utf8'))?.split('\0') ?? []
    if (posix.basename(words[0] ?? '') !== 'kubelet') return []
    return readOr(() => readlinkSync(join(proc, name, 'ns/mnt'))) === own ? [words.slice(1)] : []
  })
  if (found.length > 1) throw new NopassError('NODE_PROVIDERS', 'several kubelets run on this node')
  return found[0]
}

/** A process may end while it is read. */
function readOr<Found>(read: () => Found): Found | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
