import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createKubeClient } from '../../src/kube/client.ts'
import { kubeconfigConnection } from '../../src/kube/connection.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { eventually } from '../support/eventually.ts'
import { sandboxEnvironment } from '../support/sandbox-environment.ts'
import { testTools } from '../tools.ts'

const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'page-'))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string }
    readonly status: { readonly podIP?: string }
  }[]
}

test('the commands that `sandbox up` prints deploy the helper to both clusters, and open its status page in the browser', async () => {
  const env = await sandboxEnvironment(folder)
  const up = spawn(process.execPath, [MAIN, 'up', '--fast'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(up, 'exit')
  await using browser = await openBrowser(AbortSignal.timeout(600_000))
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

    assert.match(
      output,
      /^Its status page: http:\/\/IP:8081 of a Pod of staging \(kubectl -n acr-nopass get pods -o wide/m,
    )
    const client = createKubeClient(await kubeconfigConnection({ file }))
    const { items } = await client.request<Pods>({ method: 'GET', path: '/api/v1/namespaces/acr-nopass/pods' })
    client.close()
    const [pod] = items
    assert.ok(pod?.status.podIP)
    const { page, consoleMessages } = await browser.open(`http://${pod.status.podIP}:8081`)
    await eventually(async () => {
      await page.reload()
      const headline = await page.getByRole('heading', { level: 1 }).innerText()
      assert.match(headline, /^All \d+ namespaces have a current pull secret$/)
    }, 60_000)
    const table = page.getByRole('table', { name: 'Registries' })
    assert.match(await table.innerText(), /Live\s+login accepted/)
    assert.deepEqual(consoleMessages, [])
  } finally {
    up.kill('SIGINT')
    await exited
  }
})
