import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldPodFindings } from '../../src/doctor/pod/fold-pod-findings.ts'
import { shell } from '../../src/lib/shell-command.ts'

const findingOf = (number: number) => ({
  id: 'POD_TAG_ABSENT',
  severity: 'error' as const,
  subject: `Pod shop/web-${number}`,
  message: `cannot pull app-${number}:1`,
  cause: `app-${number} has no tag 1.`,
  fix: 'Check the tag.',
  command: shell`kubectl -n shop describe pod ${`web-${number}`}`,
  objects: [`shop/web-${number}`],
})
const FOUR = [1, 2, 3, 4].map(findingOf)

test('combined findings with different causes and commands say that they show the first', () => {
  assert.deepEqual(foldPodFindings(FOUR), [
    {
      ...findingOf(1),
      subject: '4 Pods in 1 namespace',
      message: 'first of 4 causes: Pod shop/web-1 cannot pull app-1:1; namespaces: shop',
      cause: 'app-1 has no tag 1. (the first of 4 causes)',
      fix: 'Check the tag. The command is that of the first; the JSON has all 4.',
      objects: ['shop/web-1', 'shop/web-2', 'shop/web-3', 'shop/web-4'],
    },
  ])
})

test('combined findings with one cause and one command have these', () => {
  const [first, ...others] = foldPodFindings(
    FOUR.map((one) => ({ ...one, cause: 'c', command: shell`kubectl get pods` })),
  )
  assert.deepEqual(others, [])
  assert.deepEqual(
    [first?.message, first?.cause, first?.fix],
    ['first: Pod shop/web-1 cannot pull app-1:1; namespaces: shop', 'c', 'Check the tag.'],
  )
})

test('findings of another severity, another fix or a cause of their own are not combined', () => {
  for (const change of [
    { severity: 'warning' as const },
    { fix: 'f' },
    { causedBy: 'HELPER_DOWN' },
    { health: 'unknown' as const },
  ]) {
    const findings = [...FOUR.slice(1), { ...findingOf(1), ...change }]
    assert.deepEqual(foldPodFindings(findings), findings)
  }
})
