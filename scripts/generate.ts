// npm run generate: writes everything that is generated from another file of the repository: values
// and their pages, the other pages, the chart's README, the action's bundle. Golden files are
// written by their tests (CONTRIBUTING.md).
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
/**
 * In this order, because pages and the chart's README contain values. Kubernetes' types are
 * missing: they need Go, and change only with the pinned Kubernetes
 * (scripts/generate-kubernetes.ts).
 */
const SCRIPTS = ['generate-values.ts', 'generate-docs.ts', 'generate-chart-readme.ts', 'build.ts']

for (const name of SCRIPTS) {
  const { status } = spawnSync(process.execPath, [join('scripts', name)], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
