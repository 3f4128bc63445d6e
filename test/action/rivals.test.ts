import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { recordSelector } from '../../src/helm/release/release-record.ts'
import { eventually } from '../support/eventually.ts'
import { type ActionBed, startActionBed } from './support/action-bed.ts'
import { helm, inputsOf } from './support/cancel-trial.ts'
import { runAction } from './support/run-action.ts'

const CHART = resolve(import.meta.dirname, '..', '..', 'chart')

/** Where a rival works: directly before the action's helm does this. */
type Place = 'template' | 'upgrade' | 'rollback'

interface Case {
  readonly name: string
  readonly at: Place
  /** `completes`: a green revision; `pending`: an upgrade that waits for a Pod that never gets ready. */
  readonly rival: 'completes' | 'pending'
  /** Whether our own upgrade can work. */
  readonly ours: 'good' | 'stuck'
  readonly code: number
  readonly error: string
  /** The last revisions, newest last; `r`: of the rival, `a`: of the action. */
  readonly history: readonly string[]
  readonly note?: RegExp
}

const CASES: readonly Case[] = [
  {
    name: 'completes between preflight and helm',
    at: 'template',
    rival: 'completes',
    ours: 'good',
    code: 1,
    error: 'RELEASE_CHANGED',
    history: ['superseded', 'r deployed'],
  },
  {
    name: 'is at work between preflight and helm',
    at: 'template',
    rival: 'pending',
    ours: 'good',
    code: 1,
    error: 'RELEASE_CHANGED',
    history: ['deployed', 'r pending-upgrade'],
  },
  {
    name: 'completes while helm starts, and ours fails',
    at: 'upgrade',
    rival: 'completes',
    ours: 'stuck',
    code: 1,
    error: 'POD_FAILING',
    history: ['superseded', 'r superseded', 'a failed', 'r deployed'],
  },
  {
    name: 'is at work when helm starts',
    at: 'upgrade',
    rival: 'pending',
    ours: 'good',
    code: 1,
    error: 'HELM_PENDING',
    history: ['deployed', 'r pending-upgrade'],
  },
  {
    name: 'completes while our rollback starts',
    at: 'rollback',
    rival: 'completes',
    ours: 'stuck',
    code: 1,
    error: 'POD_FAILING',
    history: ['superseded', 'a failed', 'r superseded', 'superseded', 'r deployed'],
    note: /another deployer made revision \d+ during the rollback: restored/,
  },
]

for (const major of ['helm4', 'helm3'] as const) {
  test(`C1 ${major}: a rival in every place of the sequence loses nothing`, async (t) => {
    await using bed = await startActionBed({ clusters: ['hangzhou-a'], helm: major })
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-rivals-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const rivals = await openRivals(bed, folder)
    for (const [index, one] of CASES.entries()) {
      await t.test(`a rival ${one.name}`, async () => {
        const base = await rivals.reset(String(index))
        const values = { podAnnotations: { by: 'action' }, ...(one.ours === 'stuck' && STUCK) }
        const outcome = await runAction({
          inputs: { ...inputsOf(bed, values, 'false'), timeout: '90s' },
          env: await rivals.env(one.at, one.rival, index),
        })
        await rm(outcome.temp, { recursive: true })
        const [first] = outcome.annotations
        assert.deepEqual([outcome.code, first?.title], [one.code, one.error], outcome.stdout + outcome.stderr)
        assert.deepEqual(await rivals.history(base), one.history, outcome.stdout)
        if (one.note) assert.match(outcome.summary, one.note)
      })
    }
  })
}

const STUCK = { image: { repository: 'absent/absent' } }

