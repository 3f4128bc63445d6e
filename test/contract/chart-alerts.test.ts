import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { type AlertCase, parseCases, promtoolTests, type RuleFile, readRules } from '../support/chart/alerts.ts'
import { openHelm, scenario } from '../support/chart/chart.ts'
import { silentProgress } from '../support/silent-progress.ts'

const helm = await openHelm('helm4')
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-alerts-'))
after(async () => {
  await helm[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
const { promtool } = await ensureTools(['promtool'], {
  progress: silentProgress,
  signal: AbortSignal.timeout(3_600_000),
})
const run = promisify(execFile)
const rules = await render({})
const cases = parseCases(await readFile(new URL('fixtures/alerts/cases.yaml', import.meta.url), 'utf8'))
const ruleFile = join(folder, 'rules.json')
await writeFile(ruleFile, JSON.stringify(rules))
const names = rules.groups.flatMap((group) => group.rules).map(({ alert }) => alert)

test('Prometheus accepts the rules', async () => {
  const { stdout } = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', ruleFile])
  assert.match(stdout, new RegExp(`SUCCESS: ${names.length} rules found`))
})

test('every alert has a description of what is wrong, why, and what to do', () => {
  for (const { alert, annotations, labels } of rules.groups.flatMap((group) => group.rules)) {
    assert.deepEqual(Object.keys(annotations).sort(), ['cause', 'fix', 'summary'], alert)
    assert.match(labels.severity ?? '', /^(warning|critical)$/)
  }
})

test('every alert fires in one case and is silent in another', () => {
  const of = (matches: (one: AlertCase) => boolean): string[] =>
    [...new Set(cases.filter(matches).map(({ alert }) => alert))].sort()
  assert.deepEqual(
    of(({ fires }) => fires.length > 0),
    [...names].sort(),
  )
  assert.deepEqual(
    of(({ fires }) => fires.length === 0),
    [...names].sort(),
  )
})

for (const one of cases) {
  test(`${one.alert} ${one.fires.length > 0 ? 'fires' : 'is silent'}: ${one.title}`, async () => {
    assert.equal(await failures([one]), '')
  })
}

test('a case with a wrong expectation fails', async () => {
  const [silent] = cases.filter(({ fires }) => fires.length === 0)
  assert.ok(silent)
  assert.match(await failures([{ ...silent, fires: [{ summary: 'nothing' }] }]), /FAILED/)
})

test('alerts about ServiceAccounts and Pods exist only if the values attach by ServiceAccounts or watch Pods', async () => {
  const alerts = async (values: object): Promise<string[]> =>
    (await render(values)).groups.flatMap((group) => group.rules).map(({ alert }) => alert)
  const always = [
    ...['CredentialExpires', 'RefreshFails', 'LoginRefused', 'CredentialTooWide'],
    ...['Down', 'WithoutLeader', 'WatchStalled'],
    ...['Pending', 'LogUnwritable', 'ConflictingWriter'],
  ].map((name) => `AcrNopass${name}`)
  const blind = { watchPods: false, heal: false }
  const byAdmission = { ...blind, attach: 'admission' }
  assert.deepEqual((await alerts(byAdmission)).sort(), [...always].sort())
  const attaching = (await alerts({ ...blind, attach: 'serviceAccounts' })).sort()
  assert.deepEqual(attaching, [...always, 'AcrNopassUnattached'].sort())
  const watching = (await alerts({ ...byAdmission, watchPods: true })).sort()
  assert.deepEqual(watching, [...always, 'AcrNopassPodsCannotPull'].sort())
})

async function render(values: object): Promise<RuleFile> {
  const found = readRules(await helm.render({ values: [scenario('everything'), values] }))
  assert.ok(found)
  return found
}

/** Returns the errors that promtool reports. Empty if all cases pass. */
async function failures(some: readonly AlertCase[]): Promise<string> {
  const file = join(await mkdtemp(join(folder, 'case-')), 'tests.json')
  await writeFile(file, JSON.stringify(promtoolTests(rules, some, ruleFile)))
  return await run(promtool, ['test', 'rules', file]).then(
    () => '',
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
}

// Source of `for`, labels and threshold:
// https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
test('values change single alerts: threshold, time, severity, labels, or disable one; the others stay', async () => {
  const changed = await render({
    metrics: {
      prometheusRule: {
        alertLabels: { team: 'platform' },
        alerts: {
          AcrNopassCredentialExpires: { threshold: 900, for: '5m', severity: 'page' },
          AcrNopassPending: { threshold: 2 },
          AcrNopassConflictingWriter: { enabled: false },
        },
      },
    },
  })
  const of = (file: RuleFile) => file.groups.flatMap((group) => group.rules)
  const expected = of(rules)
    .filter(({ alert }) => alert !== 'AcrNopassConflictingWriter')
    .map((rule) => {
      const labels = { ...rule.labels, team: 'platform' }
      if (rule.alert === 'AcrNopassPending') return { ...rule, labels, expr: rule.expr.replace('> 0', '> 2') }
      if (rule.alert !== 'AcrNopassCredentialExpires') return { ...rule, labels }
      return { ...rule, labels: { ...labels, severity: 'page' }, for: '5m', expr: rule.expr.replace('< 600', '< 900') }
    })
  assert.deepEqual(of(changed), expected)
})
