import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { recordSelector } from '../../../src/helm/release/release-record.ts'
import { eventually } from '../../support/eventually.ts'
import { type ActionFixture, startActionFixture } from './action-fixture.ts'
import { inputsOf } from './cancel-case.ts'
import { type ActionOutcome, runAction } from './run-action.ts'
import { runnerCancel } from './runner-cancel.ts'

const CHART = resolve(import.meta.dirname, '..', '..', '..', 'chart')
/** The limit is generous, because the machine may be busy. */
const LIMIT = 120_000

/** A helm call of the action during which a rival works. */
export type Place = 'template' | 'upgrade' | 'rollback'

export interface RivalCase {
  readonly name: string
  /**
   * The helm call of the action at which the rival works. Undefined: before the action. `post`:
   * between the action's main and post step.
   */
  readonly at?: Place | 'post' | 'post rollback'
  /**
   * `pending`: the rival works after helm has created its revision. With `stop`, helm is paused in
   * the meantime. Undefined: the rival works directly before helm.
   */
  readonly when?: 'pending'
  readonly stop?: boolean
  /** No rival works. Instead the system kills helm at this point, and then the post step runs. */
  readonly kill?: boolean
  readonly ours: 'good' | 'waits' | 'crashes'
  readonly rival?: (rival: Rival) => Promise<void>
  /** The timeout of the action's helm; default 3m. */
  readonly timeout?: string
  readonly code: number
  /** The title of the first annotation. */
  readonly error?: string
  /**
   * The revisions from the last one before the action on: `a` of the action, `r` of the rival, `o`
   * of an older good release.
   */
  readonly history: readonly string[]
  /** An equally valid history, because the result depends on which deployer finishes first. */
  readonly orHistory?: readonly string[]
  /** A pattern in the summary, or in the output of the post step. */
  readonly note?: RegExp
}

const OURS: Readonly<Record<RivalCase['ours'], object>> = {
  good: {},
  waits: { image: { repository: 'absent/absent' } },
  crashes: { extraEnv: [{ name: 'NODE_CHANNEL_FD', value: 'none' }] },
}

/**
 * Every revision of other deployers has the variable of OURS without a value, which Node.js
 * ignores. An upgrade of Helm 3 compares with the newest deployed revision. Over a failed revision
 * it therefore keeps what only the failed revision added
 * (https://helm.sh/docs/faq/changes_since_helm_2/#improved-upgrade-strategy-3-way-strategic-merge-patches,
 * `prepareUpgrade` in https://github.com/helm/helm/blob/v3.22.0/pkg/action/upgrade.go).
 */
const OTHERS = { extraEnv: [{ name: 'NODE_CHANNEL_FD', value: '' }] }

/** Another deployer, with the same helm. */
export interface Rival {
  /** The good revision before the action. */
  readonly base: number
  /** A good revision. */
  upgrade(): Promise<void>
  /** An upgrade that waits for a Pod that never becomes ready. */
  begin(): Promise<void>
  rollback(revision: number): Promise<void>
  uninstall(): Promise<void>
}

export interface Revisions {
  readonly revision: number
  readonly status: string
}

export interface RivalFixture extends AsyncDisposable {
  readonly fixture: ActionFixture
  run(one: RivalCase): Promise<{ readonly outcome: ActionOutcome; readonly history: readonly string[] }>
}

const execute = promisify(execFile)

