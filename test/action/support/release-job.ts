import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { VERSION } from '../../../src/version.ts'

interface Step {
  readonly id?: string
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
  readonly with?: Readonly<Record<string, string>>
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
  readonly env: Readonly<Record<string, string>>
}

export interface ReleaseJob {
  readonly root: string
  /** The jobs whose steps run, in order. */
  readonly jobs: readonly string[]
  /** Replaces values of the workflow's `env`. */
  readonly env?: Readonly<Record<string, string>>
  /** Steps that this machine needs first. */
  readonly before?: readonly Step[]
  /** Changes a step, by its name, or by the job and `push` or `publish`. */
  readonly change?: Readonly<Record<string, (step: Step) => Step>>
}

/** Steps that only GitHub's runners can run, or that reach another machine. */
const LEFT_OUT = [
  'Fetch the files',
  'Log in',
  'Take Node out of the base image',
  'The base image as it is pinned, for both platforms',
]
const ACTIONS = /^actions\/(?:setup-node|setup-go|upload-artifact)@/

/**
 * The release workflow with the steps of several jobs in one job, so that the files need no
 * artifact between them. Outputs of jobs become outputs of their steps. No other step is changed,
 * and one whose change is not found fails.
 */
export async function releaseJob({ root, jobs, env = {}, before = [], change = {} }: ReleaseJob): Promise<string> {
  const workflow = parse(await readFile(join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow
  const changed = new Set<string>()
  const own = jobs.flatMap((job) =>
    (workflow.jobs[job]?.steps ?? assert.fail(`no job ${job}`)).flatMap((step) => {
      const { name = '', uses = '', id } = step
      if (LEFT_OUT.includes(name) || ACTIONS.test(uses) || uses.startsWith('actions/checkout@')) return []
      const key =
        name || uses || (id === 'push' ? `push of ${job}` : '') || step.run?.split(' ').slice(0, 2).join(' ') || ''
      changed.add(key)
      const result = change[key]?.(step) ?? step
      return [id === 'push' ? { ...result, id: job } : result]
    }),
  )
  for (const key of Object.keys(change)) assert.ok(changed.has(key), `no step "${key}" in ${[...changed].join(', ')}`)
  const checkout = workflow.jobs.version?.steps.find(({ uses = '' }) => uses.startsWith('actions/checkout@'))
  const steps = [checkout, ...before, ...own]
  const release = { 'runs-on': 'ubuntu-latest', steps }
  const text = stringify({ ...workflow, on: 'push', env: { ...workflow.env, ...env }, jobs: { release } })
  const here = text
    .replaceAll('needs.version.outputs.version', `'${VERSION}'`)
    .replaceAll(/needs\.(\w+)\.outputs\.digest/g, 'steps.$1.outputs.digest')
  assert.doesNotMatch(here, /needs\./)
  return here
}
