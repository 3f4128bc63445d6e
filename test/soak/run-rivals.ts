import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { readRecord, recordSelector } from '../../src/helm/release/release-record.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { policyName } from '../../src/policy/ram-names.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import {
  type ActionFixture,
  type FixtureCluster,
  startActionFixture,
  withHelm,
} from '../action/support/action-fixture.ts'
import { inputsOf } from '../action/support/cancel-case.ts'
import { type ActionOutcome, runAction } from '../action/support/run-action.ts'
import { administratorRam } from '../contract/acr-cloud-client.ts'
import { type ActionPlan, findRivalBreaches, type PersonStep, type RivalEnd, rivalPlan } from './rival-plan.ts'
import type { SoakDeps } from './run-soak.ts'

export interface RivalOptions {
  readonly count: number
  readonly seed: number
  /** Runs only this one. */
  readonly run: number | undefined
}

const execute = promisify(execFile)
const NAMESPACE = '/api/v1/namespaces/acr-nopass'
/** See `OTHERS` of test/action/support/rivals.ts. */
const GOOD = { extraEnv: [{ name: 'NO_COLOR', value: '1' }] }
const KINDS: Readonly<Record<ActionPlan['kind'], object>> = {
  good: GOOD,
  waits: { ...GOOD, image: { repository: 'absent/absent' } },
  crashes: { extraEnv: [{ name: 'NODE_CHANNEL_FD', value: 'none' }] },
}
/** A repository in a policy that only `wide` values name. */
const WIDE = 'extra/*'

interface Green {
  readonly cluster: string
  readonly revision: number
  readonly whose: string
}

/**
 * Runs two jobs, a user's helm and cancels concurrently on two clusters. Returns 1 if a promise was
 * broken.
 */
export async function runRivals(options: RivalOptions, deps: SoakDeps, signal: AbortSignal): Promise<number> {
  const { root, progress, print } = deps
  const runs = options.run === undefined ? Array.from({ length: options.count }, (_, run) => run) : [options.run]
  print(`seed ${options.seed}, ${runs.length} runs; again, one of them: --rivals --seed ${options.seed} --run K`)
  await ensureTools(['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm3', 'helm4'], { progress, signal })
  const begin = performance.now()
  const totals = {
    done: 0,
    broken: 0,
    green: 0,
    greenActions: 0,
    actions: 0,
    overtaken: 0,
    cancels: 0,
    person: 0,
    ends: new Map<string, number>(),
  }
  await progress.step('rivals', async (step) => {
    step.update('starting two clusters')
    await using fixture = await startActionFixture({ clusters: ['rivals-a', 'rivals-b'], helm: 'helm4', signal })
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-rivals-'))
    const fixtures = { helm4: fixture, helm3: await withHelm(fixture, 'helm3') }
    // Prepares RAM and the namespaces.
    const first = await runAction({ inputs: inputsOf(fixture, {}, 'true'), env: fixture.env })
    await rm(first.temp, { recursive: true })
    if (first.code !== 0) throw new Error(`no good release before the first run: ${withoutMasks(first.stdout)}`)
    let isGood = false
    try {
      for (const run of runs) {
        signal.throwIfAborted()
        const plan = rivalPlan(options.seed, run)
        step.update(`${totals.done + 1} of ${runs.length}: run ${run}, ${totals.broken} broken`)
        const rivalCase = new RivalCase(fixtures, root, folder, run)
        if (!isGood) await rivalCase.reset()
        const { breaches, log, outcomes, green } = await rivalCase.perform(plan.actions, plan.person, signal)
        isGood = breaches.length === 0
        totals.done += 1
        totals.actions += outcomes.length
        totals.green += green
        totals.greenActions += outcomes.filter(({ code }) => code === 0).length
        totals.overtaken += outcomes.filter(({ stdout }) => stdout.includes('RELEASE_OVERTAKEN')).length
        totals.cancels += plan.actions.filter(({ cancel }) => cancel).length
        totals.person += plan.person.length
        const ends = outcomes.map((outcome, index) => endOf(outcome, plan.actions[index]))
        for (const end of ends) totals.ends.set(end, (totals.ends.get(end) ?? 0) + 1)
        if (breaches.length === 0) continue
        totals.broken += 1
        print(`✖ run ${run}: ${breaches.join('; ')}\n${JSON.stringify(plan)}\n${log}`)
      }
    } finally {
      // An interrupted soak reports the runs that it completed.
      print(
        `${totals.done} runs in ${Math.round((performance.now() - begin) / 1000)} s, ${totals.broken} broke a promise; ${totals.actions} jobs (${totals.greenActions} green, ` +
          `${totals.overtaken} overtaken, ${totals.cancels} cancelled), ${totals.person} calls of a person's helm; ${totals.green} green revisions`,
      )
      for (const [end, count] of [...totals.ends].toSorted()) print(`  ${end}: ${count}`)
      await rm(folder, { recursive: true, force: true })
    }
  })
  return totals.broken > 0 ? 1 : 0
}

