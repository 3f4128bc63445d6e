import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HelmVersion } from '../../src/helm/find-helm.ts'
import {
  dryRunArguments,
  isServerSide,
  templateArguments,
  undoArguments,
  upgradeArguments,
} from '../../src/helm/helm-flags.ts'

const three: HelmVersion = { major: 3, minor: 22, patch: 0, text: 'v3.22.0' }
const four: HelmVersion = { major: 4, minor: 3, patch: 1, text: 'v4.3.1' }
const target = { release: 'acr', namespace: 'system', kubeconfig: '/run/kubeconfig', context: 'prod' }
const options = {
  chart: '/chart',
  valuesFiles: ['/run/0.yaml', '/run/1.yaml'],
  timeout: '5m',
  wait: true,
  forceConflicts: false,
  description: 'run 7',
}
const where = ['--namespace=system', '--kubeconfig=/run/kubeconfig', '--kube-context=prod']
const values = ['--values=/run/0.yaml', '--values=/run/1.yaml', '--reset-values']

test('helm 3 and 4 get the same upgrade, each with its own flags', () => {
  const upgrade = ['upgrade', 'acr', '/chart', '--install', ...where, ...values, '--wait']
  const end = ['--history-max=10', '--timeout=5m', '--description=run 7', '--hide-notes']
  assert.deepEqual(upgradeArguments(three, target, options), [...upgrade, ...end])
  assert.deepEqual(upgradeArguments(four, target, options), [...upgrade, ...end, '--color=never'])
})

test('the revision of an upgrade is labelled with its step and with how long its helm may wait', () => {
  const step = { id: 'one', timeoutSeconds: 900 }
  assert.deepEqual(
    upgradeArguments(three, target, { ...options, step }).filter((flag) => flag.startsWith('--labels')),
    ['--labels=acr-nopass.io/step=one,acr-nopass.io/timeout=900'],
  )
})

test('no upgrade is rolled back by helm itself: the action does it after it has saved the evidence', () => {
  for (const version of [three, four]) {
    const flags = upgradeArguments(version, target, options).join(' ')
    assert.doesNotMatch(flags, /atomic|rollback-on-failure|force/)
  }
})

test('force-conflicts forces a server-side apply on helm 4 and is rejected on helm 3', () => {
  const forced = { ...options, forceConflicts: true }
  assert.deepEqual(
    upgradeArguments(four, target, forced).filter((flag) => /force|server-side/.test(flag)),
    ['--server-side=true', '--force-conflicts'],
  )
  assert.throws(() => upgradeArguments(three, target, forced), { code: 'INPUT_CONFLICT' })
})

test('a dry run names its strategy in full, because both majors interpret a bare --dry-run differently', () => {
  const dryRun = ['upgrade', 'acr', '/chart', '--install', ...where, ...values, '--dry-run=server', '--output=json']
  assert.deepEqual(dryRunArguments(three, target, options), [...dryRun, '--hide-notes'])
  assert.deepEqual(dryRunArguments(four, target, options), [...dryRun, '--hide-notes', '--color=never'])
})

test('a chart is rendered without a cluster as that cluster would have it, and without its hooks', () => {
  const template = ['template', 'acr', '/chart', '--namespace=system', '--values=/run/0.yaml', '--values=/run/1.yaml']
  assert.deepEqual(templateArguments(target, options, { version: 'v1.37.3', installed: true }), [
    ...template,
    '--kube-version=v1.37.3',
    '--is-upgrade',
    '--no-hooks',
  ])
  assert.deepEqual(templateArguments(target, options, { version: 'v1.37.3', installed: false }), [
    ...template,
    '--kube-version=v1.37.3',
    '--no-hooks',
  ])
})

test('the message about force-conflicts on helm 3 names the version and both ways out', () => {
  assert.throws(() => upgradeArguments(three, target, { ...options, forceConflicts: true }), {
    message: 'force-conflicts needs Helm 4; this is v3.22.0',
    hint: 'Helm 3 applies on the client and has no conflicts: leave `force-conflicts` out, or use Helm 4.',
  })
})

test('a kubeconfig without a named context uses its own, and a run without waiting has no --wait', () => {
  const { context: _removed, ...plain } = target
  assert.deepEqual(upgradeArguments(three, plain, { ...options, wait: false, valuesFiles: [], step: undefined }), [
    ...[
      'upgrade',
      'acr',
      '/chart',
      '--install',
      '--namespace=system',
      '--kubeconfig=/run/kubeconfig',
      '--reset-values',
    ],
    ...['--history-max=10', '--timeout=5m', '--description=run 7', '--hide-notes'],
  ])
})

test('rollback and uninstall have their own timeout', () => {
  const back = undoArguments(four, target, { good: 3, timeout: '2m', wait: true })
  assert.deepEqual(back, ['rollback', 'acr', '3', ...where, '--wait', '--timeout=2m', '--color=never'])
  const uninstall = undoArguments(three, target, { good: null, timeout: '1m', wait: false })
  assert.deepEqual(uninstall, ['uninstall', 'acr', ...where, '--ignore-not-found', '--debug', '--timeout=1m'])
})

test('if helm applies on the server, a rollback takes back what somebody changed since; an uninstall takes nothing back', () => {
  const taken = (good: number | null) =>
    undoArguments(four, target, { good, timeout: '2m', wait: false, force: true }).filter((flag) =>
      /force|server-side/.test(flag),
    )
  assert.deepEqual(taken(3), ['--server-side=true', '--force-conflicts'])
  assert.deepEqual(taken(null), [])
})

// getUpgradeServerSideValue in https://github.com/helm/helm/blob/v4.3.1/pkg/action/upgrade.go;
// `instClient.ServerSideApply` in pkg/cmd/upgrade.go.
test('Helm 4 applies on the server when it installs, is forced, or did so before; Helm 3 never', () => {
  const [ssa, csa] = [{ serverSide: true }, { serverSide: false }]
  assert.deepEqual(
    [undefined, ssa, csa].map((installed) => isServerSide(four, installed, false)),
    [true, true, false],
  )
  assert.equal(isServerSide(four, csa, true), true)
  assert.deepEqual(
    [undefined, ssa, csa].map((installed) => isServerSide(three, installed, false)),
    [false, false, false],
  )
})

// StringSliceVar of spf13/pflag: readAsCSV in string_slice.go.
test('a comma or a quote in the path of the temporary folder does not divide a values file', () => {
  const given = { ...options, valuesFiles: ['/a,b/0.yaml', '/a"b/1.yaml', '/a b/2.yaml'] }
  const flags = ['--values="/a,b/0.yaml"', '--values="/a""b/1.yaml"', '--values=/a b/2.yaml']
  const cluster = { version: '1.37.0', installed: false }
  for (const args of [
    upgradeArguments(four, target, given),
    dryRunArguments(four, target, given),
    templateArguments(target, given, cluster),
  ]) {
    assert.deepEqual(
      args.filter((flag) => flag.startsWith('--values')),
      flags,
    )
  }
})
