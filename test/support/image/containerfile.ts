import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type ImageConfig, type ImageLayout, writeLayout } from '../../../sandbox/image/oci-layout.ts'
import { goArchitecture } from '../../../tools/host.ts'
import type { TarEntry } from '../../../tools/tar.ts'

/** What a Containerfile makes of its base image. */
export interface Containerfile {
  readonly base: string
  readonly config: ImageConfig & { readonly Cmd?: readonly string[] }
  /** Each COPY: a path of the context, and where it goes. */
  readonly copies: readonly { readonly from: string; readonly to: string }[]
}

/**
 * Reads a Containerfile of this repository. It knows the instructions that ours use, and refuses
 * all others, because a test must not pass by leaving one out.
 */
export function readContainerfile(file: string): Containerfile {
  const config = { Entrypoint: [] as string[], User: '' }
  const more: { Cmd?: string[]; Env?: string[]; WorkingDir?: string; Labels?: Record<string, string> } = {}
  const copies: { from: string; to: string }[] = []
  let base = ''
  const text = readFileSync(file, 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
  for (const line of text.split('\n').filter(Boolean)) {
    const [, instruction = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    const words = rest.trim().split(/\s+/)
    if (instruction === 'ARG' && rest.startsWith('BASE=')) base = rest.slice('BASE='.length)
    else if (instruction === 'ARG' && rest === 'TARGETARCH') continue
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a Containerfile names its argument.
    else if (instruction === 'FROM' && rest === '${BASE}') continue
    else if (instruction === 'LABEL') {
      const pairs = [...rest.matchAll(/([\w.]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])
      more.Labels = Object.fromEntries(pairs)
    } else if (instruction === 'ENV') more.Env = [...(more.Env ?? []), rest]
    else if (instruction === 'WORKDIR') more.WorkingDir = rest
    else if (instruction === 'USER') config.User = rest
    else if (instruction === 'ENTRYPOINT') config.Entrypoint = JSON.parse(rest)
    else if (instruction === 'CMD') more.Cmd = JSON.parse(rest)
    else if (instruction === 'COPY' && words.length === 2) copies.push({ from: words[0] ?? '', to: words[1] ?? '' })
    else throw new Error(`${file}: this test support does not know: ${line}`)
  }
  return { base, config: { ...config, ...more }, copies }
}

interface BuildOptions {
  readonly containerfile: string
  readonly context: string
  /** In Node's names: `x64`, `arm64`. */
  readonly arch: string
  /** What stands in for the base image. */
  readonly base?: readonly TarEntry[]
}

/** Builds an image without a builder: one layer for the base, and one for each COPY. */
export function buildImage(folder: string, { containerfile, context, arch, base = [] }: BuildOptions): ImageLayout {
  const { config, copies } = readContainerfile(containerfile)
  const layers = copies.map(({ from, to }) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a Containerfile names its argument.
    return copyEntries(join(context, from.replace('${TARGETARCH}', goArchitecture(arch))), to.slice(1))
  })
  return writeLayout(folder, { arch, layers: base.length > 0 ? [base, ...layers] : layers, config })
}

/** The entries of a COPY: a file gets the name `to`, the content of a folder goes into `to`. */
function copyEntries(from: string, to: string): TarEntry[] {
  const fileEntry = (file: string, path: string): TarEntry => {
    return { path, kind: 'file', mode: statSync(file).mode & 0o777, content: { file } }
  }
  if (!statSync(from).isDirectory()) return [fileEntry(from, to)]
  const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => fileEntry(file, join(to, file.slice(from.length + 1))))
}