type Fixtures = Readonly<Record<ActionPlan['helm'], ActionFixture>>

class RivalCase {
  readonly #fixtures: Fixtures
  /** Everything that is independent of the helm version. */
  readonly #fixture: ActionFixture
  readonly #chart: string
  readonly #folder: string
  readonly #run: number
  readonly #green: Green[] = []
  readonly #log: string[] = []

  constructor(fixtures: Fixtures, root: string, folder: string, run: number) {
    this.#fixtures = fixtures
    this.#fixture = fixtures.helm4
    this.#chart = join(root, 'chart')
    this.#folder = folder
    this.#run = run
  }

  async reset(): Promise<void> {
    await Promise.all(this.#fixture.clusters.map((one) => this.#reset(one)))
  }

  /** Starts from a good release, and ends with one if no promise was broken. */
  async perform(actions: readonly ActionPlan[], person: readonly PersonStep[], signal: AbortSignal) {
    const removed = new Set<string>()
    const wentBack = new Set<string>()
    const [outcomes] = await Promise.all([
      Promise.all(actions.map((action) => this.#job(action, signal))),
      ...this.#fixture.clusters.map(async (one, index) => {
        // A user runs one command after another.
        const begin = performance.now()
        for (const step of person.filter(({ cluster }) => cluster === index)) {
          await sleep(Math.max(0, step.at - (performance.now() - begin)), undefined, { signal })
          const done = await this.#personal(one, step)
          if (done && step.command === 'uninstall') removed.add(nameOf(one))
          if (done && step.command === 'rollback') wentBack.add(nameOf(one))
        }
      }),
    ])
    const breaches: string[] = []
    for (const one of this.#fixture.clusters) {
      const end = await this.#inspect(one, removed, wentBack)
      this.#log.push(JSON.stringify(end))
      breaches.push(...findRivalBreaches(end))
    }
    const green = this.#green.length
    // The next job must be able to repair what is left, and RAM then grants exactly what it needs.
    for (const one of this.#fixture.clusters) await this.#unlock(one)
    const last = await this.#run1(
      { by: 'last', helm: this.#run % 2 === 0 ? 'helm4' : 'helm3', at: 0, kind: 'good', wide: false, verify: true },
      signal,
    )
    if (last.code !== 0)
      breaches.push(`the next job was not green: ${last.annotations.map(({ message }) => message).join(' ')}`)
    else if (breaches.length === 0)
      for (const one of this.#fixture.clusters)
        if (await this.#grantsWide(one)) breaches.push(`${nameOf(one)}: RAM keeps what nothing needs`)
    return { breaches, log: this.#log.join('\n'), outcomes, green }
  }

  /**
   * Resets any state: deletes the records, takes over the chart's objects, installs one good
   * release.
   */
  async #reset(one: FixtureCluster): Promise<void> {
    const { admin } = one.cluster
    await this.#ignoreAbsent(
      admin.request({
        method: 'DELETE',
        path: `${NAMESPACE}/secrets`,
        query: { labelSelector: recordSelector('acr-nopass') },
      }),
    )
    for (const by of ['older', 'base']) {
      await this.#helm(
        one,
        ...(await this.#upgrade(one, by, false)),
        '--install',
        '--take-ownership',
        '--wait',
        '--timeout=3m',
      )
    }
  }

  async #ignoreAbsent(work: Promise<unknown>): Promise<void> {
    await work.catch((error) => {
      if (!(error instanceof KubeApiError) || (error.status !== 404 && error.status !== 409)) throw error
    })
  }

  /**
   * This is not a violation: only a lost machine leaves a release pending, and lost machines are
   * counted.
   */
  async #unlock(one: FixtureCluster): Promise<void> {
    const last = (await this.#revisions(one)).at(-1)
    if (last?.status.startsWith('pending'))
      await this.#helm(one, 'rollback', 'acr-nopass', String(last.revision - 1)).catch(() => undefined)
  }

  async #job(action: ActionPlan, signal: AbortSignal): Promise<ActionOutcome> {
    await sleep(action.at, undefined, { signal })
    return this.#run1(action, signal)
  }

  async #run1(action: ActionPlan, signal: AbortSignal): Promise<ActionOutcome> {
    const { by, helm, kind, wide, verify, cancel } = action
    const values = { podAnnotations: { by: `${by}${this.#run}` }, ...KINDS[kind] }
    const inputs = inputsOf(this.#fixture, values, verify ? 'true' : 'false')
    const outcome = await runAction({
      inputs: {
        ...inputs,
        values: this.#values(values, wide),
        timeout: kind === 'waits' ? '30s' : '3m',
        'max-parallel': '2',
      },
      env: this.#fixtures[helm].env,
      onStart(child) {
        if (cancel === undefined) return
        const timer = setTimeout(() => child.kill(cancel.signal), cancel.after)
        child.once('exit', () => clearTimeout(timer))
      },
    })
    signal.throwIfAborted()
    const post = await runAction({
      inputs: {},
      env: this.#fixtures[helm].env,
      stage: 'post',
      state: outcome.state,
      temp: outcome.temp,
    })
    const results: readonly { name: string; status: string; revision: { to: number | null } }[] = JSON.parse(
      outcome.outputs.results || '[]',
    )
    for (const { name, status, revision } of results) {
      if (status === 'deployed' || status === 'unchanged') {
        this.#green.push({ cluster: name, revision: revision.to ?? 0, whose: `job ${by} (${status})` })
      }
    }
    this.#log.push(
      `--- job ${by}: ${outcome.code ?? outcome.signal}\n${withoutMasks(outcome.stdout + outcome.stderr + post.stdout)}`,
    )
    await rm(outcome.temp, { recursive: true })
    return outcome
  }

