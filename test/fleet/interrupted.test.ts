import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { BIN } from '../cli/run-bin.ts'
import { eventually } from '../support/eventually.ts'
import { releaseObjects } from './release-objects.ts'
import { openFleet } from './run-check.ts'

const fleet = await openFleet({ fine: () => releaseObjects(), hangs: () => releaseObjects() })
after(() => fleet[Symbol.asyncDispose]())

/** Runs a check of these entries as a process, and sends it a signal once `isReady`. */
async function interrupt(
  entries: readonly object[],
  signal: NodeJS.Signals,
  isReady: () => void | Promise<void>,
  env: Readonly<Record<string, string>> = {},
) {
  const list = join(fleet.folder, 'interrupted.yaml')
  const temporary = join(fleet.folder, `tmp-${crypto.randomUUID()}`)
  await mkdir(temporary)
  await writeFile(list, stringify(entries))
  const args = ['doctor', '--clusters-file', list, '--max-parallel', '1', '-f', join(fleet.folder, 'values.yaml')]
  let end = { stdout: '', stderr: '' }
  const child = execFile(
    BIN,
    args,
    { env: { PATH: process.env.PATH ?? '', TMPDIR: temporary, ...env }, timeout: 120_000 },
    (_error, stdout, stderr) => {
      end = { stdout, stderr }
    },
  )
  const closed = new Promise((resolve) => child.once('close', resolve))
  await eventually(async () => {
    await isReady()
    // The temporary kubeconfigs are there.
    assert.notDeepEqual(await readdir(temporary), [])
  }, 60_000)
  const begin = performance.now()
  child.kill(signal)
  await closed
  const took = performance.now() - begin
  return { code: child.exitCode, ...end, took, left: await readdir(temporary) }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`P10: ${signal} ends a check at once: the exit code is 130, the message counts what was checked, and no kubeconfig is left`, async () => {
    const { fine, hangs } = fleet.servers
    assert.ok(fine && hangs)
    fine.calls.length = 0
    hangs.calls.length = 0
    hangs.answer = (path) => (path === '/api/v1/pods' ? new Promise<never>(() => undefined) : undefined)
    const { code, stdout, stderr, took, left } = await interrupt(
      [
        { name: 'fine', kubeconfig: { env: 'FINE' } },
        { name: 'hangs', kubeconfig: { env: 'HANGS' } },
        { name: 'later', kubeconfig: { env: 'LATER' } },
      ],
      signal,
      () => assert.ok(hangs.calls.includes('GET /api/v1/pods')),
      { FINE: fine.kubeconfig, HANGS: hangs.kubeconfig, LATER: hangs.kubeconfig },
    )
    assert.equal(code, 130, stderr)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      new RegExp(`^INTERRUPTED: interrupted by ${signal}: 1 of 3 clusters were checked \\(1 healthy\\)\\n`),
    )
    assert.deepEqual(left, [])
    assert.ok(took < 10_000, `${took} ms`)
  })

  test(`P10: ${signal} also ends a plugin for logins that hangs`, async () => {
    const pid = join(fleet.folder, `${signal}.pid`)
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', `echo $$ > '${pid}'; exec sleep 600`],
      interactiveMode: 'Never',
    }
    const kubeconfig = JSON.parse(fleet.servers.fine?.kubeconfig ?? '')
    const hanging = JSON.stringify({ ...kubeconfig, users: [{ name: kubeconfig.users[0].name, user: { exec } }] })
    const { code, stderr, took, left } = await interrupt(
      [{ name: 'plugin', kubeconfig: { env: 'PLUGIN' } }],
      signal,
      async () => assert.match(await readFile(pid, 'utf8'), /\d/),
      { PLUGIN: hanging },
    )
    assert.equal(code, 130, stderr)
    assert.match(stderr, /: 0 of 1 clusters were checked\n/)
    assert.deepEqual(left, [])
    assert.ok(took < 10_000, `${took} ms`)
    const plugin = Number(await readFile(pid, 'utf8'))
    await eventually(() => assert.throws(() => process.kill(plugin, 0), { code: 'ESRCH' }), 10_000)
  })
}
