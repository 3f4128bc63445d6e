import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { collectLicences } from './licences.ts'
import { lightBuiltins } from './light-builtins.ts'
import { unusedTransports } from './unused-transports.ts'
import { withoutSideEffects } from './without-side-effects.ts'

/** CommonJS libraries in an ESM bundle call `require` only for Node's own modules. */
const REQUIRE = 'const require=process.getBuiltinModule;'

const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  banner: { js: REQUIRE },
  // Uses the library's ES modules. Unlike its modules for Node, they are tree-shaken and load as
  // one.
  alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
  legalComments: 'none',
  // Identifiers are kept because stack traces must be readable, and libraries compare the names of
  // classes.
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
  write: true,
  logLevel: 'warning',
  plugins: [withoutSideEffects, unusedTransports],
} as const satisfies BuildOptions

/** Bundles the action. Returns a line with the size. */
export function bundleAction(root: string, out: string): Promise<string> {
  return bundleFolder(root, out, { main: 'action/main.ts', post: 'action/post.ts' })
}

/**
 * Bundles the command line tool. Its bin starts `acr-nopass.js`. It runs on the oldest Node.js that
 * package.json names, unlike the action and the helper, which bring their own.
 */
export function bundleCli(root: string, out: string): Promise<string> {
  return bundleFolder(root, out, { 'acr-nopass': 'src/cli/start/main.ts' }, CLI_TARGET)
}

const CLI_TARGET = 'node22.19'

/** Bundles the program that a kubelet asks for logins. */
export function bundleProvider(root: string, out: string): Promise<string> {
  return bundleFile(root, out, 'src/node/provider/main.ts')
}

/** Bundles the helper for its image. */
export function bundleHelper(root: string, out: string): Promise<string> {
  return bundleFile(root, out, 'src/helper/main.ts')
}

/** The bundle is split, so that each mode or command loads only what it needs. */
async function bundleFolder(
  root: string,
  out: string,
  entryPoints: Readonly<Record<string, string>>,
  target: string = COMMON.target,
): Promise<string> {
  // The bundle is built next to its destination, so that a running program finds all its files in
  // the meantime.
  const fresh = `${out}.new`
  await rm(fresh, { recursive: true, force: true })
  const split = { splitting: true, chunkNames: 'chunks/[name]-[hash]' }
  const { metafile } = await build({ ...COMMON, ...split, target, absWorkingDir: root, entryPoints, outdir: fresh })
  await writeFile(join(fresh, 'LICENSES.txt'), await collectLicences(root, metafile))
  await rm(out, { recursive: true, force: true })
  await rename(fresh, out)
  return describeSize(metafile)
}

/** Bundles a program into one file without dependencies. */
async function bundleFile(root: string, out: string, entry: string): Promise<string> {
  await mkdir(dirname(out), { recursive: true })
  const plugins = [...COMMON.plugins, lightBuiltins]
  const { metafile } = await build({ ...COMMON, absWorkingDir: root, entryPoints: [entry], outfile: out, plugins })
  return describeSize(metafile)
}

/**
 * Bundles the programs of the archive for nodes into a folder, with the licences of the packages in
 * them.
 */
export async function bundleNodePrograms(root: string, out: string): Promise<void> {
  await mkdir(out, { recursive: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { setup: 'src/node/script/main.ts', provider: 'src/node/provider/main.ts' },
    outdir: out,
    outExtension: { '.js': '.mjs' },
    plugins: [...COMMON.plugins, lightBuiltins],
  })
  await writeFile(join(out, 'LICENSES.txt'), await collectLicences(root, metafile))
}

function describeSize({ outputs }: Metafile): string {
  const total = Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0)
  return `${Object.keys(outputs).length} files, ${(total / 1024).toFixed(0)} KB`
}
