// npm run generate: writes everything that is generated from another file of the repository: values
// and their pages, the other pages, the chart's README, and the action's bundle. Golden files are
// written by their tests (CONTRIBUTING.md).
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
/** Values are generated first, because pages and the chart's README are made from them. */
const generators = globSync('scripts/generate-*.ts', { cwd: root }).sort(
  (a, b) => Number(b.endsWith('values.ts')) - Number(a.endsWith('values.ts')),
)

for (const file of [...generators, 'scripts/build.ts']) {
  const { status } = spawnSync(process.execPath, [file], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
