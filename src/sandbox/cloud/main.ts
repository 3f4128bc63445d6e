import { runCloud } from './run-cloud.ts'

const stop = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort())
process.exitCode = await runCloud(process.argv.slice(2), process, stop.signal)
