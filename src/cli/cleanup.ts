import { NopassError } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../kube/names.ts'
import { keyOf } from '../kube/types.ts'
import { printable } from '../printable.ts'
import { chooseOurs, findLeftovers, removeLeftovers } from '../rollout/take-back-secrets.ts'
import type { CleanupFlags } from './commands/cleanup.ts'
import { connectToWrite } from './connect.ts'
import { findRelease } from './doctor/find-release.ts'
import { createReader } from './doctor/reader.ts'
import { EXIT } from './exit-codes.ts'
import type { CliHost, CommonFlags } from './host.ts'

/** Says what would be taken away, or with a confirmation takes it away; 1 when something was left. */
export async function cleanup(flags: CleanupFlags & CommonFlags, host: CliHost): Promise<number> {
  if (flags.legacy) {
    throw new NopassError('INPUT_INVALID', '--detach and --legacy clean different things', {
      hint: 'Give one of the two.',
    })
  }
  if (!flags.detach) {
    throw new NopassError('INPUT_MISSING', 'it is not said what to clean', { hint: 'Add --detach, or --legacy.' })
  }
  const { client } = await connectToWrite(flags, host)
  try {
    const { namespace, release, secretName } = await describeRelease(client, flags, host)
    const found = await findLeftovers(client, { secretName, instance: `${namespace}.${release}` }, host.signal)
    const plan = chooseOurs(found, flags.all === true)
    const name = `${namespace}/${release}`
    const isDryRun = flags.dryRun || flags.confirm === undefined
    if (!isDryRun && flags.confirm !== name) {
      throw new NopassError('INPUT_CONFIRM', `this cleanup needs --confirm ${name}`, { hint: `Add --confirm ${name}.` })
    }
    const done = isDryRun ? undefined : await removeLeftovers(client, secretName, plan.chosen, host.signal)
    const report = {
      release: name,
      secretName,
      dryRun: isDryRun,
      serviceAccounts: plan.chosen.accounts.map(({ metadata }) => keyOf(metadata)),
      secrets: plan.chosen.secrets.map(({ metadata }) => keyOf(metadata)),
      kept: plan.kept.map(({ metadata }) => keyOf(metadata)),
      left: done?.left ?? [],
    }
    host.stdout.write(flags.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : render(report, host.program))
    return report.left.length > 0 ? EXIT.failed : EXIT.ok
  } finally {
    client.close()
  }
}

/** @throws NopassError `HELPER_AT_WORK` while a helper would put everything back */
async function describeRelease(
  client: KubeClient,
  flags: CleanupFlags,
  host: CliHost,
): Promise<{ readonly namespace: string; readonly release: string; readonly secretName: string }> {
  const reader = createReader(client, host.signal)
  const { chosen } = await findRelease(reader, { namespace: flags.namespace, release: flags.release })
  const namespace = chosen?.namespace ?? flags.namespace ?? 'acr-nopass'
  const release = chosen?.name ?? flags.release ?? 'acr-nopass'
  const secretName = flags.secretName ?? chosen?.config?.secretName ?? DEFAULT_SECRET_NAME
  if (chosen !== undefined && !chosen.config?.retire) {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${chosen.fullname}`
    const deployment = await reader.get<{ spec: { replicas?: number } }>(`Deployment ${namespace}/${release}`, path)
    if (deployment && deployment.spec.replicas !== 0) {
      throw new NopassError('HELPER_AT_WORK', `the helper of ${namespace}/${release} still runs`)
    }
  }
  return { namespace, release, secretName }
}

interface CleanupReport {
  readonly release: string
  readonly secretName: string
  readonly dryRun: boolean
  readonly serviceAccounts: readonly string[]
  readonly secrets: readonly string[]
  readonly kept: readonly string[]
  readonly left: readonly string[]
}

function render(report: CleanupReport, program: string): string {
  const { serviceAccounts, secrets, kept, left, dryRun, release, secretName } = report
  const verb = (would: string, did: string): string => (dryRun ? `would ${would}` : did)
  const lines = [
    ...serviceAccounts.map((name) => `${verb('detach', 'detached')} ServiceAccount ${name}`),
    ...secrets.map((name) => `${verb('delete', 'deleted')} Secret ${name}`),
    ...kept.map(
      (name) => `kept ServiceAccount ${name}: somebody else wrote the entry ${secretName} (--all takes it away)`,
    ),
    ...left.map((line) => `left: ${line}`),
  ]
  if (lines.length === 0) return `nothing of ${release} is left\n`
  const isOpen = dryRun && serviceAccounts.length + secrets.length > 0
  const next = isOpen ? [`nothing was changed; to do it: ${program} cleanup --detach --confirm ${release} …`] : []
  return `${[...lines, ...next].map(printable).join('\n')}\n`
}