async function openRivals(bed: ActionBed, folder: string) {
  const real = join(bed.env.PATH?.split(':')[0] ?? '', 'helm')
  const kubeconfig = bed.clusters[0]?.cluster.adminKubeconfigFile ?? ''
  const admin = bed.clusters[0]?.cluster.admin ?? assert.fail()
  const common = `--namespace=acr-nopass --kubeconfig=${kubeconfig}`
  const base = join(folder, 'base.yaml')
  await writeFile(base, bed.values)
  const own = join(folder, 'own.yaml')
  await writeFile(own, stringify(bed.clusters[0]?.entry(0).values))
  const upgrade = `${real} upgrade acr-nopass ${CHART} --values=${base} --values=${own} --set=podAnnotations.by=rival ${common}`
  const commands = {
    completes: upgrade,
    // Waits in the background until it is killed; the loop ends when the record is there.
    pending: `(${upgrade} --set=image.repository=absent/absent --wait --timeout=10m & echo $! > "$RIVAL_ONCE/pid")
      until ${real} history acr-nopass --max=1 ${common} | grep -q pending-upgrade; do :; done`,
  }
  // Stands in the PATH of the job: it lets the rival work exactly once, at its place, and becomes the real helm.
  const program = join(folder, 'helm')
  await writeFile(
    program,
    `#!/bin/sh
place=$1
case "$*" in *--dry-run*) place=dry;; esac
if [ "$place" = "$RIVAL_AT" ] && mkdir "$RIVAL_ONCE" 2>/dev/null; then
  ${'sh -c "$RIVAL" > "$RIVAL_ONCE/log" 2>&1'}
fi
exec ${real} "$@"
`,
  )
  await chmod(program, 0o700)
  // RAM as the helper needs it, and a first release.
  const first = await runAction({ inputs: inputsOf(bed, {}, 'false'), env: bed.env })
  await rm(first.temp, { recursive: true })
  assert.equal(first.code, 0, first.stdout)
  const records = async () => {
    const list = await admin.request<{ items: { metadata: { name: string; labels: Record<string, string> } }[] }>({
      method: 'GET',
      path: '/api/v1/namespaces/acr-nopass/secrets',
      query: { labelSelector: recordSelector('acr-nopass') },
    })
    return list.items
      .map(({ metadata }) => ({ revision: Number(metadata.labels.version), status: metadata.labels.status ?? '' }))
      .toSorted((a, b) => a.revision - b.revision)
  }
  let pidFile: string | undefined
  return {
    /** A good release of nobody in particular; the revision that it has. */
    async reset(mark: string): Promise<number> {
      if (pidFile !== undefined) await endRival(Number(await readFile(pidFile, 'utf8')))
      pidFile = undefined
      const args = [`--values=${base}`, `--values=${own}`, `--set=podAnnotations.by=base${mark}`]
      const last = (await records()).at(-1)
      if (last?.status.startsWith('pending')) helm(bed, 'rollback', 'acr-nopass', String(last.revision - 1))
      // Without waiting: helm is called synchronously, and the node works in this process.
      helm(bed, 'upgrade', 'acr-nopass', CHART, ...args)
      return (await records()).at(-1)?.revision ?? 0
    },
    async env(at: Place, rival: Case['rival'], index: number): Promise<Readonly<Record<string, string>>> {
      const once = join(folder, `once-${index}`)
      pidFile = rival === 'pending' ? join(once, 'pid') : undefined
      return { ...bed.env, PATH: `${folder}:${bed.env.PATH}`, RIVAL_AT: at, RIVAL: commands[rival], RIVAL_ONCE: once }
    },
    /** From the revision `base` on: whose it is, and its status. */
    async history(from: number): Promise<readonly string[]> {
      const all = (await records()).filter(({ revision }) => revision >= from)
      return all.map(({ revision, status }) => {
        const by = /by: (\w)/.exec(helm(bed, 'get', 'values', 'acr-nopass', `--revision=${revision}`))?.[1] ?? ''
        return by === 'b' ? status : `${by} ${status}`
      })
    },
  }
}

/** As a lost machine ends it: the release stays pending. */
async function endRival(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await eventually(async () => assert.throws(() => process.kill(pid, 0)), 10_000, 10)
}
