import type { BrokenCase } from './case.ts'
import type { ReadFixture } from './read-fixture.ts'
import { runCommands } from './run-commands.ts'

export type ReadCase = BrokenCase<ReadFixture>

/** Runs the finding's own command. */
export const run: ReadCase['fix'] = (fixture, finding) => runCommands(fixture.helper.helperCluster.cloud, finding)

export const control = ({ helper }: ReadFixture): ReadFixture['helper']['helperCluster']['cloud']['control'] =>
  helper.helperCluster.cloud.control

/** Makes a change that takes effect immediately. */
export const now =
  (change: (fixture: ReadFixture) => unknown): ReadCase['make'] =>
  async (fixture) => {
    await change(fixture)
  }

/** Limits cases to one release. */
export const ofRelease = (args: readonly string[], cases: readonly ReadCase[]): readonly ReadCase[] =>
  cases.map((broken) => ({ ...broken, args }))
