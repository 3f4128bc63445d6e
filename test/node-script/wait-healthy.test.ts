import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flagWords } from '../../src/node/script/kubelet-flags.ts'
import { OUR_PATHS } from '../../src/node/script/profiles.ts'
import { type Expectation, waitHealthy } from '../../src/node/script/wait-healthy.ts'

const ECR = { config: '/etc/ecr.json', programs: '/etc/ecr' }

const EXPECTED = { mustShow: true, kept: [], ours: OUR_PATHS }

interface Kubelet {
  /** From when until when it answers. */
  readonly healthy: readonly (readonly [from: number, to: number])[]
  /** The command line; `none` if no process shows one. */
  readonly words?: readonly string[] | 'none'
  readonly expected?: Expectation
}

/** Waits on a virtual clock, with a limit of 60 s. Returns the reason and the time. */
async function wait({ healthy, words = flagWords(OUR_PATHS), expected = EXPECTED }: Kubelet) {
  let now = 0
  const reason = await waitHealthy({
    probe: async () => (healthy.some(([from, to]) => now >= from && now < to) ? undefined : 'no answer'),
    readCommandLine: () => (words === 'none' ? undefined : words),
    expected,
    limit: 60_000,
    steady: 2_000,
    now: () => now,
    pause: async (milliseconds) => {
      now += milliseconds
    },
  })
  return { reason, now }
}

const FOREVER = Number.POSITIVE_INFINITY

test('a kubelet that stays healthy for two seconds is healthy', async () => {
  assert.deepEqual(await wait({ healthy: [[5_000, FOREVER]] }), { reason: undefined, now: 7_000 })
})

test('a kubelet that answers for a moment and ends is not healthy', async () => {
  assert.deepEqual(await wait({ healthy: [[5_000, 6_500]] }), { reason: 'no answer', now: 60_000 })
})

test('a kubelet that never answers is given up after the limit', async () => {
  assert.deepEqual(await wait({ healthy: [] }), { reason: 'no answer', now: 60_000 })
})

test('a kubelet that became healthy just in time is healthy', async () => {
  assert.deepEqual(await wait({ healthy: [[59_500, FOREVER]] }), { reason: undefined, now: 61_500 })
})

type FlagsCase = readonly [
  situation: string,
  words: readonly string[] | 'none',
  expected: Expectation,
  reason: string | undefined,
]

const removed = { mustShow: true, kept: [], others: undefined }
const flags: readonly FlagsCase[] = [
  ['the flags are lost', ['--v=4'], EXPECTED, 'the kubelet runs with no flag for a credential provider'],
  [
    'later flags replace ours',
    [...flagWords(OUR_PATHS), ...flagWords(ECR)],
    EXPECTED,
    'the kubelet runs with the credential providers of /etc/ecr.json and /etc/ecr',
  ],
  ['ours come last', [...flagWords(ECR), ...flagWords(OUR_PATHS)], EXPECTED, undefined],
  ['no process shows its flags', 'none', EXPECTED, 'no process of the kubelet shows its flags'],
  ['k3s shows no flags', 'none', { ...EXPECTED, mustShow: false }, undefined],
  [
    'ours are still there after a removal',
    flagWords(OUR_PATHS),
    removed,
    'the kubelet still runs with our configuration',
  ],
  ['ours are gone', ['--v=4'], removed, undefined],
  ['the other provider is back', flagWords(ECR), { mustShow: true, kept: [], others: ECR }, undefined],
  [
    'the other provider is lost',
    ['--v=4'],
    { mustShow: true, kept: [], others: ECR },
    'the kubelet runs with no flag for a credential provider',
  ],
  [
    'flags that the kubelet had before are lost',
    ['--v=4', ...flagWords(OUR_PATHS)],
    { ...EXPECTED, kept: ['v', 'node-ip', 'max-pods'] },
    'the kubelet has lost flags that it had before: --node-ip, --max-pods',
  ],
  [
    'flags that the kubelet had before have another form',
    ['--v=4', '--node_ip', '10.0.0.1', ...flagWords(OUR_PATHS)],
    { ...EXPECTED, kept: ['v', 'node-ip'] },
    undefined,
  ],
  ['before a change any flags will do', 'none', 'any', undefined],
]
for (const [situation, words, expected, reason] of flags) {
  test(`a healthy kubelet counts only with the expected flags: ${situation}`, async () => {
    const healthy = [[0, FOREVER]] as const
    const waited = await wait({ healthy, words, expected })
    assert.equal(waited.reason, reason)
  })
}
