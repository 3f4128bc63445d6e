import type { StepHandle } from '../../../src/sandbox/progress.ts'
import type { ToolPaths } from '../../../src/sandbox/tools/ensure-tools.ts'
import { type Bed, openBed } from '../bed/bed.ts'
import type { Unit } from '../bed/unit.ts'
import type { Figures, RowSpec, Text } from '../report/row.ts'

/** How much is measured. */
export interface Settings {
  readonly namespaces: number
  /** Of cold start and rotation. */
  readonly rounds: number
  /** One at a time. */
  readonly singles: number
  readonly burst: number
  readonly bursts: number
  readonly steadySeconds: number
  /** Of rollouts to the fleet. */
  readonly rollouts: number
  /** Numbers of namespaces, ascending. */
  readonly sizes: readonly number[]
}

/** The files that are started as processes of their own. */
export interface Programs {
  /** Temporary, holds them all. */
  readonly folder: string
  readonly helper: string
  readonly minimal: string
  /** Folder of the command line tool's bundle. */
  readonly cli: string
}

export interface BenchContext {
  readonly root: string
  readonly tools: ToolPaths
  readonly programs: Programs
  readonly settings: Settings
  /** Prints what is known already of a scenario that takes long. */
  readonly note: (text: string) => void
  readonly signal: AbortSignal
}

export interface ScenarioResult {
  readonly figures: Figures
  /** The unit in this scenario, ms; undefined where none is needed. */
  readonly unit: Pick<Unit, 'p50' | 'p99' | 'samples'> | undefined
  /** What the figures do not say, such as requests by verb. */
  readonly notes: readonly string[]
  /** Files of docs/img, as SVG. */
  readonly pictures?: Readonly<Record<string, string>>
}

/** One set of figures that are measured together. */
export interface Scenario {
  readonly name: string
  readonly title: Text
  /** Minutes on an idle machine with two cores. */
  readonly minutes: number
  /** Only with `--long`, or by its name. */
  readonly long?: boolean
  /** Which page shows it: `docs/<language>/<page>.md`; default `performance`. */
  readonly page?: string
  readonly rows: readonly RowSpec[]
  run(context: BenchContext, step: StepHandle): Promise<ScenarioResult>
}

/** A bed for a scenario, on its own run and cluster. */
export function openScenarioBed({ tools, programs, signal }: BenchContext, name: string): Promise<Bed> {
  return openBed({ name: `bench-${name}`, tools, helperFile: programs.helper, signal })
}

export function snapshot({ p50, p99, samples }: Unit): NonNullable<ScenarioResult['unit']> {
  return { p50, p99, samples }
}
