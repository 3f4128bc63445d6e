// npm run live: answers, on a real account, the questions that Alibaba Cloud's pages leave open,
// removes everything that it created, and writes the answers as JSON.
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createEnvironmentProvider } from '../src/alibaba/identities/access-key.ts'
import { createCloudClock } from '../src/alibaba/transport/cloud-clock.ts'
import { createCloudTransport } from '../src/alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../src/alibaba/transport/endpoints.ts'
import { createHttpSender } from '../src/alibaba/transport/http-sender.ts'
import { sleep, systemClock } from '../src/lib/clock.ts'
import { printable } from '../src/printable.ts'
import { VERSION } from '../src/version.ts'
import { describeFailure, TestbedError } from '../tools/testbed-error.ts'
import { createCallRecorder, type Evidence } from './live/evidence.ts'
import { readIssuerChain } from './live/issuer-certificates.ts'
import type { LiveDeps } from './live/live-deps.ts'
import { newRunId } from './live/names.ts'
import { type Command, type EndpointMap, readCommand, USAGE } from './live/options.ts'
import { renderPlan } from './live/plan.ts'
import { recordFileOf } from './live/record.ts'
import { resolveHost } from './live/resolve-host.ts'
import { cleanUpRun, renderAnswers, runLive } from './live/run-live.ts'

const EVIDENCE = join(import.meta.dirname, '..', 'docs', 'evidence')

const interrupt = new AbortController()
const { signal } = interrupt
// A closed pipe, as behind `| head`, must not end the run before its removal.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

function createDeps(endpoints: EndpointMap): LiveDeps {
  const send = createHttpSender({ proxyEnv: process.env })
  const calls = createCallRecorder(send)
  return {
    calls,
    transport: createCloudTransport({
      send: calls.send,
      clock: createCloudClock(systemClock),
      random: Math.random,
      nonce: () => crypto.randomUUID(),
      sleep: (ms, until) => sleep(systemClock, ms, until),
      userAgent: `acr-nopass/${VERSION}`,
    }),
    // IMS is served at RAM's address.
    endpoints: createEndpoints({ overrides: { ...endpoints, ims: endpoints.ram } }),
    clock: systemClock,
    caller: createEnvironmentProvider(process.env),
    env: process.env,
    readText: (file) => readFile(file, 'utf8'),
    readChain: (issuer, until) => readIssuerChain(issuer, { send: calls.send }, until),
    resolve: resolveHost,
    print: (line) => console.log(printable(line)),
  }
}

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) throw new TestbedError('LIVE_NOT_CONFIRMED', 'there is no terminal to ask')
  // Without `terminal: false` Ctrl-C would be a character and not a signal.
  const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: false })
  try {
    const closed = once(terminal, 'close').then(() => '')
    const answer = await Promise.race([terminal.question('Continue? Type yes: ', { signal }), closed])
    if (answer.trim() !== 'yes') throw new TestbedError('LIVE_NOT_CONFIRMED', 'nothing was created')
  } finally {
    terminal.close()
  }
}

/** Lets a signal end the run after its removal. --clean-up ends at once, and can be repeated. */
function catchSignals(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (signal.aborted) console.error('Still removing what this run created.')
      interrupt.abort(name)
    })
  }
}

async function run(command: Extract<Command, { do: 'run' }>): Promise<void> {
  catchSignals()
  const { options, records, endpoints } = command
  const id = newRunId()
  const out = outFile(command.out, id)
  console.log(renderPlan(options, id, relative('', recordFileOf(records, id)), relative('', out)))
  if (command.dryRun) return
  if (!command.yes) await confirm()
  const cloud: Evidence['cloud'] = Object.keys(endpoints).length > 0 ? 'emulator' : 'alibaba-cloud'
  const evidence = await runLive(options, createDeps(endpoints), { run: id, records, cloud }, signal)
  mkdirSync(dirname(out), { recursive: true })
  writeFileSync(out, `${JSON.stringify(evidence, null, 2)}\n`)
  console.log(`\n${renderAnswers(evidence)}\n\nwrote ${relative('', out)}`)
}

/** An earlier run of the same day is kept. */
function outFile(given: string | undefined, id: string): string {
  if (given !== undefined) return resolve(given)
  const day = new Date().toISOString().slice(0, 10)
  const file = join(EVIDENCE, `live-${day}.json`)
  return existsSync(file) ? join(EVIDENCE, `live-${day}-${id}.json`) : file
}

try {
  const command = readCommand(process.argv.slice(2))
  if (command.do === 'help') console.log(USAGE)
  else if (command.do === 'run') await run(command)
  else await cleanUpRun(command.run, command.records, createDeps(command.endpoints))
} catch (error) {
  if (signal.aborted && !(error instanceof TestbedError)) {
    console.error('Interrupted. Everything that this run created was removed; no answers were written.')
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[String(signal.reason)] ?? 1
  } else {
    console.error(describeFailure(error))
    process.exitCode = error instanceof TestbedError && error.code === 'LIVE_ARGUMENTS' ? 2 : 1
  }
}
