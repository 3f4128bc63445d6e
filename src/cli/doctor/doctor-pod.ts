import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { createLook } from '../../doctor/cloud/create-look.ts'
import { diagnose } from '../../doctor/diagnose.ts'
import { createAskRegistry } from '../../doctor/read/ask-registry.ts'
import { observePod } from '../../doctor/read/observe-pod.ts'
import { NopassError } from '../../errors.ts'
import { createReader } from '../../release/reader.ts'
import { connect } from '../connect.ts'
import type { CliHost, CommonFlags } from '../program/host.ts'
import { paintFor } from '../program/paint.ts'
import { aimCommands } from './aim-commands.ts'
import { finish } from './finish.ts'
import type { DoctorPodFlags } from './flags.ts'
import { describePodReport, renderPodReport } from './pod-report.ts'
import { createProgress } from './progress.ts'

/**
 * Why one Pod does or does not pull; 1 when there is an error.
 * @throws NopassError `INPUT_INVALID`, `KUBE_NOT_FOUND`
 */
export async function doctorPod(word: string, flags: DoctorPodFlags & CommonFlags, host: CliHost): Promise<number> {
  const [podNamespace = '', name = '', ...more] = word.split('/')
  if (podNamespace === '' || name === '' || more.length > 0) {
    throw new NopassError('INPUT_INVALID', `"${word}" names no Pod`, {
      hint: 'Write its namespace and its name: `doctor pod shop/web-5d9c7-x2x4k`.',
    })
  }
  const { connection, client, aheadMs } = await connect(flags, host)
  const progress = createProgress(host)
  try {
    const reader = createReader(client, host.signal, progress.say)
    const send = createHttpSender({ proxyEnv: host.env })
    const { namespace, release } = flags
    const request = {
      namespace,
      release,
      server: connection.server,
      aheadMs,
      look: createLook(flags, { client, reader, env: host.env, signal: host.signal, onProgress: progress.say }),
      pod: { namespace: podNamespace, name },
      ask: flags.askRegistry ? createAskRegistry(client, reader, send) : undefined,
    }
    const observed = await observePod(client, reader, request, host.signal)
    progress.end()
    const several = observed.others.length > 0 ? observed.release : undefined
    const findings = aimCommands(diagnose(observed), flags, host.program, several)
    return finish(findings, flags, host, {
      unread: observed.unread.length,
      json: () => describePodReport(observed, findings),
      text: () => renderPodReport(observed, findings, paintFor(host.stdout, host)),
    })
  } finally {
    progress.end()
    client.close()
  }
}
