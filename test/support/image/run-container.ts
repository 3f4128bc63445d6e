import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobFile, type ImageConfig, type ImageLayout, readManifest } from '../../../sandbox/image/oci-layout.ts'

/** An image whose layers are unpacked. */
export interface UnpackedImage {
  readonly rootfs: string
  readonly config: ImageConfig & { readonly Cmd?: readonly string[] }
}

/** Unpacks the layers of an image into a new folder, as root, so that owners and modes stay. */
export function unpackImage(layout: ImageLayout, rootfs: string): UnpackedImage {
  mkdirSync(rootfs, { recursive: true })
  const { layers, config } = readManifest(layout)
  for (const { digest } of layers) execFileSync('tar', ['-xpf', blobFile(layout.folder, digest), '-C', rootfs])
  const image = JSON.parse(readFileSync(blobFile(layout.folder, config.digest), 'utf8')) as {
    config: UnpackedImage['config']
  }
  return { rootfs, config: image.config }
}

export interface ContainerOptions {
  readonly runc: string
  /** An existing folder for the bundle and runc's state. */
  readonly folder: string
  readonly image: UnpackedImage
  /** Replaces the image's command, as the words after the image in `docker run`. */
  readonly command?: readonly string[]
  /** `uid:gid` in place of the image's. */
  readonly user?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Folders of this machine by their path in the container, which can only be read. */
  readonly volumes?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
}

export interface ContainerResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a container to its end with runc, which Docker and containerd also use: with its own mounts
 * and processes and the machine's network, without capabilities, and with a root file system that
 * can only be read.
 */
export async function runContainer(options: ContainerOptions): Promise<ContainerResult> {
  const { runc, folder, image, input = '' } = options
  const id = `acr-nopass-${randomBytes(4).toString('hex')}`
  const bundle = join(folder, id)
  mkdirSync(bundle)
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(runtimeConfig(id, image, options)))
  const args = ['--root', join(folder, 'runc'), 'run', '--bundle', bundle, id]
  return await new Promise((resolve) => {
    const child = execFile(runc, args, { timeout: 300_000, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    )
    child.stdin?.on('error', () => undefined).end(input)
  })
}

/** The configuration of the OCI runtime specification. */
function runtimeConfig(id: string, { rootfs, config }: UnpackedImage, options: ContainerOptions): object {
  const { command = config.Cmd ?? [], user = config.User, environment = {}, volumes = {} } = options
  const [uid = '0', gid = uid] = user.split(':')
  // Docker takes the home from /etc/passwd, where the base image's user 1000 has this one.
  const HOME = user === config.User ? '/home/node' : '/'
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const env = Object.entries({ PATH, HOME, ...environment }).map(([name, value]) => `${name}=${value}`)
  const mount = (destination: string, type: string, flags: readonly string[] = []) => {
    return { destination, type, source: type, options: ['nosuid', ...flags] }
  }
  return {
    ociVersion: '1.0.2',
    hostname: 'job',
    root: { path: rootfs, readonly: true },
    process: {
      user: { uid: Number(uid), gid: Number(gid) },
      args: [...config.Entrypoint, ...command],
      env: [...(config.Env ?? []), ...env],
      cwd: options.cwd ?? config.WorkingDir ?? '/',
      noNewPrivileges: true,
    },
    mounts: [
      mount('/proc', 'proc', ['noexec', 'nodev']),
      mount('/dev', 'tmpfs', ['strictatime', 'mode=755']),
      mount('/tmp', 'tmpfs', ['nodev', 'mode=1777']),
      ...Object.entries(volumes).map(([destination, source]) => {
        return { destination, source, type: 'bind', options: ['rbind', 'ro'] }
      }),
    ],
    linux: {
      cgroupsPath: `/${id}`,
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
    },
  }
}
