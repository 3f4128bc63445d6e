import { createLook } from '../../doctor/cloud/create-look.ts'
import { diagnose } from '../../doctor/diagnose.ts'
import { observeCluster } from '../../doctor/read/observe-cluster.ts'
import { createReader } from '../../release/reader.ts'
import { connect } from '../connect.ts'
import type { CliHost, CommonFlags } from '../program/host.ts'
import { paintFor } from '../program/paint.ts'
import { aimCommands } from './aim-commands.ts'
import { finish } from './finish.ts'
import type { DoctorFlags } from './flags.ts'
import { createProgress } from './progress.ts'
import { describeReport, renderReport } from './report.ts'

/** Observes, judges, says; 1 when there is an error. */
export async function doctor(flags: DoctorFlags & CommonFlags, host: CliHost): Promise<number> {
  const { connection, client, aheadMs } = await connect(flags, host)
  const progress = createProgress(host)
  try {
    const { namespace, release } = flags
    const reader = createReader(client, host.signal, progress.say)
    const look = createLook(flags, { client, reader, env: host.env, signal: host.signal, onProgress: progress.say })
    const request = { namespace, release, server: connection.server, aheadMs, look }
    const observed = await observeCluster(client, reader, request, host.signal)
    progress.end()
    const several = observed.others.length > 0 ? observed.release : undefined
    const findings = aimCommands(diagnose(observed), flags, host.program, several)
    return finish(findings, flags, host, {
      unread: observed.unread.length,
      json: () => describeReport(observed, findings),
      text: () => renderReport(observed, findings, paintFor(host.stdout, host)),
    })
  } finally {
    progress.end()
    client.close()
  }
}
