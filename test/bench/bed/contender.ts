import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessId } from '../../../src/lib/process-id.ts'
import type { RequestCounts } from './audit-window.ts'
import { type Bed, HOME } from './bed.ts'
import { type Seen, usableAt } from './observer.ts'
import { type ProcessFigures, readProcess } from './process-figures.ts'

/** How Pods come to name the pull secret. */
export type Attach = 'serviceAccounts' | 'admission'

/** A program that brings the pull secret to all namespaces, and a new one when it is told. */
export interface Contender {
  readonly username: string
  /** Begins a start; the process itself may come a little later. */
  start(): Promise<void>
  process(): ProcessId
  /** Whether the ServiceAccounts are its work too. */
  readonly attaches: boolean
  /** Makes a rotation due; resolves with the time from which it was. */
  rotate(): Promise<number>
}

/** Times in ms, counted from the start of the process (cold start) and from the time a rotation was due. */
export interface ContenderFigures {
  readonly coldMs: number
  readonly firstMs: number
  readonly rotationMs: number
  readonly coldCpu: number
  readonly rotationCpu: number
  /** Of the servers, seconds: from the first write to the last; of the rotation. */
  readonly coldServerCpu: number
  readonly rotationServerCpu: number
  /** When all was done, and the most that it ever was. */
  readonly steadyMiB: number
  readonly peakMiB: number
  readonly coldRequests: RequestCounts
  readonly rotationRequests: RequestCounts
  /** Of the rotation: Secrets that became another object, and the longest time without one, ms. */
  readonly replaced: number
  readonly withoutMs: number
}

const LIMIT_MS = 600_000
/** What belongs to a phase but comes after its last write. */
const QUIET_MS = 1_500
const SETTLE_MS = 10_000

/** Cold start over `names`, which exist with their ServiceAccounts, then one rotation. */
export async function measureContender(
  bed: Bed,
  contender: Contender,
  names: readonly string[],
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<ContenderFigures> {
  const { observer } = bed
  const seen = names.map((name) => observer.of(name))
  tell('cold start')
  const cold = bed.audit(contender.username)
  await contender.start()
  const ready = (one: Seen): number | undefined => (contender.attaches ? usableAt(one) : one.secretAt)
  const begun = ({ attachedAt, secretAt }: Seen): boolean => attachedAt !== undefined || secretAt !== undefined
  await observer.until('it wrote', () => seen.some(begun), LIMIT_MS, signal)
  const serversAtFirst = bed.serverCpu()
  await observer.until('all were usable', () => seen.every((one) => ready(one) !== undefined), LIMIT_MS, signal)
  const coldServerCpu = bed.serverCpu() - serversAtFirst
  const usable = seen.map((one) => ready(one) ?? Number.NaN)
  await sleep(QUIET_MS, undefined, { signal })
  const afterCold = readProcess(contender.process())
  const coldRequests = cold.requests()

  tell('rotation')
  const old = observer.of(HOME).content
  const replacedBefore = sum(seen, ({ replaced }) => replaced)
  const rotation = bed.audit(contender.username)
  const due = await contender.rotate()
  const before = readProcess(contender.process())
  const serversWhenDue = bed.serverCpu()
  await observer.until('all had the new content', () => isRotated(seen, old), LIMIT_MS, signal)
  const rotationServerCpu = bed.serverCpu() - serversWhenDue
  const rotated = Math.max(...seen.map(({ secretAt = Number.NaN }) => secretAt))
  await sleep(QUIET_MS, undefined, { signal })
  const after = readProcess(contender.process())
  const rotationRequests = rotation.requests()
  tell('memory')
  await sleep(SETTLE_MS, undefined, { signal })
  const settled: ProcessFigures = readProcess(contender.process())
  return {
    coldMs: Math.max(...usable) - afterCold.startedAt,
    firstMs: Math.min(...usable) - afterCold.startedAt,
    rotationMs: rotated - due,
    coldCpu: afterCold.cpuSeconds,
    rotationCpu: after.cpuSeconds - before.cpuSeconds,
    coldServerCpu,
    rotationServerCpu,
    steadyMiB: settled.rssMiB,
    peakMiB: settled.peakMiB,
    coldRequests,
    rotationRequests,
    replaced: sum(seen, ({ replaced }) => replaced) - replacedBefore,
    withoutMs: Math.max(...seen.map(({ withoutMs }) => withoutMs)),
  }
}

/** All have one content, and it is not the old one. */
function isRotated(seen: readonly Seen[], old: string | undefined): boolean {
  const content = seen[0]?.content
  return content !== old && seen.every((one) => one.content === content)
}

function sum(seen: readonly Seen[], number: (one: Seen) => number): number {
  return seen.reduce((total, one) => total + number(one), 0)
}
