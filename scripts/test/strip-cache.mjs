// Preloaded into every Node process of a test run: takes TypeScript files without their types from the folder that
// ACR_NOPASS_STRIPPED names, where strip-types.ts has put them. Stripping them in each of thousands of processes took a fifth of a
// run's CPU. Node's own compile cache would avoid that too, but with it coverage is no longer measured by branch. No TypeScript
// itself, so that it loads nothing more.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as module from 'node:module'
import { fileURLToPath } from 'node:url'

const folder = process.env.ACR_NOPASS_STRIPPED

// Tests also start older Nodes, which have no hooks.
if (folder !== undefined) module.registerHooks?.({ load })

function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context)
  try {
    const name = createHash('sha256')
      .update(readFileSync(fileURLToPath(url)))
      .digest('hex')
    return { format: 'module', source: readFileSync(`${folder}/${name}`, 'utf8'), shortCircuit: true }
  } catch {
    // Written during the run, by a test: Node strips it.
    return next(url, context)
  }
}