export async function openRivalFixture(helm: 'helm3' | 'helm4'): Promise<RivalFixture> {
  const fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm })
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-rivals-'))
  const [one] = fixture.clusters
  assert.ok(one)
  const { admin, adminKubeconfigFile } = one.cluster
  const real = join(fixture.env.PATH?.split(':')[0] ?? '', 'helm')
  const common = ['--namespace=acr-nopass', `--kubeconfig=${adminKubeconfigFile}`]
  const base = join(folder, 'base.yaml')
  await writeFile(base, fixture.values + stringify(OTHERS))
  const own = join(folder, 'own.yaml')
  await writeFile(own, stringify(one.entry(0).values))
  const call = async (...args: readonly string[]): Promise<string> =>
    (await execute(real, [...args, ...common], { env: { ...process.env, KUBECACHEDIR: join(folder, 'kube-cache') } }))
      .stdout
  const upgrade = (by: string, ...more: readonly string[]): readonly string[] => [
    'upgrade',
    'acr-nopass',
    CHART,
    `--values=${base}`,
    `--values=${own}`,
    `--set=podAnnotations.by=${by}`,
    ...more,
  ]
  // This program is first in the job's PATH. At its place it waits once until the rival is done,
  // and then becomes the real helm.
  const program = join(folder, 'helm')
  await writeFile(
    program,
    `#!/bin/sh
if [ "$1" = "$RIVAL_AT" ] && mkdir "$RIVAL_ONCE" 2>/dev/null; then
  echo $$ > "$RIVAL_ONCE/new"; mv "$RIVAL_ONCE/new" "$RIVAL_ONCE/pid"
  until [ -e "$RIVAL_ONCE/go" ]; do sleep 0.05; done
fi
exec ${real} "$@"
`,
  )
  await chmod(program, 0o700)

  const revisions = async (): Promise<readonly Revisions[]> => {
    const list = await admin.request<{ items: { metadata: { labels: Record<string, string> } }[] }>({
      method: 'GET',
      path: '/api/v1/namespaces/acr-nopass/secrets',
      query: { labelSelector: recordSelector('acr-nopass') },
    })
    return list.items
      .map(({ metadata }) => ({ revision: Number(metadata.labels.version), status: metadata.labels.status ?? '' }))
      .toSorted((a, b) => a.revision - b.revision)
  }
  const isPending = async (after: number): Promise<void> => {
    const last = (await revisions()).at(-1)
    assert.ok(last !== undefined && last.revision > after && last.status.startsWith('pending'))
  }

  let background: { readonly pid: number; readonly exited: Promise<unknown> } | undefined
  const rivalOf = (at: number): Rival => ({
    base: at,
    async upgrade() {
      await call(...upgrade('rival'))
    },
    async begin() {
      const child = execFile(real, [
        ...upgrade('rival', '--set=image.repository=absent/absent', '--wait', '--timeout=10m'),
        ...common,
      ])
      background = { pid: child.pid ?? 0, exited: new Promise((resolve) => child.once('exit', resolve)) }
      await eventually(() => isPending(at), LIMIT, 10)
    },
    async rollback(revision) {
      await call('rollback', 'acr-nopass', String(revision))
    },
    async uninstall() {
      await call('uninstall', 'acr-nopass')
    },
  })

  /**
   * Removes everything of the previous case. Installs a good release that is neither the action's
   * nor the rival's, with an older revision that differs, and returns its revision.
   */
  async function reset(index: number): Promise<number> {
    if (background !== undefined) {
      // The rival is killed like on a lost machine, so the release stays pending.
      process.kill(background.pid, 'SIGKILL')
      await background.exited
      background = undefined
    }
    await call('uninstall', 'acr-nopass', '--ignore-not-found')
    await call(...upgrade(`other${index}`, '--install'))
    await call(...upgrade(`base${index}`, '--wait', '--timeout=3m'))
    return (await revisions()).at(-1)?.revision ?? 0
  }

  /**
   * Runs the rival at its place. Returns when the rival is done, or when the action has exited
   * without reaching the place.
   */
  async function workAt(once: string, one: RivalCase, rival: Rival, exited: AbortSignal): Promise<void> {
    const pid = await eventually(
      async () => {
        if (exited.aborted) return undefined
        await access(join(once, 'pid'))
        return Number(await readFile(join(once, 'pid'), 'utf8'))
      },
      LIMIT,
      10,
    )
    if (pid === undefined) return
    const before = (await revisions()).at(-1)?.revision ?? 0
    const go = async (): Promise<void> => {
      await writeFile(join(once, 'going'), '')
      await rename(join(once, 'going'), join(once, 'go'))
    }
    try {
      if (one.when !== 'pending') await one.rival?.(rival)
      else {
        await go()
        await eventually(() => isPending(before), LIMIT, 2)
        if (one.kill) process.kill(pid, 'SIGKILL')
        if (one.stop) process.kill(pid, 'SIGSTOP')
        await one.rival?.(rival)
        if (one.stop) process.kill(pid, 'SIGCONT')
      }
    } finally {
      await go()
    }
  }

  // Prepares RAM and the namespace.
  const first = await runAction({ inputs: inputsOf(fixture, {}, 'false'), env: fixture.env })
  await rm(first.temp, { recursive: true })
  assert.equal(first.code, 0, first.stdout)

  let index = 0
  return {
    fixture,
    async run(one) {
      index += 1
      const from = await reset(index)
      const rival = rivalOf(from)
      const once = join(folder, `once-${index}`)
      const post = one.at === 'post' || one.at === 'post rollback'
      const step = one.at === 'post rollback' ? 'rollback' : one.at
      const env = { ...fixture.env, PATH: `${folder}:${fixture.env.PATH}`, RIVAL_AT: step ?? '', RIVAL_ONCE: once }
      const values = { podAnnotations: { by: 'action' }, ...OURS[one.ours] }
      const inputs = { ...inputsOf(fixture, values, 'false'), timeout: one.timeout ?? '3m' }
      if (one.at === undefined) await one.rival?.(rival)
      const stage = async (run: Parameters<typeof runAction>[0]): Promise<ActionOutcome> => {
        const exited = new AbortController()
        const isHere = step !== undefined && step !== 'post' && (run.stage === 'post') === post
        const [outcome] = await Promise.all([
          runAction(run).finally(() => exited.abort()),
          isHere ? workAt(once, one, rival, exited.signal) : undefined,
        ])
        return outcome
      }
      const waits = (): Promise<void> => eventually(() => isPending(from), LIMIT, 10)
      let outcome = await stage({ inputs, env, ...(post && { onStart: runnerCancel(0, waits) }) })
      if (post) {
        const { state, temp } = outcome
        if (one.at === 'post') await one.rival?.(rival)
        outcome = await stage({ inputs: {}, env, stage: 'post', state, temp })
      }
      if (one.kill) {
        const { state, temp } = outcome
        const after = await runAction({ inputs: {}, env, stage: 'post', state, temp })
        outcome = { ...outcome, stdout: outcome.stdout + after.stdout }
      }
      await rm(outcome.temp, { recursive: true })
      return { outcome, history: await describe(from) }
    },
    async [Symbol.asyncDispose]() {
      if (background !== undefined) process.kill(background.pid, 'SIGKILL')
      await background?.exited
      await fixture[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }

  /** Returns the owner and the status of each revision, from `from` on. */
  async function describe(from: number): Promise<readonly string[]> {
    const all = (await revisions()).filter(({ revision }) => revision >= from)
    return Promise.all(
      all.map(async ({ revision, status }) => {
        const by = /by: (\w)/.exec(await call('get', 'values', 'acr-nopass', `--revision=${revision}`))?.[1] ?? ''
        return by === 'b' ? status : `${by} ${status}`
      }),
    )
  }
}
