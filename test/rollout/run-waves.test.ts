import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { runWaves, type WaveRules } from '../../src/rollout/run/run-waves.ts'

interface Trial {
  /** `a0` is the cluster a in wave 0. Its status once it has run. */
  readonly clusters: Readonly<Record<string, 'deployed' | 'failed' | 'cancelled'>>
  readonly rules?: Partial<WaveRules>
  /** The run is interrupted while this cluster runs. */
  readonly interrupt?: string
  /** How many turns of the event loop a cluster takes; default 1. */
  readonly turns?: Readonly<Record<string, number>>
}

/** Runs the waves, and returns the events in order and the result of each cluster. */
async function rollOut({ clusters, rules, interrupt, turns = {} }: Trial) {
  const controller = new AbortController()
  const events: string[] = []
  const list = Object.keys(clusters).map((name) => ({ name, wave: Number(name.at(-1)) }))
  const result = (name: string, status: string) => ({ name, status }) as unknown as ClusterResult
  const effects = {
    run: async ({ name }: { readonly name: string }) => {
      events.push(`start ${name}`)
      for (let turn = 0; turn < (turns[name] ?? 1); turn++) await new Promise(setImmediate)
      if (name === interrupt) controller.abort()
      events.push(`end ${name}`)
      return result(name, clusters[name] ?? '')
    },
    skip: ({ name }: { readonly name: string }, reason: string) => result(name, `skipped: ${reason}`),
  }
  const results = await runWaves(list, { maxParallel: 2, onFailure: 'stop', ...rules }, effects, controller.signal)
  return { events, results: results.map(({ name, status }) => `${name} ${status}`) }
}

const [deployed, failed] = ['deployed', 'failed'] as const

for (const [title, trial, expected] of [
  [
    'a failure skips later waves, and the rest of its own wave',
    { clusters: { a0: failed, b0: deployed, c0: deployed, d1: deployed } },
    ['a0 failed', 'b0 deployed', 'c0 skipped: a0 failed', 'd1 skipped: a0 failed'],
  ],
  [
    'a cluster that runs when another fails finishes',
    { clusters: { a0: failed, b0: deployed, c1: deployed }, turns: { b0: 5 } },
    ['a0 failed', 'b0 deployed', 'c1 skipped: a0 failed'],
  ],
  [
    'a skipped cluster names all failures',
    { clusters: { a0: failed, b0: failed, c1: deployed } },
    ['a0 failed', 'b0 failed', 'c1 skipped: a0, b0 failed'],
  ],
  [
    'with continue all clusters are tried',
    { clusters: { a0: failed, b0: deployed, c1: deployed }, rules: { onFailure: 'continue' } },
    ['a0 failed', 'b0 deployed', 'c1 deployed'],
  ],
  [
    'an interrupted run starts nothing, also with continue',
    {
      clusters: { a0: deployed, b0: deployed, c1: deployed },
      rules: { maxParallel: 1, onFailure: 'continue' },
      interrupt: 'a0',
    },
    ['a0 deployed', 'b0 skipped: the run was interrupted', 'c1 skipped: the run was interrupted'],
  ],
  [
    'the results are in the order of the list, the work in the order of the waves',
    { clusters: { a2: deployed, b0: deployed, c1: deployed } },
    ['a2 deployed', 'b0 deployed', 'c1 deployed'],
  ],
] as readonly (readonly [string, Trial, readonly string[]])[]) {
  test(title, async () => assert.deepEqual((await rollOut(trial)).results, expected))
}

test('whatever fails, no limit is exceeded, no wave overtakes an earlier one, and every cluster has a result', async () => {
  const entry = fc.record({ wave: fc.nat(2), status: fc.constantFrom(deployed, failed), turns: fc.nat(4) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { minLength: 1, maxLength: 12 }),
      fc.record({ maxParallel: fc.integer({ min: 1, max: 4 }), onFailure: fc.constantFrom('stop', 'continue') }),
      async (entries, rules) => {
        const named = entries.map((one, index) => [`c${index}-${one.wave}`, one] as const)
        const { events, results } = await rollOut({
          clusters: Object.fromEntries(named.map(([name, { status }]) => [name, status])),
          turns: Object.fromEntries(named.map(([name, { turns }]) => [name, turns])),
          rules,
        })
        const running = new Set<string>()
        let wave = 0
        for (const event of events) {
          const [what, name = ''] = event.split(' ')
          if (what === 'end') running.delete(name)
          else {
            // Nothing of an earlier wave runs when a later one begins.
            if (Number(name.at(-1)) !== wave) assert.equal(running.size, 0)
            assert.ok(Number(name.at(-1)) >= wave)
            wave = Number(name.at(-1))
            running.add(name)
          }
          assert.ok(running.size <= rules.maxParallel)
        }
        assert.equal(results.length, entries.length)
        if (rules.onFailure === 'continue') assert.ok(results.every((line) => !line.includes('skipped')))
      },
    ),
  )
})
