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

/**
 * Bundles the action. The bundle is split, so that each mode loads only what it needs. Returns a
 * line with the sizes.
 */
export async function bundleAction(root: string, out: string): Promise<string> {
  // The bundle is built next to its destination, so that a running action finds all its files in
  // the meantime.
  const fresh = `${out}.new`
  await rm(fresh, { recursive: true, force: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { main: 'action/main.ts', post: 'action/post.ts' },
    outdir: fresh,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  })
  await writeFile(join(fresh, 'LICENSES.txt'), await collectLicences(root, metafile))
  await rm(out, { recursive: true, force: true })
  await rename(fresh, out)
  return describeSizes(metafile, 'main.js')
}

/** Bundles the command line tool, also split. Its bin starts `acr-nopass.js`. */
export async function bundleCli(root: string, out: string): Promise<string> {
  await rm(out, { recursive: true, force: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { 'acr-nopass': 'src/cli/start/main.ts' },
    outdir: out,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  })
  await writeFile(join(out, 'LICENSES.txt'), await collectLicences(root, metafile))
  return describeSizes(metafile, 'acr-nopass.js')
}

/** Bundles the program that a kubelet asks for logins, into one file without dependencies. */
export async function bundleProvider(root: string, out: string): Promise<string> {
  await mkdir(dirname(out), { recursive: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ['src/node/provider/main.ts'],
    outfile: out,
    plugins: [...COMMON.plugins, lightBuiltins],
  })
  return describeSizes(metafile, out)
}

/** Bundles the helper into one file, for its image. */
export async function bundleHelper(root: string, out: string): Promise<string> {
  await mkdir(dirname(out), { recursive: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ['src/helper/main.ts'],
    outfile: out,
    plugins: [...COMMON.plugins, lightBuiltins],
  })
  return describeSizes(metafile, out)
}

/** Describes two sizes: of everything, and of the files that the entry loads at the start. */
function describeSizes({ outputs }: Metafile, entry: string): string {
  const sizes = Object.entries(outputs)
  const total = sizes.reduce((sum, [, { bytes }]) => sum + bytes, 0)
  const main = sizes.find(([name]) => name.endsWith(entry))?.[0]
  const atOnce = new Set<string>()
  const visit = (name: string): void => {
    if (atOnce.has(name)) return
    atOnce.add(name)
    for (const { path, kind, external } of outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && !external) visit(path)
    }
  }
  if (main) visit(main)
  const eager = [...atOnce].reduce((sum, name) => sum + (outputs[name]?.bytes ?? 0), 0)
  return `${sizes.length} files, ${kilobytes(total)} in all, ${kilobytes(eager)} read at start`
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KB`
}
