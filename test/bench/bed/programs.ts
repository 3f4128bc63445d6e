import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { bundleCli, bundleHelper } from '../../../scripts/build/bundles.ts'
import { lightBuiltins } from '../../../scripts/build/light-builtins.ts'
import type { Programs } from '../scenario.ts'

/** Bundles what is measured as users get it, and what it is compared with. */
export async function buildPrograms(root: string, folder: string): Promise<Programs> {
  const programs = {
    folder,
    helper: join(folder, 'helper.mjs'),
    minimal: join(folder, 'minimal.mjs'),
    cli: join(folder, 'dist'),
  }
  await bundleHelper(root, programs.helper)
  await bundleCli(root, programs.cli)
  // As in the npm package: the chart and package.json lie beside the bundle's folder.
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await symlink(join(root, 'chart'), join(folder, 'chart'))
  await build({
    absWorkingDir: root,
    entryPoints: ['test/bench/minimal-controller.ts'],
    outfile: programs.minimal,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: [lightBuiltins],
    logLevel: 'warning',
  })
  return programs
}
