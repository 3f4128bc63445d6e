// The program in the archive for nodes that decides what the script changes: node setup.mjs COMMAND
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { formatError, toNopassError } from '../../errors.ts'
import { printable } from '../../printable.ts'
import type { NodePlan, Step } from './observed-node.ts'
import { planNode } from './plan-node.ts'
import { PROFILES, type ProfileName } from './profiles.ts'
import { openFiles, readCommandLine, readNode } from './read-node.ts'
import { type Expectation, waitHealthy } from './wait-healthy.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profile: { type: 'string', default: '' },
    root: { type: 'string', default: '/' },
    // The folder with provider.json and node.json.
    settings: { type: 'string', default: '' },
    // The folder of the plan: `steps`, `content`, `restart` and `expected`.
    plan: { type: 'string', default: '' },
    // A file of the archive to install; repeatable.
    install: { type: 'string', multiple: true, default: [] },
    remove: { type: 'boolean', default: false },
    health: { type: 'string', multiple: true, default: [] },
    seconds: { type: 'string', default: '60' },
    expect: { type: 'string', default: 'any' },
  },
})

const NOT_CHECKED =
  'acr-nopass: not checked: whether the kubelet has the configuration, because no process shows its flags\n'

/** How long the kubelet must stay healthy: a wrong configuration ends it in the first second. */
const STEADY = 2_000

try {
  if (positionals[0] === 'plan') plan()
  else if (positionals[0] === 'wait') await wait()
  else throw new Error(`unknown command ${positionals[0]}`)
} catch (error) {
  process.stderr.write(`${formatError(toNopassError(error))}\n`)
  process.exitCode = 1
}

function plan(): void {
  const { root, settings, remove, install } = values
  if (!Object.hasOwn(PROFILES, values.profile)) throw new Error(`unknown profile ${values.profile}`)
  const profile = values.profile as ProfileName
  const planned = planNode({
    profile,
    node: readNode(root, profile),
    files: openFiles(root),
    config: remove ? undefined : readFileSync(join(settings, 'provider.json'), 'utf8'),
    nodeConfig: remove ? '' : readFileSync(join(settings, 'node.json'), 'utf8'),
    archive: install,
  })
  for (const note of planned.notes) process.stdout.write(`${printable(note)}\n`)
  writePlan(planned, profile, remove)
}

/** Writes what the script executes: one line per step, with its words between tabs. */
function writePlan({ steps, restart, expected, kept }: NodePlan, profile: ProfileName, remove: boolean): void {
  const folder = values.plan
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'steps'), steps.map((step) => `${lineOf(step, folder).join('\t')}\n`).join(''))
  for (const step of steps) {
    if (step.kind !== 'file' && step.kind !== 'flags') continue
    mkdirSync(dirname(join(folder, 'content', step.path)), { recursive: true })
    writeFileSync(join(folder, 'content', step.path), step.text, step.kind === 'flags' ? 'latin1' : 'utf8')
  }
  const mustShow = PROFILES[profile].kind === 'flags'
  const expectation: Expectation =
    remove || expected === undefined ? { mustShow, kept, others: expected } : { mustShow, kept, ours: expected }
  writeFileSync(join(folder, 'expected'), JSON.stringify(expectation))
  if (restart) writeFileSync(join(folder, 'restart'), '')
}

function lineOf(step: Step, folder: string): readonly string[] {
  switch (step.kind) {
    case 'file':
      return ['file', step.path, join(folder, 'content', step.path), step.mode]
    case 'program':
      return ['program', step.path, step.from, step.mode]
    case 'link':
      return ['link', step.path, step.target]
    case 'flags':
      return ['flags', step.path, join(folder, 'content', step.path)]
    case 'label':
      return ['label']
    case 'delete':
      return ['delete', step.path]
  }
}

async function wait(): Promise<void> {
  const { root, health, seconds, expect } = values
  const reason = await waitHealthy({
    probe: () => probe(health),
    readCommandLine: () => readCommandLine(join(root, 'proc')),
    expected: expect === 'any' ? 'any' : JSON.parse(readFileSync(expect, 'utf8')),
    limit: Number(seconds) * 1_000,
    steady: STEADY,
    now: () => performance.now(),
    pause: (milliseconds) => pause(milliseconds),
  })
  if (reason === undefined) {
    if (expect !== 'any' && readCommandLine(join(root, 'proc')) === undefined) process.stdout.write(NOT_CHECKED)
    return
  }
  process.stderr.write(`not healthy for ${seconds} s: ${printable(reason)}\n`)
  process.exitCode = 1
}

/** The kubelet listens on one of the addresses, depending on the IP family of the node. */
async function probe(urls: readonly string[]): Promise<string | undefined> {
  const reasons: string[] = []
  for (const url of urls) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
      if (response.ok) return undefined
      reasons.push(`${url} returned ${response.status}`)
    } catch {
      reasons.push(`${url} does not answer`)
    }
  }
  return reasons.join(', ')
}