  async #personal(one: FixtureCluster, { by, helm, command }: PersonStep): Promise<boolean> {
    const before = await this.#revisions(one)
    const last = before.at(-1)
    // Like a user who sees the new revision and does not want it.
    const back = before.findLast(
      (other) => /deployed|superseded/.test(other.status) && other.by !== last?.by && other !== last,
    )
    try {
      if (command === 'upgrade')
        await this.#helmOf(helm, one, ...(await this.#upgrade(one, `${by}-${this.#run}`, false)), '--install')
      else if (command === 'uninstall') await this.#helmOf(helm, one, 'uninstall', 'acr-nopass')
      else await this.#helmOf(helm, one, 'rollback', 'acr-nopass', String(back?.revision ?? 1))
    } catch (error) {
      this.#log.push(
        `--- ${nameOf(one)}: ${by} ${command} refused: ${String((error as { stderr?: string }).stderr ?? error).trim()}`,
      )
      return false
    }
    if (command === 'uninstall') {
      this.#log.push(`--- ${nameOf(one)}: ${by} uninstall done`)
      return true
    }
    const after = await this.#revisions(one)
    const expected = command === 'upgrade' ? `${by}-${this.#run}` : back?.by
    const known = new Set(before.map(({ revision }) => revision))
    const made = after.find(({ revision, by: whose }) => !known.has(revision) && whose === expected)
    if (made) this.#green.push({ cluster: nameOf(one), revision: made.revision, whose: `${by} (${command})` })
    this.#log.push(`--- ${nameOf(one)}: ${by} ${command} made revision ${made?.revision}`)
    return true
  }

  async #inspect(one: FixtureCluster, removed: ReadonlySet<string>, wentBack: ReadonlySet<string>): Promise<RivalEnd> {
    const revisions = await this.#revisions(one)
    const byOf = (revision: number): string => revisions.find((other) => other.revision === revision)?.by ?? 'gone'
    const live = await one.cluster.admin
      .request<{ spec: { template: { metadata: { annotations?: Record<string, string> } } } }>({
        method: 'GET',
        path: '/apis/apps/v1/namespaces/acr-nopass/deployments/acr-nopass',
      })
      .then(
        ({ spec }) => spec.template.metadata.annotations?.by,
        () => undefined,
      )
    const deployed = revisions.findLast(({ status }) => status === 'deployed')
    return {
      cluster: nameOf(one),
      revisions: revisions.map(({ revision, status, by }) => ({ revision, status, by })),
      live,
      green: this.#green
        .filter(({ cluster }) => cluster === nameOf(one))
        .map(({ revision, whose }) => ({ revision, whose, by: byOf(revision) })),
      uninstalled: removed.has(nameOf(one)),
      grantsWide: await this.#grantsWide(one),
      needsWide: deployed?.wide === true && !wentBack.has(nameOf(one)),
    }
  }

  async #grantsWide(one: FixtureCluster): Promise<boolean> {
    const ram = await administratorRam(this.#fixture.cloud)
    const policy = await ram.getPolicy(policyName({ cluster: one.clusterId }))
    return policy?.document.includes(WIDE) ?? false
  }

  async #revisions(one: FixtureCluster) {
    const list = await one.cluster.admin.request<{
      items: { metadata: { labels: Record<string, string> }; data: { release: string } }[]
    }>({
      method: 'GET',
      path: `${NAMESPACE}/secrets`,
      query: { labelSelector: recordSelector('acr-nopass') },
    })
    const rows = await Promise.all(
      list.items.map(async ({ metadata: { labels }, data }) => {
        const { values } = await readRecord(Buffer.from(data.release, 'base64').toString('latin1'))
        const text = JSON.stringify(values)
        return {
          revision: Number(labels.version),
          status: labels.status ?? '',
          by: /"by":"([^"]+)"/.exec(text)?.[1] ?? '?',
          wide: text.includes(WIDE),
        }
      }),
    )
    return rows.toSorted((a, b) => a.revision - b.revision)
  }

  #values(more: object, wide: boolean): string {
    const values = parse(this.#fixture.values)
    if (wide) values.registries[0].repositories.push(WIDE)
    return stringify({ ...values, ...more })
  }

  async #upgrade(one: FixtureCluster, by: string, wide: boolean): Promise<readonly string[]> {
    const file = join(this.#folder, `${nameOf(one)}-${by}.yaml`)
    await writeFile(file, this.#values({ podAnnotations: { by }, ...GOOD }, wide))
    const own = join(this.#folder, `${nameOf(one)}-own.yaml`)
    await writeFile(own, stringify(one.entry(0).values))
    return ['upgrade', 'acr-nopass', this.#chart, `--values=${file}`, `--values=${own}`]
  }

  #helm(one: FixtureCluster, ...args: readonly string[]): Promise<string> {
    return this.#helmOf('helm4', one, ...args)
  }

  async #helmOf(helm: ActionPlan['helm'], one: FixtureCluster, ...args: readonly string[]): Promise<string> {
    const { env } = this.#fixtures[helm]
    const program = join(env.PATH?.split(':')[0] ?? '', 'helm')
    const all = [...args, '--namespace=acr-nopass', `--kubeconfig=${one.cluster.adminKubeconfigFile}`]
    return (await execute(program, all, { env: { ...env, KUBECACHEDIR: join(this.#folder, 'kube-cache') } })).stdout
  }
}

/** `good: deployed, HELM_PENDING`: the result of each cluster of a job. */
function endOf({ outputs, annotations }: ActionOutcome, plan: ActionPlan | undefined): string {
  const results: readonly { status: string; error?: { code: string } }[] = JSON.parse(outputs.results || '[]')
  const each = results.map(({ status, error }) => error?.code ?? status).toSorted()
  return `${plan?.cancel ? 'cancelled ' : ''}${plan?.kind}: ${each.join(', ') || annotations[0]?.title || 'no result'}`
}

function nameOf(one: FixtureCluster): string {
  return String(one.entry(0).name)
}

function withoutMasks(text: string): string {
  return text.replaceAll(/^::add-mask::.*$/gm, '').replaceAll(/\n+/g, '\n')
}
