import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { machineMarks } from '../support/node/machine-marks.ts'

const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url))
/** Moments in ms after the start: while clusters start, and in the middle of the first steps. */
const MOMENTS = [4_000, 16_000]
/**
 * For manual runs, random moments within a minute: INTERRUPTS=10 node --test
 * test/node/sandbox-interrupt.test.ts
 */
const times = Number(process.env.INTERRUPTS ?? 0)
const random = Array.from({ length: times }, (_, round) => Math.round(((round + Math.random()) / times) * 60_000))

for (const moment of times > 0 ? random : MOMENTS) {
  test(`P10 Ctrl-C ${moment} ms into npm run sandbox leaves no process, mount, cgroup, sysctl or file behind`, async () => {
    const before = machineMarks()
    const files = readdirSync(tmpdir()).sort()
    const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
    const exited = once(child, 'exit')
    await Promise.race([sleep(moment), exited])
    child.kill('SIGINT')
    const [code] = (await exited) as [number | null]
    assert.equal(code, 130, output)
    assert.match(output, /Interrupted; nothing is left running\.\n$/)
    assert.deepEqual(readdirSync(tmpdir()).sort(), files)
    assert.deepEqual(processesOf(tmpdir()), [])
    assert.deepEqual(machineMarks(), before)
  })
}

/**
 * Returns the command lines of running programs that name a folder. Every process of a sandbox has
 * its files in that folder.
 */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(`${folder}/`) ? [line] : []
      } catch {
        return []
      }
    })
}
