import { fileURLToPath } from 'node:url'
import { VERSION } from '../src/version.ts'

// First of all, while the rest is being loaded: which version it is that will act.
process.stdout.write(`acr-nopass ${VERSION}\n`)
const { runAction } = await import('./run-action.ts')
// This file is action/dist/main.js when it runs.
const code = await runAction(process, fileURLToPath(new URL('../../chart', import.meta.url)))
// The pipe to the runner may not hold all of a long log and the annotations after it.
process.stdout.write('', () => process.exit(code))
