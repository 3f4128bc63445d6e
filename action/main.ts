import { fileURLToPath } from 'node:url'
import { VERSION } from '../src/version.ts'

// The version is printed before anything else is loaded, so that every log shows which version
// runs.
process.stdout.write(`acr-nopass ${VERSION}\n`)
const { runAction } = await import('./run-action.ts')
// This file is action/dist/main.js when it runs.
const code = await runAction(process, fileURLToPath(new URL('../../chart', import.meta.url)))
// The pipe to the runner may not accept all of a long log and the annotations after it at once.
process.stdout.write('', () => process.exit(code))
