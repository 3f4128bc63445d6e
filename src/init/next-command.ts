import { quoted, type ShellCommand, shell, shellWords } from '../lib/shell-command.ts'
import type { Draft } from './draft.ts'

/**
 * Returns the command, without the program's name, that shows what would change. `fileOf` returns
 * the path of a written file as a user in the working directory writes it.
 */
export function nextCommand({ clusters }: Draft, fileOf: (name: string) => string): ShellCommand | undefined {
  const values = shellWords`-f ${quoted(fileOf('values.yaml'))}`
  const [first] = clusters
  if (clusters.length > 1 || first === undefined) {
    return shell`plan --clusters-file ${quoted(fileOf('clusters.yaml'))} ${values}`
  }
  const access = first.isPrivate ? shellWords` --private-endpoint` : shellWords``
  const coexist = first.addon === undefined ? shellWords`` : shellWords` --coexist`
  const where = shellWords`--ack-cluster-id ${quoted(first.clusterId)} --region ${quoted(first.region)}`
  return shell`plan ${where} ${values}${access}${coexist}`
}
