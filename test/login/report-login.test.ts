import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeOutputs, renderLoginSummary } from '../../src/login/report-login.ts'
import type { LoggedIn } from '../../src/login/run-login.ts'

const login = (changes: Partial<LoggedIn>): LoggedIn => ({
  name: 'prod',
  instanceId: 'cri-1',
  region: 'cn-hangzhou',
  access: 'pull',
  repositories: ['a/b'],
  policy: '{}',
  domains: ['public.example.com', 'vpc.example.com'],
  username: 'cr_temp_user',
  expiresAt: Date.UTC(2026, 11, 1, 9, 30),
  checks: [],
  ...changes,
})

test('the outputs name the hosts that answered first, the user name, and the earliest expiry', () => {
  const later = login({ name: 'other', domains: ['other.example.com'], expiresAt: Date.UTC(2026, 11, 1, 12) })
  assert.deepEqual(describeOutputs([login({}), later]), {
    domains: '["public.example.com","other.example.com","vpc.example.com"]',
    username: 'cr_temp_user',
    'expires-at': '2026-12-01T09:30:00.000Z',
  })
})

test('without a login there are no outputs', () => {
  assert.deepEqual(describeOutputs([]), { domains: '[]', username: '', 'expires-at': '' })
})

test('the summary has a row for each repository, with what the registry confirmed', () => {
  const granted = { grant: 'granted', detail: '' } as const
  const checks = [
    { repository: 'a/b', pull: granted, push: { ...granted, uploadRemains: false } },
    { repository: 'a/*', why: 'only a repository without * can be checked' },
  ]
  const text = renderLoginSummary([login({})])
  assert.match(text, /^### acr-nopass login\n\n\| registry \|.*\n\| --- \|.*\n\| `prod` \|.*\| not checked \|.*\n\n$/)
  const rows = renderLoginSummary([login({ checks }), login({ name: 'x|`y', repositories: ['*'] })])
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  assert.deepEqual(rows, [
    '| `prod` | `public.example.com` | `a/b` | pull, push | 2026-12-01T09:30:00.000Z |',
    '| `prod` | `public.example.com` | `a/*` | not checked | 2026-12-01T09:30:00.000Z |',
    '| `x  y` | `public.example.com` | `*` | not checked | 2026-12-01T09:30:00.000Z |',
  ])
})
