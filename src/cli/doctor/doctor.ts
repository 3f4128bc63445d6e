import type { DoctorFlags } from '../commands/doctor.ts'
import { connect } from '../connect.ts'
import { EXIT } from '../exit-codes.ts'
import type { CliHost, CommonFlags } from '../host.ts'
import { paintFor } from '../paint.ts'
import { diagnose } from './diagnose.ts'
import { observeCluster } from './observe-cluster.ts'
import { describeReport, renderReport } from './report.ts'

/** Observes, judges, says; 1 when there is an error. */
export async function doctor(flags: DoctorFlags & CommonFlags, host: CliHost): Promise<number> {
  const { connection, client } = await connect(flags, host)
  try {
    const request = { ...choiceOf(flags), server: connection.server, now: Date.now() }
    const observed = await observeCluster(client, request, host.signal)
    const findings = diagnose(observed)
    if (flags.output === 'json') {
      host.stdout.write(`${JSON.stringify(describeReport(observed, findings), null, 2)}\n`)
    } else {
      host.stdout.write(renderReport(observed, findings, paintFor(host.stdout, host), host.program))
    }
    return findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.ok
  } finally {
    client.close()
  }
}

function choiceOf({ namespace, release }: DoctorFlags): { namespace: string | undefined; release: string | undefined } {
  return { namespace, release }
}
