// Runs `npm ci` only if node_modules differs from package-lock.json. Only one run does this at a
// time.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailure, InterruptedRun } from './failures.mjs'
import { acquireLock } from './lock.mjs'
import { findNode, isNewEnough, nodePackage, npmCommand } from './node.mjs'
import { startLine } from './status-line.mjs'

/** Brings node_modules up to date. */
export async function installDependencies(root) {
  if (isInstalled(root)) return
  const interrupted = new AbortController()
  const listeners = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const listener = () => interrupted.abort(new InterruptedRun(signal))
    process.on(signal, listener)
    return [signal, listener]
  })
  try {
    await installLocked(root, interrupted.signal)
  } catch (error) {
    throw interrupted.signal.aborted ? interrupted.signal.reason : error
  } finally {
    for (const [signal, listener] of listeners) process.removeListener(signal, listener)
  }
}

async function installLocked(root, signal) {
  const line = startLine('npm ci')
  let result = 'failed'
  let release
  try {
    release = await acquireLock(join(root, '.cache', 'npm-ci.lock'), {
      what: 'npm ci',
      onWait: (holder) =>
        line.update(`waiting for another run (process ${holder.pid}, ${holder.what} since ${holder.since})`),
      signal,
    })
    if (isInstalled(root)) {
      result = 'another run did it'
      return
    }
    line.update('')
    await npmCi(root, signal)
    writeStamp(root)
    result = ''
  } finally {
    release?.()
    line.end(result)
  }
}

/** True if node_modules is complete and belongs to this package-lock.json. */
function isInstalled(root, platform = process.platform, arch = process.arch) {
  try {
    if (readFileSync(stampFile(root), 'utf8') === stampText(root)) return true
  } catch {
    // Without a stamp, npm's own record decides.
  }
  try {
    // npm writes this record at the end of an installation, so an interrupted installation has
    // none.
    const record = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8'))
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    if (!matchesLockfile(lock.packages, record.packages, platform, arch)) return false
    if (!isNewEnough(process.versions.node) && nodePackage(platform, arch)) findNode(root)
  } catch {
    return false
  }
  writeStamp(root)
  return true
}

/**
 * True if the installed packages are those of the lockfile. Packages for other platforms may be
 * absent.
 */
export function matchesLockfile(wanted, installed, platform, arch) {
  const paths = Object.keys(wanted).filter((path) => path !== '')
  if (!Object.keys(installed).every((path) => path in wanted)) return false
  return paths.every((path) => {
    const { version, integrity, optional, os, cpu, libc } = wanted[path]
    const found = installed[path]
    if (found) return found.version === version && found.integrity === integrity
    const here = [].concat(os ?? []).includes(platform) && [].concat(cpu ?? []).includes(arch) && libc === undefined
    return optional === true && !here
  })
}

const stampFile = (root) => join(root, 'node_modules', '.acr-nopass-installed')

function stampText(root) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`
}

function writeStamp(root) {
  // npm creates no folder when there is nothing to install.
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(stampFile(root), stampText(root))
}

const KILL_AFTER_MS = 1_500

// By default npm retries for more than a minute if there is no network.
const RETRIES = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']

function npmCi(root, signal) {
  const logFile = join(root, '.cache', 'npm-ci.log')
  mkdirSync(join(root, '.cache'), { recursive: true })
  const log = openSync(logFile, 'w')
  const [program, ...first] = npmCommand()
  // No package here needs its install script, because programs are packages of their own.
  const args = [
    ...first,
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=warn',
    ...RETRIES,
  ]
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', log, log], detached: true })
    const end = () => {
      child.kill('SIGINT')
      // npm may first finish its current step. The next npm ci removes what an interrupted one
      // left.
      setTimeout(() => child.exitCode ?? child.kill('SIGKILL'), KILL_AFTER_MS).unref()
    }
    signal.addEventListener('abort', end, { once: true })
    child.on('error', (error) =>
      reject(new CommandFailure(`npm does not start: ${error.message}`, 'install npm and run again')),
    )
    child.on('close', (code) => {
      signal.removeEventListener('abort', end)
      if (signal.aborted) reject(signal.reason)
      else if (code === 0) resolve()
      else reject(explainFailure(readFileSync(logFile, 'utf8'), logFile))
    })
  }).finally(() => closeSync(log))
}

const CAUSES = [
  [/ENOSPC|no space left/, 'the disk is full', 'free some space and run again'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|network|CERT|SELF_SIGNED/i,
    'the package registry cannot be reached',
    'check the network, proxy and `npm config get registry`, then run again',
  ],
  [
    /EUSAGE|can only install packages when your/,
    'package.json and package-lock.json disagree',
    'restore both with git, or run npm install and commit the lockfile',
  ],
  [
    /EINTEGRITY/,
    'a package is not the one that package-lock.json pins',
    'run npm cache clean --force and run again; do not use it if it stays',
  ],
  [/E40[134]|E404/, 'the registry refuses or does not have a package', 'check `npm config get registry` and its login'],
  [/EACCES|EPERM/, 'a file may not be written', 'check who owns this folder and node_modules'],
]

/** Explains a failed `npm ci` from its output. */
export function explainFailure(output, logFile) {
  const errors = output.split('\n').filter((line) => /^npm (err|error)/i.test(line))
  const text = errors.join('\n')
  const [, cause, fix] = CAUSES.find(([sign]) => sign.test(text)) ?? [
    undefined,
    'npm ci failed',
    'read the log and run again',
  ]
  const detail = errors
    .map((line) => line.replace(/^npm (error|err!?)\s*/i, ''))
    .find((line) => line && !/^(code|syscall|errno) /.test(line))
  return new CommandFailure(`npm ci: ${cause}${detail ? ` (${detail.slice(0, 200)})` : ''}; log: ${logFile}`, fix)
}
