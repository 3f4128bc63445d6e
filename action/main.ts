import { runAction } from './run-action.ts'

process.exit(await runAction(process))
