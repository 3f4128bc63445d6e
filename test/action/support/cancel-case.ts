import { execFileSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { ActionFixture } from './action-fixture.ts'
import type { CancelPoint } from './cancel-points.ts'
import { type ActionOutcome, runAction } from './run-action.ts'
import { runnerCancel } from './runner-cancel.ts'

/** The state after a job was cancelled and its post step has run. */
export interface CancelRecord {
  readonly point: CancelPoint
  /**
   * How the main step ended: by itself, killed after the runner's ten seconds, or before the
   * cancel.
   */
  readonly main: 'ended' | 'killed' | 'done'
  /**
   * Exit code of the post step. Undefined if the machine was lost, because then no post step ran.
   */
  readonly post: number | undefined
  readonly warnings: number
  readonly processes: number
  readonly files: number
  /** The status of the newest revision; `none` without a release. */
  readonly release: string
  /**
   * Whether the next run named the command that repairs a pending release, and that command worked.
   */
  readonly fixed: boolean | undefined
  /** All output of a case that failed. */
  readonly output: string
}

/**
 * Cancels one job of the fixture's only cluster, after creating the required state (a release, or
 * none).
 */
export async function cancelCase(fixture: ActionFixture, point: CancelPoint): Promise<CancelRecord> {
  // If helm was lost with its machine, its last request may have taken effect after the release was
  // read.
  if ((await lastStatus(fixture)).startsWith('pending') && !(await fix(fixture))) throw new Error('it stays pending')
  const before = await lastStatus(fixture)
  if (point.command === 'install' && before !== 'none') helm(fixture, 'uninstall', 'acr-nopass', '--wait')
  if (point.command === 'upgrade' && before !== 'deployed') await good(fixture)
  const main = await apply(fixture, point)
  // A lost machine also stops helm.
  if (point.lost) for (const pid of helmPids(main.temp)) process.kill(pid, 'SIGKILL')
  const post = point.lost ? undefined : await postOf(fixture, main)
  const release = await lastStatus(fixture)
  const record = {
    point,
    main: endOf(main),
    post: post?.code ?? undefined,
    warnings: post?.annotations.length ?? 0,
    processes: helmPids(main.temp).length,
    files: point.lost ? 0 : (await readdir(main.temp)).filter((name) => /^acr-nopass-\w{6}$/.test(name)).length,
    release,
    fixed: release.startsWith('pending') ? await fix(fixture) : undefined,
  } as const
  await rm(main.temp, { recursive: true })
  const output = [main.stdout, main.stderr, post?.stdout ?? '', post?.stderr ?? ''].join('\n')
  return { ...record, output: findBreaches(record).length === 0 ? '' : withoutMasks(output) }
}

/** Returns the violations of P10 in this record. Empty if there are none. */
export function findBreaches(record: Omit<CancelRecord, 'output'>): readonly string[] {
  const pending = record.release.startsWith('pending')
  return [
    ...(record.processes > 0 ? [`${record.processes} helm processes left`] : []),
    ...(record.files > 0 ? [`${record.files} folders left`] : []),
    ...(!record.point.lost && record.main === 'killed' ? ['the main step had to be killed'] : []),
    ...(!record.point.lost && record.post !== 0 ? [`the post step ended with ${record.post}`] : []),
    ...(record.warnings > 0 ? [`${record.warnings} warnings of the post step`] : []),
    ...(pending && !record.point.lost ? [`the release is ${record.release}`] : []),
    ...(pending && record.fixed !== true ? ['the next run did not name a fix that works'] : []),
  ]
}

/**
 * On a busy machine the first signal may arrive before node runs our code. Then node exits
 * immediately, and nothing has begun.
 */
function endOf({ code, signal, stdout }: ActionOutcome): CancelRecord['main'] {
  if (signal === null) return code === 0 ? 'done' : 'ended'
  return signal === 'SIGINT' && stdout === '' ? 'ended' : 'killed'
}

async function good(fixture: ActionFixture): Promise<void> {
  const outcome = await runAction({ inputs: inputsOf(fixture, {}, 'false'), env: fixture.env })
  await rm(outcome.temp, { recursive: true })
  if (outcome.code !== 0) throw new Error(`no good release before the case: ${withoutMasks(outcome.stdout)}`)
}

async function apply(fixture: ActionFixture, point: CancelPoint): Promise<ActionOutcome> {
  const { index, after, milliseconds, stuck, lost } = point
  const exited = new AbortController()
  const values = {
    podAnnotations: { run: String(index) },
    ...(stuck && { image: { repository: 'absent/absent' } }),
  }
  const isPending = async (): Promise<void> => {
    // If helm was too fast to be seen pending, the action has already exited.
    while (!exited.signal.aborted && !(await lastStatus(fixture)).startsWith('pending')) await sleep(20)
  }
  const mark = { start: undefined, helm: 'helm upgrade', pending: isPending }[after]
  return runAction({
    inputs: inputsOf(fixture, values, 'false'),
    env: fixture.env,
    onStart: runnerCancel(milliseconds, mark, lost ? 'SIGKILL' : 'SIGINT'),
  }).finally(() => exited.abort())
}

function postOf(fixture: ActionFixture, main: ActionOutcome): Promise<ActionOutcome> {
  return runAction({ inputs: {}, env: fixture.env, stage: 'post', state: main.state, temp: main.temp })
}

/** Runs exactly the command that the next run names as the fix. */
async function fix(fixture: ActionFixture): Promise<boolean> {
  const next = await runAction({ inputs: inputsOf(fixture, {}, 'false'), env: fixture.env })
  await rm(next.temp, { recursive: true })
  const [annotation] = next.annotations
  if (annotation?.title !== 'HELM_PENDING') return false
  const command = /`helm ((?:rollback acr-nopass \d+|uninstall acr-nopass) --namespace acr-nopass)`/.exec(
    annotation.message,
  )?.[1]
  if (command === undefined) return false
  helm(fixture, ...command.split(' '))
  return !(await lastStatus(fixture)).startsWith('pending')
}

export function inputsOf(
  fixture: ActionFixture,
  values: object,
  verify: 'true' | 'false',
): Readonly<Record<string, string>> {
  return {
    clusters: stringify(fixture.clusters.map((one) => one.entry(0))),
    values: fixture.values + (Object.keys(values).length === 0 ? '' : stringify(values)),
    endpoints: fixture.endpoints,
    timeout: '60s',
    verify,
  }
}

/** Runs the fixture's helm, without the action. */
export function helm(fixture: ActionFixture, ...args: readonly string[]): string {
  const program = join(fixture.env.PATH?.split(':')[0] ?? '', 'helm')
  const kubeconfig = fixture.clusters[0]?.cluster.adminKubeconfigFile ?? ''
  const namespace = args.includes('--namespace') ? [] : ['--namespace', 'acr-nopass']
  return execFileSync(program, [...args, ...namespace, '--kubeconfig', kubeconfig], {
    env: { ...fixture.env, KUBECACHEDIR: join(program, '..', 'kube-cache') },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Returns the helm processes that still use a file of that run. */
function helmPids(temp: string): readonly number[] {
  const all = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  return all
    .split('\n')
    .filter((line) => line.includes(temp) && line.includes('helm'))
    .map((line) => Number.parseInt(line, 10))
}

/**
 * Returns the status of the newest revision in the fixture's first cluster; `none` without a
 * release.
 */
export async function lastStatus({ clusters }: ActionFixture): Promise<string> {
  const list = await clusters[0]?.cluster.admin.request<{ items: { metadata: { labels: Record<string, string> } }[] }>({
    method: 'GET',
    path: '/api/v1/namespaces/acr-nopass/secrets',
    query: { labelSelector: 'owner=helm' },
  })
  const sorted = (list?.items ?? []).toSorted(
    (a, b) => Number(a.metadata.labels.version) - Number(b.metadata.labels.version),
  )
  return sorted.at(-1)?.metadata.labels.status ?? 'none'
}

function withoutMasks(text: string): string {
  return text.replaceAll(/^::add-mask::.*$/gm, '')
}
