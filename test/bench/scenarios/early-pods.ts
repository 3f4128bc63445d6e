import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_SECRET_NAME } from '../../../src/kube/names.ts'
import { openHelm } from '../../support/chart/chart.ts'
import type { Fixture } from '../fixture/fixture.ts'
import { minimalContender } from '../fixture/minimal-contender.ts'
import { createNamespace, namesOf } from '../fixture/namespaces.ts'
import { untilHelperWorks } from '../fixture/until-works.ts'
import { type BenchContext, type Measured, openScenarioFixture, type Scenario } from '../scenario.ts'

const DELAYS_MS = [0, 5, 10, 20]
const OLD = 'shop'
const LIMIT_MS = 120_000

/**
 * Pods that are created right after their ServiceAccount: how many lack the reference to the pull
 * secret.
 */
export const earlyPods: Scenario = {
  name: 'early-pods',
  title: { en: 'Pods right after their ServiceAccount', zh: '紧随 ServiceAccount 创建的 Pod' },
  minutes: 7,
  measure: measureEarlyPods,
}

async function measureEarlyPods(context: BenchContext): Promise<Measured> {
  const { settings, signal } = context
  const { helm, old, fresh } = await withHelper(context, 'serviceAccounts', async (fixture) => ({
    // This comes first, so that the cluster is as new as the minimal program's: after 2,000
    // namespaces, API server and controllers are slower.
    helm: await installAll(context, fixture, signal),
    old: await afterEach(DELAYS_MS, (delay) => countWithout(context, fixture, delay, false)),
    fresh: await afterEach(DELAYS_MS, (delay) => countWithout(context, fixture, delay, true)),
  }))
  const helmOfMinimal = await withMinimal(context, (fixture) => installAll(context, fixture, signal))
  const admission = await withHelper(context, 'admission', (fixture) =>
    afterEach([false, true], (isNew) => countWithout(context, fixture, 0, isNew)),
  )
  const share = (counts: readonly number[]): string =>
    counts.map((count) => `${((count / settings.pods) * 100).toFixed(1)} %`).join(' / ')
  return {
    figures: {
      'early-old': old,
      'early-new': fresh,
      'early-helm': [helm],
      'early-helm-minimal': [helmOfMinimal],
      'early-admission': admission,
    },
    notes: [
      `${settings.pods} Pods per delay and ${settings.deployments} releases, one after the other`,
      `without the reference after ${DELAYS_MS.join(' / ')} ms: ${share(old)} in an old namespace, ${share(fresh)} in a new one`,
    ],
  }
}

/** One after the other. */
async function afterEach<T>(all: readonly T[], measure: (one: T) => Promise<number>): Promise<readonly number[]> {
  const counts: number[] = []
  for (const one of all) counts.push(await measure(one))
  return counts
}

async function withHelper<T>(
  context: BenchContext,
  attach: 'serviceAccounts' | 'admission',
  work: (fixture: Fixture) => Promise<T>,
): Promise<T> {
  const { report, signal } = context
  report(`${attach}: a cluster`)
  await using fixture = await openScenarioFixture(context, 'early')
  await fixture.startNode()
  await fixture.install({ attach, replicas: 1 })
  await untilHelperWorks(fixture, signal)
  await createOldNamespace(fixture, signal)
  return await work(fixture)
}

async function withMinimal<T>(context: BenchContext, work: (fixture: Fixture) => Promise<T>): Promise<T> {
  const { report, programs, signal } = context
  report('minimal program: a cluster')
  await using fixture = await openScenarioFixture(context, 'early-minimal')
  await minimalContender(fixture, programs.minimal, 'serviceAccounts').start()
  await createOldNamespace(fixture, signal)
  return await work(fixture)
}

async function createOldNamespace({ admin, observer }: Fixture, signal: AbortSignal): Promise<void> {
  await createNamespace(admin, OLD, signal)
  await observer.until('a namespace was usable', () => !!observer.of(OLD).secretAt, 60_000, signal)
}

