import { type Cli, withCommonOptions } from '../command.ts'
import { type ConnectFlags, connectOptions } from '../connect.ts'
import { type ReleaseFlags, releaseOptions } from '../release-flags.ts'

export type DoctorFlags = ConnectFlags & ReleaseFlags

/** `doctor`: what is live, what is covered, what is wrong. */
export function addDoctor({ program, host, run }: Cli): void {
  const command = withCommonOptions(
    program
      .command('doctor')
      .description(
        'Say what is live and covered in a cluster, and what is wrong: cause, cure, and the command that mends it.',
      ),
  )
  for (const option of [...connectOptions(), ...releaseOptions()]) command.addOption(option)
  command
    .addHelpText('after', '\nReads only, of Secrets only metadata. Exits 1 when there is an error, 0 with warnings.')
    .action(
      run<DoctorFlags>(async (flags) => {
        const { doctor } = await import('../doctor/doctor.ts')
        return doctor(flags, host)
      }),
    )
}
