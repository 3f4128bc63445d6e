import type { CallerIdentity } from '../../alibaba/sts.ts'
import type { Draft } from '../../init/draft.ts'
import type { NewFile } from '../../init/write-files.ts'
import type { ShellCommand } from '../../lib/shell-command.ts'
import { printable } from '../../printable.ts'
import { type CliHost, type CommonFlags, writeResult } from '../program/cli-host.ts'

export interface InitResult {
  readonly caller: CallerIdentity | undefined
  readonly draft: Draft
  readonly files: readonly NewFile[]
  readonly notes: readonly string[]
  /** The path of a file as a user in the working directory writes it. */
  readonly fileOf: (name: string) => string
  readonly next: ShellCommand | undefined
}

/** Reports what was written. With `--dry-run` the files are the only text on stdout. */
export function reportInit(
  result: InitResult,
  flags: CommonFlags & { readonly dryRun?: boolean },
  host: CliHost,
): void {
  const { caller, draft, files, notes, fileOf, next } = result
  if (flags.output === 'json') {
    const data = {
      account: caller?.accountId ?? null,
      written: !flags.dryRun,
      files: files.map(({ name, text }) => ({ name: fileOf(name), text })),
      clusters: draft.clusters.map(({ name, clusterId, region, identity }) => {
        return { name, clusterId, region, identity: identity.type, why: identity.why }
      }),
      instances: draft.registries.map(({ name, instanceId, region }) => ({ name, instanceId, region })),
      notes,
      next: next === undefined ? null : `${host.program} ${next}`,
    }
    writeResult(host, flags, data, () => '')
    return
  }
  const lines = [
    ...(caller === undefined ? [] : [`account ${caller.accountId}, as ${caller.arn}`]),
    ...draft.clusters.map(({ name, clusterId, region, identity }) => {
      return `cluster ${name} (${clusterId}, ${region}): ${identity.type}, because ${identity.why}`
    }),
    ...draft.registries.map(({ name, instanceId, region }) => `instance ${name} (${instanceId}, ${region})`),
    ...notes.map((note) => `note: ${note}`),
    ...(flags.dryRun ? [] : files.map(({ name }) => `wrote ${fileOf(name)}`)),
    ...(next === undefined ? [] : [`next: ${host.program} ${next}`]),
  ]
  const report = lines.map((line) => `${printable(line)}\n`).join('')
  if (!flags.dryRun) return void host.stdout.write(report)
  host.stderr.write(report)
  host.stdout.write(files.map(({ name, text }) => `# ${printable(fileOf(name))}\n${text}`).join('\n'))
}
