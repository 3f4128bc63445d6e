import { execFileSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { ActionBed } from './action-bed.ts'
import type { CancelPoint } from './cancel-points.ts'
import { type ActionOutcome, runAction } from './run-action.ts'
import { runnerCancel } from './runner-cancel.ts'

/** What was left after a job was cancelled and its post step had run. */
export interface CancelRecord {
  readonly point: CancelPoint
  /** How the main step ended: by itself, killed after the runner's ten seconds, or before it was cancelled. */
  readonly main: 'ended' | 'killed' | 'done'
  /** Of the post step; undefined where the machine was lost and none ran. */
  readonly post: number | undefined
  readonly warnings: number
  readonly processes: number
  readonly files: number
  /** The status of the newest revision; `none` without a release. */
  readonly release: string
  /** Of a pending release: whether the next run named the command that fixes it, and that command did. */
  readonly fixed: boolean | undefined
  /** All that was said, of a trial that went wrong. */
  readonly said: string
}

/** Cancels one job of the bed's only cluster. What it needs beforehand (a release, or none) it makes itself. */
export async function cancelTrial(bed: ActionBed, point: CancelPoint): Promise<CancelRecord> {
  const before = await lastStatus(bed)
  if (point.onto === 'install' && before !== 'none') helm(bed, 'uninstall', 'acr-nopass', '--wait')
  if (point.onto === 'upgrade' && before !== 'deployed') await good(bed)
  const main = await apply(bed, point)
  // Whoever loses the machine loses helm with it.
  if (point.lost) for (const pid of helmPids(main.temp)) process.kill(pid, 'SIGKILL')
  const post = point.lost ? undefined : await postOf(bed, main)
  const release = await lastStatus(bed)
  const record = {
    point,
    main: endOf(main),
    post: post?.code ?? undefined,
    warnings: post?.annotations.length ?? 0,
    processes: helmPids(main.temp).length,
    files: point.lost ? 0 : (await readdir(main.temp)).filter((name) => /^acr-nopass-\w{6}$/.test(name)).length,
    release,
    fixed: release.startsWith('pending') ? await fix(bed) : undefined,
  } as const
  await rm(main.temp, { recursive: true })
  const said = [main.stdout, main.stderr, post?.stdout ?? '', post?.stderr ?? ''].join('\n')
  return { ...record, said: findBreaches(record).length === 0 ? '' : withoutMasks(said) }
}

/** What P10 promises and this record breaks; empty when all is well. */
export function findBreaches(record: Omit<CancelRecord, 'said'>): readonly string[] {
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

/** On a busy machine the first signal may come before node has run a line of ours: then it ends at once, with nothing begun. */
function endOf({ code, signal, stdout }: ActionOutcome): CancelRecord['main'] {
  if (signal === null) return code === 0 ? 'done' : 'ended'
  return signal === 'SIGINT' && stdout === '' ? 'ended' : 'killed'
}

async function good(bed: ActionBed): Promise<void> {
  const outcome = await runAction({ inputs: inputsOf(bed, {}, 'false'), env: bed.env })
  await rm(outcome.temp, { recursive: true })
  if (outcome.code !== 0) throw new Error(`no good release before the trial: ${withoutMasks(outcome.stdout)}`)
}

async function apply(bed: ActionBed, point: CancelPoint): Promise<ActionOutcome> {
  const { index, after, milliseconds, stuck, lost } = point
  const ended = new AbortController()
  const values = {
    podAnnotations: { run: String(index) },
    ...(stuck && { image: { repository: 'absent/absent' } }),
  }
  const isPending = async (): Promise<void> => {
    // Where helm was too fast to be seen pending, the action has ended by itself.
    while (!ended.signal.aborted && !(await lastStatus(bed)).startsWith('pending')) await sleep(20)
  }
  const mark = { start: undefined, helm: 'helm upgrade', pending: isPending }[after]
  return runAction({
    inputs: inputsOf(bed, values, 'false'),
    env: bed.env,
    onStart: runnerCancel(milliseconds, mark, lost ? 'SIGKILL' : 'SIGINT'),
  }).finally(() => ended.abort())
}

function postOf(bed: ActionBed, main: ActionOutcome): Promise<ActionOutcome> {
  return runAction({ inputs: {}, env: bed.env, stage: 'post', state: main.state, temp: main.temp })
}

/** The next run says what fixes the release; that is done to the letter. */
async function fix(bed: ActionBed): Promise<boolean> {
  const next = await runAction({ inputs: inputsOf(bed, {}, 'false'), env: bed.env })
  await rm(next.temp, { recursive: true })
  const [annotation] = next.annotations
  if (annotation?.title !== 'HELM_PENDING') return false
  const command = /`helm ((?:rollback acr-nopass \d+|uninstall acr-nopass) --namespace acr-nopass)`/.exec(
    annotation.message,
  )?.[1]
  if (command === undefined) return false
  helm(bed, ...command.split(' '))
  return !(await lastStatus(bed)).startsWith('pending')
}

export function inputsOf(bed: ActionBed, values: object, verify: 'true' | 'false'): Readonly<Record<string, string>> {
  return {
    clusters: stringify(bed.clusters.map((one) => one.entry(0))),
    values: bed.values + (Object.keys(values).length === 0 ? '' : stringify(values)),
    endpoints: bed.endpoints,
    timeout: '60s',
    verify,
  }
}

/** The bed's helm, by hand. */
export function helm(bed: ActionBed, ...args: readonly string[]): string {
  const program = join(bed.env.PATH?.split(':')[0] ?? '', 'helm')
  const kubeconfig = bed.clusters[0]?.cluster.adminKubeconfigFile ?? ''
  const namespace = args.includes('--namespace') ? [] : ['--namespace', 'acr-nopass']
  return execFileSync(program, [...args, ...namespace, '--kubeconfig', kubeconfig], {
    env: { ...bed.env, KUBECACHEDIR: join(program, '..', 'kube-cache') },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Helm children that still work with a file of that run. */
function helmPids(temp: string): readonly number[] {
  const all = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
  return all
    .split('\n')
    .filter((line) => line.includes(temp) && line.includes('helm'))
    .map((line) => Number.parseInt(line, 10))
}

/** The status of the newest revision in the bed's first cluster; `none` without a release. */
export async function lastStatus({ clusters }: ActionBed): Promise<string> {
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
