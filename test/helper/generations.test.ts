import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Generation } from '../../src/helper/generation.ts'
import { createGenerations } from '../../src/helper/generations.ts'
import type { Log } from '../../src/helper/report/event-reporter.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { settle } from '../kube/fake-clock.ts'

const RELEASE = { name: 'r', namespace: 'home', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'r-status' }
const configText = (more: object = {}): string =>
  JSON.stringify({
    registries: [{ name: 'a', edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou' }],
    identity: { type: 'worker-role' },
    attach: 'admission',
    release: RELEASE,
    ...more,
  })

/** Opens generations that only record what is done with them, under numbers from 1 on. */
function open(first: string, options: { run?: (number: number) => Promise<void> } = {}) {
  const calls: string[] = []
  const lines: (readonly [{ readonly code?: string }, string])[] = []
  const signals: AbortSignal[] = []
  const state = { isStopped: false, isBroken: false, draining: Promise.resolve() }
  let count = 0
  const write = (fields: object, message: string): void => void lines.push([fields, message])
  const log: Log = { isLevelEnabled: () => false, debug: write, info: write, warn: write, error: write }
  const numbers = new Map<unknown, number>()
  const generations = createGenerations({
    first: loadConfig(first),
    open(_loaded, before) {
      if (state.isBroken) throw new Error('no identity')
      count += 1
      const number = count
      calls.push(`open ${number}${before === undefined ? '' : ` after ${numbers.get(before)}`}`)
      const one = {
        run(signal: AbortSignal) {
          calls.push(`run ${number}`)
          signals.push(signal)
          return options.run?.(number) ?? Promise.resolve()
        },
        lead: async () => void calls.push(`lead ${number}`),
        async drain(limitMs: number) {
          calls.push(`drain ${number} ${limitMs}`)
          await state.draining
        },
      } as unknown as Generation
      numbers.set(one, number)
      return one
    },
    log,
    onReloaded: (isForNewPods) => void calls.push(isForNewPods ? 'reloaded for new Pods' : 'reloaded'),
    isStopped: () => state.isStopped,
  })
  return { generations, calls, lines, signals, state, current: () => numbers.get(generations.current) }
}

test('a new configuration begins after the last one has finished its writes, and only one of them runs', async () => {
  const { generations, calls, signals, lines, current } = open(configText())
  generations.begin()
  await generations.reload(configText({ secretLabels: { team: 'b' } }))
  assert.deepEqual(calls, ['open 1', 'run 1', 'open 2 after 1', 'drain 1 10000', 'run 2', 'reloaded'])
  assert.deepEqual([signals.map(({ aborted }) => aborted), current()], [[true, false], 2])
  const { hash } = loadConfig(configText({ secretLabels: { team: 'b' } }))
  assert.deepEqual(lines, [[{ configHash: hash }, 'the configuration was reloaded']])
  generations.stop()
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  )
})

test('a configuration that cannot be used, or not be read, leaves the last good one at work', async () => {
  const { generations, calls, lines, state, signals, current } = open(configText())
  generations.begin()
  await generations.reload('registries: [')
  state.isBroken = true
  await generations.reload(configText({ secretLabels: { team: 'b' } }))
  assert.deepEqual([calls, current(), signals[0]?.aborted], [['open 1', 'run 1'], 1, false])
  assert.deepEqual(
    lines.map(([{ code }, message]) => [code, message.split(':')[0]] as const),
    ['HELPER_CONFIG_INVALID', 'INTERNAL'].map((code) => [code, 'the last good configuration stays in use']),
  )
})

test('a process that stops during a reload starts nothing new', async () => {
  const { generations, calls, state, current } = open(configText())
  const draining = Promise.withResolvers<void>()
  state.draining = draining.promise
  const reloading = generations.reload(configText({ secretLabels: { team: 'b' } }))
  state.isStopped = true
  draining.resolve()
  await reloading
  assert.deepEqual([calls, current()], [['open 1', 'open 2 after 1', 'drain 1 10000'], 1])
})

test('watches that end with an error are logged, because nothing else shows it', async () => {
  const { generations, lines } = open(configText(), { run: () => Promise.reject(new Error('no watch')) })
  generations.begin()
  await settle()
  assert.deepEqual(lines, [[{ error: 'Error: no watch' }, 'the caches stopped']])
})

test('the generation that began to lead is the one whose requests are handled, also if a reload replaces it meanwhile', async () => {
  const { generations, calls } = open(configText())
  const before = generations.current
  const leading = generations.lead()
  await generations.reload(configText({ secretLabels: { team: 'b' } }))
  assert.equal(await leading, before)
  assert.ok(calls.includes('lead 1') && !calls.includes('lead 2'))
})

const key = (existingSecret: string) => ({ type: 'access-key', accessKey: { existingSecret } })
const role = (eciRoleName: string) => ({ type: 'worker-role', workerRole: { eciRoleName } })

for (const [what, own, next, isUsed] of [
  ['the same access key', key('one'), key('one'), true],
  ['the access key of another Secret', key('one'), key('two'), false],
  ['another ECI role', role('one'), role('two'), false],
  ['the first ECI role', { type: 'worker-role' }, role('one'), false],
  ['another type of identity', { type: 'worker-role' }, key('one'), true],
] as const) {
  test(`a Pod ${isUsed ? 'reads' : 'keeps its configuration instead of'} a configuration with ${what}`, async () => {
    const { generations, calls, lines } = open(configText({ identity: own }))
    await generations.reload(configText({ identity: next, secretLabels: { team: 'b' } }))
    assert.equal(calls.includes('reloaded'), isUsed)
    if (!isUsed) {
      const { hash } = loadConfig(configText({ identity: next, secretLabels: { team: 'b' } }))
      const message = 'the new configuration needs a new Pod; this Pod keeps its old configuration'
      assert.deepEqual(lines, [[{ configHash: hash }, message]])
    }
    const retiring = open(configText({ identity: own }))
    await retiring.generations.reload(configText({ identity: next, retire: true }))
    assert.equal(retiring.calls.at(-1), isUsed ? 'reloaded' : 'reloaded for new Pods')
  })
}
