import type { ToolPaths } from '../../src/sandbox/tools/ensure-tools.ts'
import type { Text } from './figures.ts'
import { type Fixture, openFixture } from './fixture/fixture.ts'

/** How much is measured. */
export interface Settings {
  /** Of scenarios that are repeated: the figures are the medians. */
  readonly rounds: number
  /** Of cold start and rotation. */
  readonly namespaces: number
  /** New namespaces, one at a time. */
  readonly singles: number
  /** Namespaces of a burst. */
  readonly burst: number
  /** Pods that come early, for each delay. */
  readonly pods: number
  /** Deployments that Helm installs. */
  readonly deployments: number
  readonly steadySeconds: number
  /** Numbers of namespaces, ascending. */
  readonly sizes: readonly number[]
  /** Also what is measured with `--long` only. */
  readonly long: boolean
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
  /** Shows what is being done. */
  readonly tell: (text: string) => void
  /** Prints what is known already of a scenario that takes long. */
  readonly note: (text: string) => void
  readonly signal: AbortSignal
}

/** Numbers by the id of their figure. */
export type Numbers = Readonly<Record<string, readonly number[]>>

export interface Measured {
  readonly figures: Numbers
  /** What the figures do not show, such as requests by verb. */
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
  /** Measured in rounds: of each figure the median counts, of what is counted the most. */
  readonly repeated?: boolean
  /** Which page shows it: `docs/<language>/<page>.md`; default `performance`. */
  readonly page?: string
  measure(context: BenchContext): Promise<Measured>
}

/** A cluster of its own for a scenario. */
export function openScenarioFixture({ tools, programs, signal }: BenchContext, name: string): Promise<Fixture> {
  return openFixture({ name: `bench-${name}`, tools, helperFile: programs.helper, signal })
}
