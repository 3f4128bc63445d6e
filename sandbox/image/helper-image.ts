import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { TarEntry } from '../../tools/tar.ts'
import { type ImageConfig, type ImageLayout, writeLayout } from './oci-layout.ts'

/**
 * The helper's Node flags. The only compiler is Maglev, on the main thread. The helper can request
 * a garbage collection (docs/en/decisions.md#memory).
 */
export const HELPER_NODE_FLAGS: readonly string[] = [
  '--optimize-for-size',
  '--no-opt',
  '--no-sparkplug',
  '--no-concurrent-recompilation',
  '--no-maglev-inlining',
]

/** The configuration in image/Containerfile; a test compares the two. */
export const HELPER_IMAGE: ImageConfig = {
  Entrypoint: ['/nodejs/bin/node', ...HELPER_NODE_FLAGS, '/app/helper.mjs'],
  User: '65532:65532',
  WorkingDir: '/app',
  Env: ['NODE_ENV=production'],
  Labels: {
    'org.opencontainers.image.title': 'acr-nopass helper',
    'org.opencontainers.image.licenses': 'Apache-2.0',
  },
}

const run = promisify(execFile)

/**
 * Writes an image of the helper. Instead of the Containerfile's base image, it contains this
 * machine's Node and the shared libraries that Node loads. Entrypoint, user and paths are the same.
 * It is about 130 MB, nearly all of it Node.
 */
export async function writeHelperImage(
  folder: string,
  { node, helper, arch }: { node: string; helper: string; arch: string },
): Promise<ImageLayout> {
  const base: TarEntry[] = [
    { path: 'tmp', kind: 'folder', mode: 0o1777 },
    { path: 'etc/nsswitch.conf', kind: 'file', mode: 0o644, content: Buffer.from('hosts: files dns\n') },
    { path: 'nodejs/bin/node', kind: 'file', mode: 0o755, content: { file: node } },
    ...(await sharedLibraries(node)).map((file): TarEntry => {
      return { path: file.slice(1), kind: 'file', mode: 0o755, content: { file } }
    }),
  ]
  const app: TarEntry[] = [{ path: 'app/helper.mjs', kind: 'file', content: { file: helper } }]
  return writeLayout(folder, { arch, layers: [base, app], config: HELPER_IMAGE })
}

/**
 * Prints the libraries after a name lookup, because older C libraries load one library only when
 * they read the hosts file.
 */
const REPORT = `require('node:dns').lookup('localhost', () => console.log(JSON.stringify(process.report.getReport().sharedObjects)))`

/**
 * Returns the paths of all shared libraries that Node loads, including the dynamic linker, from its
 * diagnostic report.
 */
export async function sharedLibraries(node: string): Promise<string[]> {
  const { stdout } = await run(node, ['-e', REPORT])
  const objects = JSON.parse(stdout) as string[]
  return objects.filter((path) => path.startsWith('/') && /\.so(\.|$)/.test(path))
}
