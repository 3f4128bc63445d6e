// Preloaded into every Node process of a test run. Reads TypeScript files without their types from
// the folder that ACR_NOPASS_STRIPPED names, where strip-types.ts has written them. A process that
// imports the fixture of a cluster then needs 0.18 s of CPU instead of 0.43 s until it runs, and a
// run has thousands of processes. Node's own compile cache is not used, because it makes coverage
// less precise (https://nodejs.org/api/module.html#module-compile-cache). This file is plain
// JavaScript, because TypeScript would have to be stripped first.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as module from 'node:module'
import { fileURLToPath } from 'node:url'

const folder = process.env.ACR_NOPASS_STRIPPED

// Tests also start older Node versions, which have no hooks.
if (folder !== undefined) module.registerHooks?.({ load })

function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context)
  try {
    const name = createHash('sha256')
      .update(readFileSync(fileURLToPath(url)))
      .digest('hex')
    return { format: 'module', source: readFileSync(`${folder}/${name}`, 'utf8'), shortCircuit: true }
  } catch {
    // A test wrote this file during the run, so Node strips its types.
    return next(url, context)
  }
}
