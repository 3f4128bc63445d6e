import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createKubeClient } from '../../src/kube/client.ts'
import { kubeconfigConnection } from '../../src/kube/connection.ts'
import { sandboxEnvironment } from '../support/sandbox-environment.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'up-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('sandbox up keeps two clusters running, and sandbox down stops it from another terminal', async () => {
  const env = await sandboxEnvironment(folder)
  const up = spawn(process.execPath, [MAIN, 'up', '--fast'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(up, 'exit')
  let output = ''
  await new Promise<void>((resolve, reject) => {
    up.stdout.on('data', (chunk: Buffer) => {
      output += chunk
      if (output.includes('Ctrl-C, or')) resolve()
    })
    exited.then(([code]) => reject(new Error(`ended with ${code}: ${output}`)), reject)
  })
  const files = [...output.matchAll(/^\w+ +export KUBECONFIG=(\S+)/gm)].map(([, file = '']) => file)
  assert.equal(files.length, 2)
  for (const file of files) {
    const client = createKubeClient(await kubeconfigConnection({ file }))
    const { items } = await client.request<{ items: unknown[] }>({ method: 'GET', path: '/api/v1/nodes' })
    assert.equal(items.length, 1)
    client.close()
  }
  const [, programs = ''] = /^programs +(export \S+)/m.exec(output) ?? []
  const versions = `${programs} && command -v helm && command -v acr-nopass && helm version --short && acr-nopass --version`
  const { stdout } = await run('sh', ['-c', versions], { env })
  assert.match(stdout, /^(\S+)\/helm\n\1\/acr-nopass\nv4\.\S+\nacr-nopass /)
  const down = await run(process.execPath, [MAIN, 'down'], { env })
  assert.match(down.stdout, /^sandboxes stopped: 1\n$/)
  assert.deepEqual(await exited, [0, null])
  assert.ok(files.every((file) => !existsSync(file)))
  const again = await run(process.execPath, [MAIN, 'down'], { env })
  assert.equal(again.stdout, 'no sandbox is running, and nothing is left behind\n')
})

test('sandbox --help prints the usage, and an unknown command is rejected', async () => {
  const help = await run(process.execPath, [MAIN, '--help'])
  assert.match(help.stdout, /^usage: npm run sandbox/)
  await assert.rejects(run(process.execPath, [MAIN, 'upp']), (error: { code: number; stderr: string }) => {
    assert.equal(error.code, 2)
    assert.match(error.stderr, /^SANDBOX_ARGUMENTS: unknown command: upp/)
    return true
  })
})
