import type { ReadBed } from './read-bed.ts'
import { runCommands } from './run-commands.ts'
import type { BrokenSetup } from './setup.ts'

export type ReadSetup = BrokenSetup<ReadBed>

/** As the finding's own command does it. */
export const run: ReadSetup['fix'] = (bed, finding) => runCommands(bed.helper.kit.cloud, finding)

export const control = ({ helper }: ReadBed): ReadBed['helper']['kit']['cloud']['control'] => helper.kit.cloud.control

/** A change that is done at once. */
export const now =
  (change: (bed: ReadBed) => unknown): ReadSetup['make'] =>
  async (bed) => {
    await change(bed)
  }

/** The same set-ups for one release. */
export const ofRelease = (args: readonly string[], setups: readonly ReadSetup[]): readonly ReadSetup[] =>
  setups.map((setup) => ({ ...setup, args }))
