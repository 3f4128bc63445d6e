import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import type { ClusterFinding } from '../../src/fleet/finding.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { describeResults } from '../../src/fleet/report/results.ts'
import { describeOutputs, sortChecks } from '../../src/fleet/report/verdict.ts'
import { ROOT } from '../cli/run-bin.ts'
import { clusterFacts, RULES } from './facts.ts'

const HEALTHY = judgeCluster(clusterFacts(), RULES)
const HELPER_DOWN: ClusterFinding = {
  id: 'HELPER_DOWN',
  severity: 'error',
  subject: 'Deployment acr-nopass',
  message: 'a text of the cluster',
  cause: 'c',
  fix: 'f',
}
const check = (name: string, ...findings: readonly ClusterFinding[]): ClusterCheck => {
  return { ...HEALTHY, name, state: findings.length > 0 ? 'failed' : 'healthy', findings }
}

interface Step {
  readonly run?: string
  readonly with?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

/** Reads the steps that a page shows. */
async function readSteps(language: string): Promise<readonly Step[]> {
  const text = await readFile(join(ROOT, `docs/${language}/fleet.md`), 'utf8')
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
  const steps = blocks.find(([, block = '']) => block.includes('gh issue'))?.[1]
  assert.ok(steps !== undefined)
  return parse(steps)
}

/**
 * A stand-in for GitHub's CLI (https://cli.github.com/manual/gh_issue): it notes its arguments,
 * keeps one issue, and filters its JSON with jq, as `gh --jq` does.
 */
const GH = `#!/usr/bin/env bash
set -euo pipefail
printf '%s\\n' "$*" >> calls.txt
case "$1 $2" in
  'label create') ;;
  'issue list') if [ -e open ]; then echo '[{"number":7}]'; else echo '[]'; fi | jq -r "\${@: -1}" ;;
  'issue create') touch open ;;
  'issue edit') [ "$3" = 7 ] ;;
  'issue close') [ "$3" = 7 ]; rm open ;;
  *) exit 64 ;;
esac
`

async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-steps-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'gh'), GH)
  await chmod(join(folder, 'gh'), 0o755)
  return folder
}

/** Runs a text as a step of a workflow runs it: \`bash -e\`. */
const bash = (text: string, folder: string, env: Readonly<Record<string, string>>) =>
  promisify(execFile)('bash', ['-e', '-c', text], {
    cwd: folder,
    env: { PATH: `${folder}:${process.env.PATH}`, ...env },
  })

/** Writes the results of a check, as the action does. */
async function writeResults(folder: string, clusters: readonly ClusterCheck[]): Promise<string> {
  const file = join(folder, 'results.json')
  const checkedAt = '2026-12-01T22:20:00.000Z'
  const sorted = sortChecks(clusters)
  await writeFile(file, JSON.stringify(describeResults({ errors: [], clusters: sorted, checkedAt })))
  return file
}

for (const language of ['en', 'zh']) {
  test(`the steps of the ${language} page open one issue, update it, and close it when no cluster fails`, async (t) => {
    const steps = await readSteps(language)
    const step = steps.find(({ run }) => run !== undefined)
    assert.ok(step?.run !== undefined)
    const folder = await openFolder(t)
    const calls = async (clusters: readonly ClusterCheck[]): Promise<readonly string[]> => {
      await rm(join(folder, 'calls.txt'), { force: true })
      const results = await writeResults(folder, clusters)
      const { failed } = describeOutputs(clusters)
      await bash(step.run ?? '', folder, { GH_TOKEN: 'none', FAILED: JSON.stringify(failed), RESULTS: results })
      return (await readFile(join(folder, 'calls.txt'), 'utf8')).trim().split('\n').slice(2)
    }
    assert.deepEqual(await calls([check('a'), check('b')]), [])
    const opened = await calls([check('a'), check('b', HELPER_DOWN)])
    assert.deepEqual(opened, [
      'issue create --title acr-nopass: clusters need attention --label acr-nopass --body-file body.md',
    ])
    const body = await readFile(join(folder, 'body.md'), 'utf8')
    assert.equal(body, '- **b**: failed\n  - `HELPER_DOWN`\n')
    assert.deepEqual(await calls([check('a', HELPER_DOWN), check('b')]), ['issue edit 7 --body-file body.md'])
    const closed = await calls([check('a'), check('b')])
    assert.deepEqual(closed, ['issue close 7 --comment Every cluster is reachable and has no error.'])
  })

  test(`the steps of the ${language} page use inputs and outputs that the action has`, async () => {
    const steps = await readSteps(language)
    const action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8'))
    const own = steps.find((step) => step.with?.mode !== undefined)
    for (const name of Object.keys(own?.with ?? {})) assert.ok(name in action.inputs, name)
    const outputs = JSON.stringify(steps).matchAll(/steps\.acr\.outputs\.([\w-]+)/g)
    for (const [, name = ''] of outputs) assert.ok(name in action.outputs, name)
  })
}