interface PodBody {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly imagePullSecrets?: readonly { readonly name?: string }[] }
}

function lacksReference({ spec: { imagePullSecrets = [] } }: PodBody): boolean {
  return imagePullSecrets.every(({ name }) => name !== DEFAULT_SECRET_NAME)
}

/**
 * Pods that are created `delay` ms after the response for their ServiceAccount, one each: the
 * number without the reference.
 */
async function countWithout(
  { settings, report, signal }: BenchContext,
  { admin }: Fixture,
  delay: number,
  isNew: boolean,
): Promise<number> {
  let without = 0
  const names = namesOf(`early-${delay}`, settings.pods)
  for (const [index, name] of names.entries()) {
    if (index % 10 === 0)
      report(
        `${index} of ${names.length} Pods ${delay} ms after their ServiceAccount, ${isNew ? 'new' : 'old'} namespace`,
      )
    const namespace = isNew ? name : OLD
    if (isNew) await createNamespace(admin, namespace, signal)
    const path = `/api/v1/namespaces/${namespace}`
    await admin.request({ method: 'POST', path: `${path}/serviceaccounts`, body: { metadata: { name } } }, signal)
    if (delay > 0) await sleep(delay, undefined, { signal })
    // Bound to a node that does not exist, so that it never runs.
    const containers = [{ name: 'main', image: 'registry.example.com/shop/early:1' }]
    const body = { metadata: { name }, spec: { serviceAccountName: name, nodeName: 'nowhere', containers } }
    const pod = await admin.request<PodBody>({ method: 'POST', path: `${path}/pods`, body }, signal)
    if (lacksReference(pod)) without += 1
    const query = { gracePeriodSeconds: 0 }
    await admin.request({ method: 'DELETE', path: `${path}/pods/${name}`, query }, signal)
  }
  return without
}

const MANIFEST = `apiVersion: v1
kind: ServiceAccount
metadata: { name: "{{ .Release.Name }}" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: "{{ .Release.Name }}" }
spec:
  selector: { matchLabels: { app: "{{ .Release.Name }}" } }
  template:
    metadata: { labels: { app: "{{ .Release.Name }}", bench: early } }
    spec:
      serviceAccountName: "{{ .Release.Name }}"
      nodeSelector: { bench: nowhere }
      containers: [{ name: main, image: "registry.example.com/shop/early:1" }]
`

/**
 * Installs Deployments with their own ServiceAccounts, as many as requested; returns how many of
 * their Pods lack the reference.
 */
async function installAll(
  { settings, programs, report }: BenchContext,
  { admin, cluster }: Fixture,
  signal: AbortSignal,
): Promise<number> {
  await using helm = await openHelm('helm4')
  const chart = join(programs.folder, 'early-chart')
  await mkdir(join(chart, 'templates'), { recursive: true })
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: early\nversion: 1.0.0\n')
  await writeFile(join(chart, 'templates', 'all.yaml'), MANIFEST)
  const names = namesOf('app', settings.deployments)
  // One at a time: on a machine with two cores several Helm processes would delay API server and
  // helper.
  for (const [index, name] of names.entries()) {
    signal.throwIfAborted()
    report(`${index} of ${names.length} Deployments by Helm`)
    const target = ['--namespace', OLD, '--kubeconfig', cluster.adminKubeconfigFile]
    const { code, stderr } = await helm.run(['install', name, chart, ...target])
    if (code !== 0) throw new Error(stderr)
  }
  const end = performance.now() + LIMIT_MS
  for (;;) {
    const query = { labelSelector: 'bench=early' }
    const path = `/api/v1/namespaces/${OLD}/pods`
    const { items } = await admin.request<{ items: readonly PodBody[] }>({ method: 'GET', path, query }, signal)
    if (items.length >= names.length) return items.filter(lacksReference).length
    if (performance.now() > end) throw new Error(`only ${items.length} of ${names.length} Deployments have a Pod`)
    await sleep(200, undefined, { signal })
  }
}
