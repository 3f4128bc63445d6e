import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const SCRIPT = fileURLToPath(new URL('../../examples/retire.sh', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-retire-'))
after(() => rm(folder, { recursive: true, force: true }))
const log = join(folder, 'log')

/** A program that records its arguments and then runs the body. */
async function stubCommand(name: string, body: string): Promise<void> {
  const file = join(folder, name)
  await writeFile(file, `#!/bin/sh\necho "${name} $1 $2" >> '${log}'\n${body}\n`)
  await chmod(file, 0o755)
}

test('P12 the script for users of plain Helm uninstalls only after the helper has reported that it is done', async () => {
  await stubCommand('helm', '')
  await stubCommand('sleep', '')
  const report = (retired: boolean): string => JSON.stringify({ version: '0.1.0', retired, registries: [] })
  // The third query reports that it is done.
  const body = `[ "$(grep -c kubectl '${log}')" -ge 3 ] && echo '${report(true)}' || echo '${report(false)}'`
  await stubCommand('kubectl', body)
  await promisify(execFile)('sh', [SCRIPT], { env: { PATH: `${folder}:/usr/bin:/bin` } })
  const query = 'kubectl --namespace acr-nopass'
  assert.deepEqual(
    (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.trim()),
    ['helm upgrade acr-nopass', query, 'sleep 2', query, 'sleep 2', query, 'helm uninstall acr-nopass'],
  )
})

test('a failing upgrade removes nothing', async () => {
  await writeFile(log, '')
  await stubCommand('helm', '[ "$1" = upgrade ] && exit 1')
  await assert.rejects(promisify(execFile)('sh', [SCRIPT], { env: { PATH: `${folder}:/usr/bin:/bin` } }))
  assert.equal(await readFile(log, 'utf8'), 'helm upgrade acr-nopass\n')
})
