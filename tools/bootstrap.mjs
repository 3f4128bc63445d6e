#!/usr/bin/env node
// The start of every npm script: works on a fresh machine with any Node >= 18, then hands over to
// the command under Node 24. Usage: node tools/bootstrap.mjs COMMAND [ARGUMENTS]
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandFailure, InterruptedRun } from './bootstrap/failures.mjs'
import { runInForeground } from './bootstrap/foreground.mjs'
import { installDependencies } from './bootstrap/install.mjs'
import { findNode } from './bootstrap/node.mjs'

/** The file that each npm script runs, relative to the repository. */
const COMMANDS = {
  sandbox: 'sandbox/main.ts',
  test: 'scripts/test.ts',
  bench: 'test/bench/main.ts',
  soak: 'test/soak/main.ts',
  tools: 'tools/build/main.ts',
  build: 'scripts/build.ts',
  check: 'scripts/check.ts',
  docs: 'scripts/docs.ts',
  generate: 'scripts/generate.ts',
  mutate: 'scripts/mutate.ts',
  release: 'scripts/release.ts',
  live: 'scripts/live.ts',
}

/**
 * The usages that `--help` prints before an installation. The other scripts are only useful after
 * one.
 */
const USAGES = { sandbox: 'sandbox/usage.txt' }

const root = dirname(dirname(fileURLToPath(import.meta.url)))

async function main([command = '', ...args]) {
  if (!Object.hasOwn(COMMANDS, command)) {
    throw new CommandFailure(`no command '${command}'`, `use one of: ${Object.keys(COMMANDS).join(', ')}`)
  }
  if (process.platform === 'win32') {
    throw new CommandFailure(
      'Windows has no Unix processes and signals, which these commands need',
      'use WSL 2 or a Linux or macOS machine',
    )
  }
  const usage = USAGES[command]
  if (usage !== undefined && args.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(readFileSync(join(root, usage), 'utf8'))
    return 0
  }
  await installDependencies(root)
  const script = join(root, COMMANDS[command])
  if (!existsSync(script))
    throw new CommandFailure(`${COMMANDS[command]} is not in this checkout`, 'restore it with: git checkout -- .')
  const node = findNode(root)
  const PATH = [dirname(node), process.env.PATH].filter(Boolean).join(':')
  return runInForeground(node, ['--disable-warning=ExperimentalWarning', script, ...args], { ...process.env, PATH })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof InterruptedRun) {
    console.error('Interrupted; the next run continues where this one stopped.')
    process.exitCode = error.exitCode
  } else if (error instanceof CommandFailure) {
    console.error(`error: ${error.message}\n  fix: ${error.fix}`)
    process.exitCode = 1
  } else throw error
}
