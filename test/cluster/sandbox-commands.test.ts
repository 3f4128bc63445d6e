import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from '../support/eventually.ts'
import { sandboxEnvironment } from '../support/sandbox-environment.ts'
import { testTools } from '../tools.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'page-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('the commands that `sandbox up` prints deploy the helper to both clusters, and show its state', async () => {
  const env = await sandboxEnvironment(folder)
  const up = spawn(process.execPath, [MAIN, 'up', '--fast'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(up, 'exit')
  try {
    let output = ''
    up.stdout.on('data', (chunk: Buffer) => {
      output += chunk
    })
    await Promise.race([
      eventually(() => assert.match(output, /^Ctrl-C, or/m), 300_000),
      exited.then(([code]) => assert.fail(`ended with ${code}: ${output}`)),
    ])
    const [keys, programs, apply, file = '', first] = [
      /^cloud +(export .*)$/m,
      /^programs +(export \S+)/m,
      /^ +(\(cd .* && acr-nopass apply .*\))$/m,
      /^staging +export KUBECONFIG=(\S+)/m,
      /^Then a new namespace gets its pull secret \(no Pod pulls here: .*\):\n([\s\S]*?)\n\n/m,
    ].map((pattern) => pattern.exec(output)?.[1])
    const applied = await run('bash', ['-c', `${keys} && ${programs} && ${apply}`], { env })
    assert.match(applied.stdout, /^staging .*deployed[\s\S]*^production .*deployed/m)

    const { kubectl } = await testTools('kubectl')
    const path = { ...env, PATH: `${dirname(kubectl)}:${env.PATH}` }
    assert.match(
      (await run('bash', ['-ec', first ?? 'false'], { env: path })).stdout,
      /secret\/acr-nopass condition met/,
    )

    assert.match(output, /^Its state, with `staging` or `production` exported: acr-nopass doctor --cloud off$/m)
    const doctor = `${programs} && export KUBECONFIG=${file} && acr-nopass doctor --cloud off`
    await eventually(
      async () => assert.match((await run('bash', ['-c', doctor], { env })).stdout, /^all is well$/m),
      60_000,
    )
  } finally {
    up.kill('SIGINT')
    await exited
  }
})
