import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { openRivalFixture, type RivalCase, type RivalFixture } from './rivals.ts'

/** Cases of the first sentences under "Rollouts" in docs/en/reliability.md. */
const CASES: readonly RivalCase[] = [
  {
    name: 'has a release in progress before the preflight: nothing is written',
    ours: 'good',
    rival: (rival) => rival.begin(),
    code: 1,
    error: 'HELM_PENDING',
    history: ['deployed', 'r pending-upgrade'],
  },
  {
    name: 'completes between preflight and helm: nothing is written',
    at: 'template',
    ours: 'good',
    rival: (rival) => rival.upgrade(),
    code: 1,
    error: 'RELEASE_CHANGED',
    history: ['superseded', 'r deployed'],
  },
  {
    name: 'has a release in progress between preflight and helm: nothing is written',
    at: 'template',
    ours: 'good',
    rival: (rival) => rival.begin(),
    code: 1,
    error: 'RELEASE_CHANGED',
    history: ['deployed', 'r pending-upgrade'],
  },
  {
    name: 'completes while helm starts, and our upgrade fails: their revision is restored',
    at: 'upgrade',
    ours: 'crashes',
    rival: (rival) => rival.upgrade(),
    code: 1,
    error: 'POD_FAILING',
    history: ['superseded', 'r superseded', 'a failed', 'r deployed'],
  },
  {
    name: 'has a release in progress when helm starts: it is left alone',
    at: 'upgrade',
    ours: 'good',
    rival: (rival) => rival.begin(),
    code: 1,
    error: 'HELM_PENDING',
    history: ['deployed', 'r pending-upgrade'],
  },
  {
    name: 'rolls back while helm waits: the run fails, and their revision is the only deployed one',
    at: 'upgrade',
    when: 'pending',
    ours: 'waits',
    rival: (rival) => rival.rollback(rival.base),
    code: 1,
    error: 'RELEASE_OVERTAKEN',
    // The last deployer to finish counts as deployed. If the action is last, the rival's release is
    // restored.
    history: ['superseded', 'a superseded', 'superseded', 'deployed'],
    orHistory: ['superseded', 'a superseded', 'deployed'],
    note: /another deployer made revision \d+ while helm was running: (restored|it stays)/,
  },
  {
    name: 'uninstalls while helm waits: the run fails',
    at: 'upgrade',
    when: 'pending',
    ours: 'waits',
    rival: (rival) => rival.uninstall(),
    timeout: '30s',
    code: 1,
    history: [],
  },
  {
    name: 'completes while our rollback starts: their revision is restored',
    at: 'rollback',
    ours: 'crashes',
    rival: (rival) => rival.upgrade(),
    code: 1,
    error: 'POD_FAILING',
    history: ['superseded', 'a failed', 'r superseded', 'superseded', 'r deployed'],
    note: /another deployer made revision \d+ during the rollback: restored/,
  },
  {
    name: 'rolls back while our rollback waits: their revision is restored',
    at: 'rollback',
    when: 'pending',
    stop: true,
    ours: 'crashes',
    rival: (rival) => rival.rollback(rival.base - 1),
    code: 1,
    error: 'POD_FAILING',
    history: ['superseded', 'a failed', 'superseded', 'o superseded', 'o deployed'],
    note: /another deployer made revision \d+ during the rollback: restored/,
  },
  {
    name: 'rolls back before the post step of a cancelled run: their revision stays',
    at: 'post',
    ours: 'waits',
    rival: (rival) => rival.rollback(rival.base - 1),
    code: 0,
    history: ['superseded', 'a failed', 'o deployed'],
    note: /nothing to repair, revision \d+ does not belong to this run/,
  },
  {
    name: 'completes while the rollback of the post step starts: their revision is restored',
    at: 'post rollback',
    ours: 'waits',
    rival: (rival) => rival.upgrade(),
    code: 0,
    history: ['superseded', 'a failed', 'r superseded', 'superseded', 'r deployed'],
    note: /another deployer made revision \d+ during the rollback: restored/,
  },
  {
    name: 'the post step repeats a rollback that was killed',
    at: 'rollback',
    when: 'pending',
    kill: true,
    ours: 'crashes',
    code: 1,
    error: 'POD_FAILING',
    // Helm leaves the record of the killed operation unchanged. The newest record counts.
    history: ['superseded', 'a failed', 'pending-rollback', 'deployed'],
    note: /rolled back to revision \d+/,
  },
]

/** Tests all cases on one cluster with one Helm. Each case is a separate test. */
export function rivalsSuite(helm: 'helm3' | 'helm4'): void {
  let rivals: RivalFixture
  before(async () => {
    rivals = await openRivalFixture(helm)
  })
  after(() => rivals[Symbol.asyncDispose]())
  for (const one of CASES) {
    test(one.kill ? `P10 ${helm}: ${one.name}` : `C1 ${helm}: another deployer ${one.name}`, async () => {
      const { outcome, history } = await rivals.run(one)
      const output = outcome.stdout + outcome.stderr
      assert.equal(outcome.code, one.code, output)
      if (one.error) assert.equal(outcome.annotations[0]?.title, one.error, output)
      const expected = [one.history, one.orHistory].find((other) => isDeepStrictEqual(other, history)) ?? one.history
      assert.deepEqual(history, expected, output)
      if (one.note) assert.match(outcome.summary + outcome.stdout, one.note)
    })
  }
}
