// The program of the chart's DaemonSet: keeps one node as the values want it.
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { destination, pino } from 'pino'
import { NopassError, toNopassError } from '../../errors.ts'
import { createKubeClient } from '../../kube/client.ts'
import { inClusterConnection, SERVICE_ACCOUNT_DIR } from '../../kube/connection.ts'
import { systemClock } from '../../lib/clock.ts'
import { printable, printableLines } from '../../printable.ts'
import { VERSION } from '../../version.ts'
import { hostCommand } from './host-command.ts'
import { prepareScript } from './prepare-script.ts'
import { readSettings } from './read-settings.ts'
import { type NodeState, runDaemon } from './run-daemon.ts'
import { runOnHost } from './run-on-host.ts'
import { serveState } from './serve-state.ts'
import { createTurns } from './turns.ts'
import { foldersOf, pauseOrChange } from './watch-folders.ts'

const text = { type: 'string', default: '' } as const
const { values: argument } = parseArgs({
  options: {
    config: text,
    node: text,
    namespace: text,
    lease: text,
    host: { type: 'string', default: '' },
    port: { type: 'string', default: '8080' },
    'serviceaccount-dir': { type: 'string', default: SERVICE_ACCOUNT_DIR },
    // The folders and files of the image.
    files: { type: 'string', default: '/app/node' },
    'node-licence': { type: 'string', default: '/nodejs/LICENSE' },
    // A process of the host.
    pid: { type: 'string', default: '1' },
    'health-seconds': { type: 'string', default: '60' },
    'health-url': { type: 'string', multiple: true, default: [] as string[] },
  },
})

const stdout = destination({ fd: 1, sync: true })
const log = pino(
  { base: null, timestamp: pino.stdTimeFunctions.isoTime },
  { write: (line) => void stdout.write(printableLines(line)) },
)
const stop = new AbortController()
const onSignal = (signal: NodeJS.Signals): void => {
  log.info({ signal }, 'stopping; a run of the script is undone first')
  stop.abort(new Error(`the program got ${signal}`))
}
process.on('SIGTERM', onSignal)
process.on('SIGINT', onSignal)
const scratch = mkdtempSync(join(tmpdir(), 'acr-nopass-'))

try {
  await keep()
} catch (error) {
  const { code, message, hint, reason } = toNopassError(error)
  log.fatal({ code, reason, fix: hint }, message)
  process.exitCode = 1
}
rmSync(scratch, { recursive: true, force: true })
process.exit()

async function keep(): Promise<void> {
  const pid = Number(argument.pid)
  requireHost(pid)
  const settings = readSettings(readFileSync(argument.config, 'utf8'))
  const prepared = await prepareScript({
    settings,
    image: { files: join(argument.files, 'files'), node: process.execPath, nodeLicence: argument['node-licence'] },
    body: readFileSync(join(argument.files, 'install.sh'), 'utf8'),
    folder: scratch,
    // The host sees the files of this container through this process.
    seenAt: `/proc/${process.pid}/root`,
    arch: process.arch,
    healthUrls: argument['health-url'],
    healthSeconds: Number(argument['health-seconds']),
  })
  const command = hostCommand(pid, process.arch)
  let state: NodeState = { ready: false, text: 'starting' }
  const client = createKubeClient(inClusterConnection(argument['serviceaccount-dir'], process.env), {
    userAgent: `acr-nopass-node/${VERSION}`,
  })
  const server = await serveState({ host: argument.host, port: Number(argument.port) }, () => state)
  const turns = createTurns({
    client,
    clock: systemClock,
    random: Math.random,
    namespace: argument.namespace,
    name: argument.lease,
    node: argument.node,
    onProblem(error) {
      const { code, message } = toNopassError(error)
      log.warn({ code, lease: argument.lease }, message)
    },
  })
  try {
    await runDaemon(
      {
        node: argument.node,
        config: prepared.hash,
        remove: settings.remove,
        runScript: (args, signal) => runOnHost(command, prepared.script, args, signal),
        turns,
        now: () => new Date(),
        onState(next) {
          const text = printable(next.text)
          if (text !== state.text) log[next.ready ? 'info' : 'warn']({ node: argument.node, ready: next.ready }, text)
          state = { ready: next.ready, text }
        },
        onRun({ code, stdout, stderr }) {
          for (const line of `${stdout}${stderr}`.trimEnd().split('\n')) log.info({ script: code }, line)
        },
        pause: (milliseconds, signal) =>
          pauseOrChange(`/proc/${pid}/root`, foldersOf(settings.profile), milliseconds, signal),
      },
      stop.signal,
    )
  } finally {
    client.close()
    server.close()
  }
}

/** @throws NODE_HOST if this container does not see the host */
function requireHost(pid: number): void {
  const hint = 'The Pod needs `hostPID: true` and a privileged container, as the chart renders it.'
  try {
    if (readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt')) return
  } catch (cause) {
    throw new NopassError('NODE_HOST', 'this container may not see the host', { cause, hint })
  }
  throw new NopassError('NODE_HOST', 'this container does not see the host', { hint })
}
