import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { createInspector, type InspectOptions } from '../../doctor/cloud/create-inspector.ts'
import { diagnose } from '../../doctor/diagnose.ts'
import { type Finding, hasFindingOf, isAllKnown, type Severity } from '../../doctor/finding.ts'
import type { Observed } from '../../doctor/observed.ts'
import { type ObserveRequest, observeCluster } from '../../doctor/read/observe-cluster.ts'
import { observePod } from '../../doctor/read/observe-pod.ts'
import { createRegistryQuery } from '../../doctor/read/query-registry.ts'
import { NopassError } from '../../errors.ts'
import { createReader, type Reader } from '../../kube/read/reader.ts'
import { expectConfigs } from '../../node/expected-configs.ts'
import { connect } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { ConnectFlags, ReleaseFlags } from '../program/command.ts'
import { createStatusLine, paintFor } from '../program/terminal.ts'
import { aimCommands } from './aim-commands.ts'
import { describePodReport, renderPodReport } from './pod-report.ts'
import { describeReport, renderReport } from './report.ts'

export interface DoctorFlags extends ConnectFlags, ReleaseFlags, InspectOptions {
  /**
   * The lowest severity that makes the exit code 1. `unread`: errors, and anything that could not
   * be read.
   */
  readonly failOn?: Severity | 'unread' | 'drift' | 'never'
}

export interface DoctorPodFlags extends DoctorFlags {
  readonly askRegistry?: boolean
}

/** Flags that mean something only for a list of clusters. */
const OF_A_LIST = {
  values: '-f',
  inlineValues: '--inline-values',
  valuesFiles: '--values-files',
  cluster: '--cluster',
  horizon: '--horizon',
  maxParallel: '--max-parallel',
  timeout: '--timeout',
  chart: '--chart',
  chartVersion: '--chart-version',
  roleToAssume: '--role-to-assume',
  oidcProviderArn: '--oidc-provider-arn',
} as const

/** @throws INPUT_INVALID for a flag that only a check of a list of clusters uses */
function refuseListFlags(flags: object): void {
  const given = flags as Readonly<Record<string, unknown>>
  const [, flag] = Object.entries(OF_A_LIST).find(([name]) => given[name] !== undefined) ?? []
  const wrong = flag ?? (given.failOn === 'drift' || given.failOn === 'never' ? `--fail-on ${given.failOn}` : undefined)
  if (wrong === undefined) return
  throw new NopassError('INPUT_INVALID', `${wrong} needs --clusters-file`, {
    hint: 'Name the list with `--clusters-file clusters.yaml`; doctor then checks all of its clusters.',
  })
}

type Observe = (reader: Reader, request: ObserveRequest) => Promise<Observed>

/** Diagnoses the cluster. Returns 1 if there is an error. */
export async function doctor(flags: DoctorFlags & CommonFlags, host: CliHost): Promise<number> {
  refuseListFlags(flags)
  return runDiagnosis(flags, host, observeCluster, { describe: describeReport, render: renderReport })
}

/**
 * Diagnoses one Pod. Returns 1 if there is an error.
 * @throws INPUT_INVALID, KUBE_NOT_FOUND
 */
export async function doctorPod(
  flags: DoctorPodFlags & CommonFlags,
  host: CliHost,
  [pod = '']: readonly string[],
): Promise<number> {
  const { namespace: _, ...own } = flags
  const { namespace, name, ofRelease } = readPodName(pod, flags.namespace)
  const observe: Observe = (reader, request) => {
    const send = createHttpSender({ proxyEnv: host.env })
    const ask = flags.askRegistry ? createRegistryQuery(reader, send) : undefined
    return observePod(reader, { ...request, pod: { namespace, name }, ask })
  }
  const chosen = ofRelease === undefined ? own : { ...own, namespace: ofRelease }
  return runDiagnosis(chosen, host, observe, {
    describe: describePodReport,
    render: renderPodReport,
  })
}

/**
 * Reads a Pod's name as `shop/web`, or in kubectl's form: `web -n shop` or `pod/web -n shop`. In
 * kubectl's form `-n` is the Pod's namespace, and the release is searched in all namespaces.
 * @throws INPUT_INVALID
 */
function readPodName(pod: string, flag: string | undefined) {
  const [first = '', second, ...more] = pod.split('/')
  const isKubectl = second === undefined || /^(pod|pods|po)$/.test(first)
  const [namespace, name] = isKubectl ? [flag, second ?? first] : [first, second]
  if (namespace === undefined || namespace === '' || name === '' || more.length > 0) {
    throw new NopassError('INPUT_INVALID', `"${pod}" is not NAMESPACE/NAME of a Pod`, {
      hint: 'Write its namespace and its name: `doctor pod shop/web-5d9c7-x2x4k`, or `doctor pod web-5d9c7-x2x4k -n shop`.',
    })
  }
  return { namespace, name, ofRelease: isKubectl ? undefined : flag }
}

async function runDiagnosis(
  flags: DoctorFlags & CommonFlags,
  host: CliHost,
  observe: Observe,
  report: { readonly describe: typeof describeReport; readonly render: typeof renderPodReport },
): Promise<number> {
  using connected = await connect(flags, host)
  const { connection, client, aheadMs } = connected
  const progress = createStatusLine(host)
  try {
    const { namespace, release } = flags
    const reader = createReader(client, host.signal, { onProgress: progress.say })
    const inspect = createInspector(flags, { reader, env: host.env, onProgress: progress.say })
    const { server } = connection
    const observed = await observe(reader, { namespace, release, server, aheadMs, inspect, expectConfigs })
    progress.end()
    const { release: found, others } = observed
    const isClear = found?.evidence === 'proven' && others.every(({ evidence }) => evidence !== 'proven')
    const several = others.length === 0 || isClear ? undefined : found
    const findings = aimCommands(diagnose(observed), flags, host.program, several)
    writeResult(host, flags, report.describe(observed, findings), () =>
      report.render(observed, findings, paintFor(host.stdout, host)),
    )
    return isFailed(observed, findings, flags.failOn) ? EXIT.failed : EXIT.ok
  } finally {
    progress.end()
  }
}

function isFailed(
  { unread }: Observed,
  findings: readonly Finding[],
  failOn: DoctorFlags['failOn'] = 'error',
): boolean {
  if (failOn === 'unread') return !isAllKnown(findings, unread.length) || hasFindingOf(findings, 'error')
  return failOn !== 'drift' && failOn !== 'never' && hasFindingOf(findings, failOn)
}
