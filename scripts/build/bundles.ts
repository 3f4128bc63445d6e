import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { collectLicences } from './licences.ts'
import { lazyBuiltins, lightBuiltins } from './light-builtins.ts'
import { lightLibraries } from './light-libraries.ts'
import { unusedTransports } from './unused-transports.ts'
import { withoutSideEffects } from './without-side-effects.ts'

/** CommonJS libraries in an ESM bundle ask for Node's own modules, and for no others, by `require`. */
const REQUIRE = 'const require=process.getBuiltinModule;'

const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  banner: { js: REQUIRE },
  // Its ES modules: unlike those for Node they lose what nobody uses, and start as one.
  alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
  legalComments: 'none',
  // Identifiers stay: a stack trace must be readable, and libraries compare the names of classes.
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
  write: true,
  logLevel: 'warning',
  plugins: [withoutSideEffects, unusedTransports],
} as const satisfies BuildOptions

/** The action as a split bundle: only what a mode needs is loaded. Returns a line with the sizes. */
export async function bundleAction(root: string, out: string): Promise<string> {
  // Beside its place first: what runs from there while we build finds all its files.
  const fresh = `${out}.new`
  await rm(fresh, { recursive: true, force: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { main: 'action/main.ts', post: 'action/post.ts' },
    outdir: fresh,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    plugins: [...COMMON.plugins, lazyBuiltins],
  })
  await writeFile(join(fresh, 'LICENSES.txt'), await collectLicences(root, metafile))
  await rm(out, { recursive: true, force: true })
  await rename(fresh, out)
  return describe(metafile, 'main.js')
}

/** The command line tool, split as well; `acr-nopass.js` is what its bin starts. */
export async function bundleCli(root: string, out: string): Promise<string> {
  await rm(out, { recursive: true, force: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { 'acr-nopass': 'src/cli/start/main.ts' },
    outdir: out,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // The sandbox runs from a checkout only; its own programs are not part of the package.
    external: ['../../sandbox/*'],
    plugins: [...COMMON.plugins, lazyBuiltins],
  })
  await writeFile(join(out, 'LICENSES.txt'), await collectLicences(root, metafile))
  return describe(metafile, 'acr-nopass.js')
}

/** The helper as one file: what its image holds. */
export async function bundleHelper(root: string, out: string): Promise<string> {
  await mkdir(dirname(out), { recursive: true })
  const { metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ['src/helper/main.ts'],
    outfile: out,
    plugins: [...COMMON.plugins, lightLibraries, lightBuiltins],
  })
  return describe(metafile, out)
}

/** What the entry has to read at once, and all of it. */
function describe({ outputs }: Metafile, entry: string): string {
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
