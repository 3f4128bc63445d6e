import type { InstanceSummary } from '../../alibaba/cr.ts'
import type { ClusterSummary } from '../../alibaba/cs.ts'
import { NopassError } from '../../errors.ts'
import { repositoriesProblem, splitList } from '../../init/check-words.ts'
import { ALL, type Choice, chooseClusters, chooseInstances, type NamedCluster } from '../../init/choose.ts'
import type { FoundList } from '../../init/facts.ts'
import { summarize } from '../../lib/text.ts'
import type { InitFlags } from './init-flags.ts'
import type { Questions } from './questions.ts'

export interface Asked {
  readonly clusters: readonly NamedCluster[]
  readonly instances: readonly InstanceSummary[]
  readonly repositories: readonly string[]
}

export interface AskedOf {
  readonly flags: InitFlags
  readonly clusters: FoundList<ClusterSummary>
  readonly instances: FoundList<InstanceSummary>
  /** The regions that the user named. */
  readonly regions: readonly string[]
  readonly accountId: string | undefined
}

/**
 * Takes what flags name, and what is the only one of a whole list. Asks for the rest; without
 * `questions`, every missing flag is an error.
 * @throws INPUT_MISSING, INPUT_INVALID, INIT_NOTHING
 */
export async function askOrTake(of: AskedOf, questions: Questions | undefined): Promise<Asked> {
  const { flags, clusters, instances, regions } = of
  refuseEmpty(of)
  const repositories = flags.repositories === undefined ? undefined : splitList(flags.repositories)
  const wrong = repositories && repositoriesProblem(repositories)
  if (wrong !== undefined) throw new NopassError('INPUT_INVALID', `--repositories: ${wrong}`)
  const words = {
    clusters: flags.cluster ?? onlyOne(clusters, flags, questions, ({ clusterId }) => clusterId),
    instances: flags.instance ?? onlyOne(instances, flags, questions, ({ instanceId }) => instanceId),
    repositories: repositories ?? (flags.yes ? [ALL] : undefined),
  }
  const named = {
    clusters: words.clusters && accept('--cluster', chooseClusters(clusters, words.clusters, regions)),
    instances: words.instances && accept('--instance', chooseInstances(instances, words.instances, regions)),
  }
  if (questions === undefined) refuseMissing(of, words)
  return {
    clusters: named.clusters ?? (await questions?.clusters(clusters, regions)) ?? [],
    instances: named.instances ?? (await questions?.instances(instances, regions)) ?? [],
    repositories: words.repositories ?? (await questions?.repositories()) ?? [],
  }
}

/** Without a terminal, only `--yes` takes what was not named. */
function onlyOne<Item>(
  { items, cut }: FoundList<Item>,
  { yes }: InitFlags,
  questions: Questions | undefined,
  idOf: (item: Item) => string,
): readonly string[] | undefined {
  const [only, ...others] = items
  if (only === undefined || others.length > 0 || cut !== undefined) return undefined
  return yes || questions ? [idOf(only)] : undefined
}

function accept<Item>(flag: string, { chosen, problems }: Choice<Item>): readonly Item[] {
  if (problems.length === 0) return chosen
  throw new NopassError('INPUT_INVALID', `${flag}: ${problems.join('; ')}`, {
    hint: 'Name what the list has, or REGION/ID; --region reads the lists of another region.',
  })
}

/** A whole list without items leaves nothing to ask. */
function refuseEmpty({ clusters, instances, flags, accountId }: AskedOf): void {
  const account = accountId === undefined ? 'the account' : `account ${accountId}`
  const lacks = [
    ...(clusters.cut === undefined && clusters.items.length === 0 && !flags.cluster ? ['ACK cluster'] : []),
    ...(instances.cut === undefined && instances.items.length === 0 && !flags.instance ? ['Enterprise instance'] : []),
  ]
  if (lacks.length > 0)
    throw new NopassError('INIT_NOTHING', `${account} has no ${lacks.join(' and no ')} in the regions that were read`)
}

/** @throws INPUT_MISSING with all flags that are missing, and what each may be */
function refuseMissing({ clusters, instances }: AskedOf, words: Readonly<Record<keyof Asked, unknown>>): void {
  const missing = [
    ...(words.clusters === undefined
      ? [`--cluster (${candidates(clusters, ({ clusterId, name }) => `${clusterId} ${name}`)})`]
      : []),
    ...(words.instances === undefined
      ? [`--instance (${candidates(instances, ({ instanceId, name }) => `${instanceId} ${name}`)})`]
      : []),
    ...(words.repositories === undefined ? ['--repositories (such as shop/*; * for all)'] : []),
  ]
  if (missing.length === 0) return
  throw new NopassError('INPUT_MISSING', `init cannot ask here; missing: ${missing.join('; ')}`, {
    hint: 'Pass these flags. --yes takes the only cluster, the only instance, and all repositories.',
  })
}

function candidates<Item>({ items, cut }: FoundList<Item>, describe: (item: Item) => string): string {
  const known = summarize(items.map(describe), 10)
  return [known, cut && `${cut}, so write REGION/ID`].filter(Boolean).join('; ')
}
