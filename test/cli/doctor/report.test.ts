import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderPodReport } from '../../../src/cli/doctor/pod-report.ts'
import { renderReport } from '../../../src/cli/doctor/report.ts'
import { paintFor } from '../../../src/cli/program/terminal.ts'
import { diagnose } from '../../../src/doctor/diagnose.ts'
import { fixture, limitedEntry, limitedRegistry, registry, secret, stuckPod } from '../../doctor/fixture.ts'
import { expectSample } from '../../support/sample.ts'

/** The two READMEs include this file: the registries, the coverage, and the finding. */
const GOLDEN = join(import.meta.dirname, '../golden/doctor-readme.txt')

/** A cluster with a Pod that names a pull secret of its own. */
function oneProblem() {
  const instanceId = 'cri-abc123'
  const domain = 'images.example.com'
  const image = `${domain}/shop/web:1`
  const denied = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`
  const pod = stuckPod({ name: 'web-5d9c7-x2x4k', image, detail: denied, references: ['regcred'] })
  const observed = fixture({
    server: 'https://10.0.0.10:6443',
    kubernetes: 'v1.34.2',
    config: {
      registries: [{ name: 'prod', edition: 'enterprise', instanceId, region: 'cn-hangzhou', domains: [domain] }],
    },
    registries: [registry({ name: 'prod', instanceId, domains: [domain] })],
    secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: ['prod'] })])),
    pods: [pod],
    status: {
      version: '1.0.0',
      namespaces: { total: 14, current: 14, pending: 0, skipped: {} },
      serviceAccounts: { total: 31, current: 31, pending: 0, skipped: {} },
    },
    cloud: { state: 'not-inspected', why: '--cloud off was given' },
  })
  return { observed, pod }
}

const PLAIN = paintFor(process.stdout, { env: { NO_COLOR: '1' } })

test('the lines of doctor in the README are what doctor prints for a Pod that names a pull secret of its own', () => {
  const { observed } = oneProblem()
  const report = renderReport(observed, diagnose(observed), PLAIN)
  expectSample('doctor', report)
  const [, registries, covered, finding] = report.split('\n\n')
  const text = `${[registries, covered, finding].join('\n\n')}\n`
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, text)
  assert.equal(readFileSync(GOLDEN, 'utf8'), text)
})

test('the report about a Pod on the page is what doctor prints for that Pod', () => {
  const { observed, pod } = oneProblem()
  const focused = { ...observed, pods: undefined, focus: { pod, node: undefined, responses: new Map() } }
  expectSample('doctor-pod', renderPodReport(focused, diagnose(focused), PLAIN))
})

test('doctor shows what each credential may pull, and calls a limit confirmed only if its own list was granted too', () => {
  const limit = { entries: ['team'], repositories: ['team/*'], granted: 'granted', width: 'limited' } as const
  const credentials = {
    confirmed: limit,
    'not-granted': { ...limit, granted: 'unknown' },
    wide: { ...limit, width: 'too-wide' },
    'wide-not-granted': { ...limit, granted: 'unknown', width: 'too-wide' },
    unasked: { ...limit, width: 'not-checked' },
  } as const
  const observed = fixture({
    registries: [
      ...Object.entries(credentials).map(([name, one]) => registry({ name, limit: one })),
      registry({ name: 'open' }),
      registry({ name: 'login', edition: 'static' }),
    ],
  })
  const report = renderReport(observed, [], paintFor(process.stdout, { env: { NO_COLOR: '1' } }))
  const rows = (report.split('\n\n')[1] ?? '').split('\n').map((line) => line.split(/ {2,}/))
  assert.deepEqual(
    rows.map((row) => [row[0], row.at(-2)]),
    [
      ['registry', 'may pull'],
      ['confirmed', 'limited to team/* (confirmed)'],
      ['not-granted', 'limited to team/* (not confirmed)'],
      ['wide', 'limited to team/* (but may pull more)'],
      ['wide-not-granted', 'limited to team/* (but may pull more)'],
      ['unasked', 'limited to team/* (not confirmed)'],
      ['open', 'whole role'],
      ['login', '-'],
    ],
  )
})

test('P14 doctor says that a credential never expires only of a fixed login', () => {
  const observed = fixture({
    registries: (['enterprise', 'personal', 'static'] as const).map((edition) => {
      const { expiresAt: _, ...timeless } = registry({ name: edition, edition })
      return timeless
    }),
  })
  const rows = (renderReport(observed, [], PLAIN).split('\n\n')[1] ?? '').split('\n')
  assert.deepEqual(
    rows.slice(1).map((line) => line.split(/ {2,}/)[3]),
    ['unknown', 'unknown', 'never'],
  )
})

test('doctor names limited entries that no namespace needs, unless the report is old or partly unreadable', () => {
  const entries = [limitedEntry('base', ['shop']), limitedEntry('idle', ['none']), limitedEntry('rest', ['none'])]
  const facts = { config: { registries: entries }, registries: [limitedRegistry(['base'], 'base')] }
  const idle = (more: Parameters<typeof fixture>[0] = {}): readonly string[] => {
    const report = renderReport(
      fixture({ ...facts, ...more }),
      [],
      paintFor(process.stdout, { env: { NO_COLOR: '1' } }),
    )
    return report.split('\n').filter((line) => line.startsWith('no namespace'))
  }
  assert.deepEqual(idle(), ['no namespace needs these limited entries: idle, rest'])
  assert.deepEqual(idle({ status: { configHash: 'of-before' } }), [])
  assert.deepEqual(idle({ release: { unreadableStatus: ['registries[1].limit'] } }), [])
})
