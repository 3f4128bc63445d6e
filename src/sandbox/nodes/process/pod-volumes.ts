import { mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { V1ServiceAccountTokenProjection, V1VolumeProjection } from '@kubernetes/client-node'
import { orElse } from '../../../lib/or-else.ts'
import type { Pod } from '../../cluster/pod.ts'
import { fieldValue } from './container-command.ts'
import { type FindSource, MissingSource, sourcesOf } from './pod-sources.ts'

interface VolumeContext {
  readonly pod: Pod
  readonly podIp: string
  readonly find: FindSource
  /** Returns undefined if the token has not been fetched yet. */
  readonly token: (projection: V1ServiceAccountTokenProjection) => string | undefined
}

/** The projected volumes of one Pod, and those with a Secret. */
export function createPodVolumes(context: VolumeContext, root: string) {
  const written = new Map<string, string>()
  let version = 0
  const folder = (name: string): string => join(root, name)
  return {
    folder,
    /** Writes the volumes that have changed since the last call. @throws MissingSource */
    refresh() {
      for (const volume of context.pod.spec.volumes ?? []) {
        const { name } = volume
        const content = new Map(sourcesOf(volume).flatMap((source) => readSource(source, context)))
        const text = JSON.stringify([...content])
        if (written.get(name) === text) continue
        version += 1
        writeVolume(folder(name), content, `v${version}`)
        written.set(name, text)
      }
    },
  }
}

/** Files by their path in the volume. */
export type VolumeContent = ReadonlyMap<string, Buffer>

/**
 * Writes a volume's content atomically, as the kubelet does: the files are written to a new folder named by `version`,
 * the link `..data` is switched to it, and each file name is a link through `..data`. Readers never see a mix of old
 * and new files.
 */
export function writeVolume(folder: string, content: VolumeContent, version: string): void {
  const fresh = join(folder, `..${version}`)
  mkdirSync(fresh, { recursive: true })
  for (const [path, bytes] of content) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true })
    writeFileSync(join(fresh, path), bytes, { mode: 0o600 })
  }
  const data = join(folder, '..data')
  const previous = orElse(() => readlinkSync(data), undefined)
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

/** Returns the files of a source by their paths. @throws MissingSource */
export function readSource(source: V1VolumeProjection, context: VolumeContext): readonly (readonly [string, Buffer])[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source
  if (downwardAPI) {
    const fields = downwardAPI.items?.flatMap(({ path, fieldRef }) => (fieldRef ? [{ path, fieldRef }] : [])) ?? []
    return fields.map(({ path, fieldRef }) => [path, Buffer.from(fieldValue(context.pod, context.podIp, fieldRef))])
  }
  if (serviceAccountToken) {
    const token = context.token(serviceAccountToken)
    if (token === undefined) throw new MissingSource('failed to fetch token')
    return [[serviceAccountToken.path, Buffer.from(token)]]
  }
  const { name = '', items } = configMap ?? secret ?? {}
  const data = context.find(configMap ? 'configmaps' : 'secrets', name)
  if (data === undefined) throw new MissingSource(`${configMap ? 'configmap' : 'secret'} "${name}" not found`)
  if (!items) return Object.entries(data)
  return items.map(({ key, path }) => {
    const content = data[key]
    if (content === undefined) throw new MissingSource(`references non-existent key "${key}" of "${name}"`)
    return [path, content]
  })
}
