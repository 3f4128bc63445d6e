import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flagWords } from '../../src/node/script/kubelet-flags.ts'
import { OUR_PATHS } from '../../src/node/script/profiles.ts'
import { type Expectation, waitHealthy } from '../../src/node/script/wait-healthy.ts'

const ECR = { config: '/etc/ecr.json', programs: '/etc/ecr' }

interface Kubelet {
  /** From when until when it answers. */
  readonly healthy: readonly (readonly [from: number, to: number])[]
  readonly words?: readonly string[] | undefined
  readonly expected?: Expectation
}

/** Waits on a virtual clock, with a limit of 60 s. Returns the reason and the time. */
async function wait({ healthy, words = flagWords(OUR_PATHS), expected = { ours: OUR_PATHS } }: Kubelet) {
  let now = 0
  const reason = await waitHealthy({
    probe: async () => (healthy.some(([from, to]) => now >= from && now < to) ? undefined : 'no answer'),
    readCommandLine: () => words,
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

const flags: readonly (readonly [
  situation: string,
  words: readonly string[] | undefined,
  expected: Expectation,
  reason: string | undefined,
])[] = [
  ['the flags are lost', ['--v=4'], { ours: OUR_PATHS }, 'the kubelet runs with no flag for a credential provider'],
  [
    'later flags replace ours',
    [...flagWords(OUR_PATHS), ...flagWords(ECR)],
    { ours: OUR_PATHS },
    'the kubelet runs with the credential providers of /etc/ecr.json and /etc/ecr',
  ],
  ['ours come last', [...flagWords(ECR), ...flagWords(OUR_PATHS)], { ours: OUR_PATHS }, undefined],
  ['k3s shows no command line', undefined, { ours: OUR_PATHS }, undefined],
  [
    'ours are still there after a removal',
    flagWords(OUR_PATHS),
    { others: undefined },
    'the kubelet still runs with our configuration',
  ],
  ['ours are gone', ['--v=4'], { others: undefined }, undefined],
  ['the other provider is back', flagWords(ECR), { others: ECR }, undefined],
  ['the other provider is lost', ['--v=4'], { others: ECR }, 'the kubelet runs with no flag for a credential provider'],
  ['before a change any flags will do', ['--v=4'], 'any', undefined],
]
for (const [situation, words, expected, reason] of flags) {
  test(`a healthy kubelet counts only with the expected flags: ${situation}`, async () => {
    const healthy = [[0, FOREVER]] as const
    const waited = await wait({ healthy, ...(words === undefined ? { words: undefined } : { words }), expected })
    assert.equal(waited.reason, reason)
  })
}
