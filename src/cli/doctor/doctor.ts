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
import { changeCalls, quoted, shell } from '../../lib/shell-command.ts'
import { connect } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import { type ConnectFlags, contextOf, type ReleaseFlags } from '../program/command.ts'
import { createStatusLine, paintFor } from '../program/terminal.ts'
import { describePodReport, renderPodReport } from './pod-report.ts'
import { describeReport, renderReport } from './report.ts'

export interface DoctorFlags extends ConnectFlags, ReleaseFlags, InspectOptions {
  /**
   * The lowest severity that makes the exit code 1. `unread`: errors, and anything that could not
   * be read.
   */
  readonly failOn?: Severity | 'unread'
}

export interface DoctorPodFlags extends DoctorFlags {
  readonly askRegistry?: boolean
}

type Observe = (reader: Reader, request: ObserveRequest) => Promise<Observed>

/** Diagnoses the cluster. Returns 1 if there is an error. */
export function doctor(flags: DoctorFlags & CommonFlags, host: CliHost): Promise<number> {
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
    const reader = createReader(client, host.signal, progress.say)
    const inspect = createInspector(flags, { reader, env: host.env, onProgress: progress.say })
    const observed = await observe(reader, { namespace, release, server: connection.server, aheadMs, inspect })
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
  return failOn === 'unread'
    ? !isAllKnown(findings, unread.length) || hasFindingOf(findings, 'error')
    : hasFindingOf(findings, failOn)
}

/** The names that each program has for the two flags that select a cluster. */
const CONTEXT: Readonly<Record<string, string>> = {
  kubectl: '--context',
  helm: '--kube-context',
  'acr-nopass': '--kube-context',
}
/** Our commands that connect to a cluster. */
const REACHING = /^acr-nopass (doctor|refresh|cleanup|apply)\b/

/**
 * Adds the flags of the checked cluster to the commands of findings, and replaces our program's
 * name with the name that the user typed. `release` is set if `refresh` would not find the release
 * without its name.
 */
export function aimCommands(
  findings: readonly Finding[],
  flags: ConnectFlags,
  program: string,
  release?: { readonly namespace: string; readonly name: string },
): readonly Finding[] {
  const several =
    release && shell`acr-nopass refresh --namespace ${release.namespace} --release ${release.name}`?.split(' ')
  return findings.map((finding) => {
    if (finding.command === undefined) return finding
    const command = changeCalls(finding.command, (words) => {
      const isRefresh = words.length === 2 && words[0] === 'acr-nopass' && words[1] === 'refresh'
      return addClusterFlags(isRefresh && several !== undefined ? several : words, flags, program)
    })
    return { ...finding, command }
  })
}

function addClusterFlags(call: readonly string[], flags: ConnectFlags, program: string): readonly string[] | undefined {
  const { kubeconfig } = flags
  const named = contextOf(flags)
  const [name = '', ...words] = call
  const context = CONTEXT[name]
  const called = name === 'acr-nopass' ? program : name
  if (context === undefined || (name === 'acr-nopass' && !REACHING.test(call.join(' ')))) return [called, ...words]
  const aimed = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', quoted(kubeconfig)?.text]),
    ...(named === undefined ? [] : [context, quoted(named)?.text]),
  ]
  if (!aimed.every((word) => word !== undefined)) return undefined
  // Our program accepts flags only after the command.
  return name === 'acr-nopass' ? [called, ...words, ...aimed] : [called, ...aimed, ...words]
}
