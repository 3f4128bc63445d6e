import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { auth, createPlace, DOMAIN, VPC_DOMAIN } from './docker-place.ts'

const SOURCES = ['lib/clock.ts', 'login/docker-config/remove-logins.ts', 'login/docker-config/store-logins.ts']

/** A job in a process of its own: logs in and out many times. Prints how often it was refused. */
function startJob(folder: string, domains: readonly string[]) {
  const [clock, remove, store] = SOURCES.map((name) => new URL(`../../../src/${name}`, import.meta.url).href)
  const code = `
    const { systemClock } = await import('${clock}')
    const { removeLogins } = await import('${remove}')
    const { storeLogins } = await import('${store}')
    const deps = { pid: process.pid, clock: systemClock, environment: {} }
    let refused = 0
    for (let i = 0; i < 12; i += 1) {
      const logins = ${JSON.stringify(domains)}.map((domain) => ({ domain, username: 'cr_temp_user', password: process.pid + '-' + i }))
      const request = { folder: '${folder}', temporaryFolder: '', config: 'merge', logins, expiresAt: Date.now() + 3600000 }
      try {
        const { receipt } = await storeLogins(request, deps, () => undefined)
        const removed = await removeLogins(receipt, deps)
        if (removed.some(({ outcome }) => outcome !== 'removed')) throw new Error(JSON.stringify(removed))
      } catch (error) {
        if (error.code !== 'DOCKER_LOGIN_EXISTS') throw error
        refused += 1
      }
    }
    console.log(refused)`
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function runJobs(jobs: readonly (readonly string[])[]) {
  const place = createPlace({ auths: { 'docker.io': auth('me:HERS') }, currentContext: 'remote' })
  const children = jobs.map((domains) => startJob(place.folder, domains))
  const outputs = children.map(async (child) => {
    let text = ''
    for await (const chunk of child.stdout) text += chunk
    return Number(text)
  })
  const ends = await Promise.all(children.map((child) => once(child, 'exit')))
  assert.deepEqual(
    ends,
    jobs.map(() => [0, null]),
  )
  assert.deepEqual(place.content(), { auths: { 'docker.io': auth('me:HERS') }, currentContext: 'remote' })
  assert.deepEqual(readdirSync(place.folder), ['config.json'])
  return Promise.all(outputs)
}

test('jobs at the same time that log in to different registries do not disturb each other', async () => {
  assert.deepEqual(await runJobs([[DOMAIN], [VPC_DOMAIN], ['other.cr.aliyuncs.com']]), [0, 0, 0])
})

test('jobs at the same time that log in to the same registry never take the login of each other', async () => {
  // If another job replaced the login of a job, the logout of that job would not find its own
  // login, and the job would fail.
  await runJobs([
    [DOMAIN, VPC_DOMAIN],
    [VPC_DOMAIN, DOMAIN],
  ])
})
