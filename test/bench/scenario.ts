import type { ToolPaths } from '../../tools/build/ensure-tools.ts'
import type { Text } from './figures.ts'
import { type Fixture, openFixture } from './fixture/fixture.ts'

/** The size of the measurements. */
export interface Settings {
  /** For scenarios that are repeated: the figures are the medians. */
  readonly rounds: number
  /** For cold start and rotation. */
  readonly namespaces: number
  /** New namespaces, one at a time. */
  readonly singles: number
  /** Namespaces of a burst. */
  readonly burst: number
  /** Pods that are created early, for each delay. */
  readonly pods: number
  /** Deployments that Helm installs. */
  readonly deployments: number
  readonly steadySeconds: number
  /** Numbers of namespaces, ascending. */
  readonly sizes: readonly number[]
  /** Also measure the figures that need `--long`. */
  readonly long: boolean
}

/** The files that are started as separate processes. */
export interface Programs {
  /** A temporary folder that contains all these files. */
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
  /** Shows the current step. */
  readonly report: (text: string) => void
  /** Prints intermediate results of a long scenario. */
  readonly note: (text: string) => void
  readonly signal: AbortSignal
}

/** Numbers by the id of their figure. */
export type Numbers = Readonly<Record<string, readonly number[]>>

export interface Measured {
  readonly figures: Numbers
  /** Results that are not figures, such as requests by verb. */
  readonly notes: readonly string[]
  /** Files of docs/img, as SVG. */
  readonly pictures?: Readonly<Record<string, string>>
}

/** A set of figures that are measured together. */
export interface Scenario {
  readonly name: string
  readonly title: Text
  /** Minutes on an idle machine with two cores. */
  readonly minutes: number
  /** Measured in rounds: the median of each figure counts, and the maximum of counts. */
  readonly repeated?: boolean
  /** The page that shows it: `docs/<language>/<page>.md`; default `performance`. */
  readonly page?: string
  measure(context: BenchContext): Promise<Measured>
}

/** A separate cluster for a scenario. */
export function openScenarioFixture({ tools, programs, signal }: BenchContext, name: string): Promise<Fixture> {
  return openFixture({ name: `bench-${name}`, tools, helperFile: programs.helper, signal })
}
