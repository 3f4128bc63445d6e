import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { createCredentialGroups } from '../../src/helper/credentials/credential-groups.ts'
import type { LiveToken } from '../../src/helper/credentials/registry-state.ts'
import { createController } from '../../src/helper/writes/controller.ts'
import type { ControllerObserver } from '../../src/helper/writes/controller-observer.ts'
import { createNetwork } from '../simulation/network.ts'
import { createRandom } from '../simulation/random.ts'
import { createServer } from '../simulation/server.ts'
import { configText, HOME, loadCached, namesOf, SECRET, type Settings } from '../simulation/settings.ts'
import { createProcessTime, createScheduler, START } from '../simulation/time.ts'

const SETTINGS: Settings = {
  scope: 'cluster',
  identity: 'worker-role',
  registries: ['a'],
  life: 600_000,
  namespaces: 20,
  verify: false,
  watchList: true,
  refreshRate: 50,
  rates: [1, 1],
  ahead: [0, 0],
  span: 0,
}
/** The duration of a write of the helper's own copy. */
const OWN_COPY_MS = 600

interface Fixture {
  readonly controller: ReturnType<typeof createController>
  /** Issues a new credential and starts its rotation. */
  rotate(): void
  run(ms: number): Promise<void>
  /** The login in each Secret. */
  logins(): string[]
  /** The paths of writes that were sent before the own copy had their login. */
  readonly early: string[]
}

/** Starts a controller with the simulated API server in virtual time. */
async function open(onSolved: () => void): Promise<Fixture> {
  const random = createRandom(1)
  const { config, targets } = loadCached(configText(SETTINGS, 'first'))
  const scheduler = createScheduler()
  const server = createServer({ time: () => scheduler.time, watchList: true })
  const clock = createProcessTime(scheduler, 1, 0)
  const loginIn = (namespace: string): string => {
    const data = server.get('secrets', `${namespace}/${SECRET}`)?.data as Record<string, string> | undefined
    const text = Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()
    return text === '' ? '' : (readDockerConfig(text)[0]?.password ?? '')
  }
  let serial = 0
  const issue = (): LiveToken => {
    const issuedAt = START + scheduler.time
    const expiresAt = issuedAt + SETTINGS.life
    const token = { username: 'u', password: `a-${++serial}`, issuedAt, expiresAt, domains: ['a.example.com'] }
    return { name: 'a', fingerprint: 'f', shape: 's', refreshAt: expiresAt, token }
  }
  let live = issue()
  const early: string[] = []
  const network = createNetwork({
    scheduler,
    random,
    server,
    lag: () => 0,
    delivery: ({ method, path }) => ({
      outMs: method === 'PATCH' && path.includes(`/${HOME}/secrets`) ? OWN_COPY_MS : 2,
      backMs: 2,
    }),
    onSend({ method, path }) {
      if (method !== 'PATCH' || !path.includes('/secrets/') || path.includes(`/${HOME}/`)) return
      if (loginIn(HOME) !== live.token.password) early.push(path)
    },
    onArrive: () => undefined,
  })
  const groups = createCredentialGroups(() => live, {
    secretName: SECRET,
    instance: `${HOME}.${config.release.name}`,
    secretLabels: {},
    authFormat: config.authFormat,
  })
  const nothing = (): void => undefined
  const observer: ControllerObserver = {
    queue: { added: nothing, started: nothing, finished: nothing, retried: nothing },
    synced: () => controller.planAll(),
    changed: nothing,
    appeared: nothing,
    lost: nothing,
    wrote: nothing,
    failed: nothing,
    problem: nothing,
    solved: onSolved,
    rival: nothing,
    watchFailed: nothing,
  }
  const controller: ReturnType<typeof createController> = createController({
    config,
    targets,
    groups,
    client: network.clientFor('me', clock, 'me', nothing),
    clock,
    random,
    features: { watchList: true },
    isLeader: () => true,
    cloudNow: () => START + scheduler.time,
    states: () => [],
    observer,
    onNewer: nothing,
    onRewound: nothing,
  })
  for (const name of [HOME, ...namesOf(SETTINGS)]) {
    server.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
  }
  const run = (ms: number): Promise<void> => scheduler.run(scheduler.time + ms, nothing)
  scheduler.touch()
  void controller.run(new AbortController().signal)
  await run(10_000)
  return {
    controller,
    rotate() {
      live = issue()
      groups.reset()
      scheduler.touch()
      controller.rotate([])
    },
    run,
    logins: () => [HOME, ...namesOf(SETTINGS)].map(loginIn),
    early,
  }
}

const allOf = (login: string): string[] => Array.from({ length: SETTINGS.namespaces + 1 }, () => login)

test('a new credential is written to the own copy before any other Secret, even if a second one arrives during that write', async () => {
  const fixture = await open(() => undefined)
  assert.deepEqual(fixture.logins(), allOf('a-1'))
  fixture.rotate()
  await fixture.run(OWN_COPY_MS / 2)
  fixture.rotate()
  await fixture.run(2 * OWN_COPY_MS - 200)
  // Between two paced writes there are keys left.
  assert.deepEqual([fixture.controller.idle, fixture.controller.depth > 0], [false, true])
  await fixture.run(10_000)
  assert.deepEqual([fixture.logins(), fixture.early, fixture.controller.idle], [allOf('a-3'), [], true])
})

test('an error while namespaces are planned ends only that plan and not later ones', async () => {
  let isBroken = false
  const fixture = await open(() => {
    if (!isBroken) return
    isBroken = false
    throw new Error('once')
  })
  isBroken = true
  assert.throws(() => fixture.controller.planAll(), /once/)
  fixture.rotate()
  await fixture.run(10_000)
  assert.deepEqual([fixture.logins(), fixture.controller.idle], [allOf('a-2'), true])
})
