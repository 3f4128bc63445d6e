import { type CANCEL_SYMBOL, confirm, isCancel, multiselect, select, text } from '@clack/prompts'
import type { InstanceSummary } from '../../alibaba/cr.ts'
import type { ClusterSummary } from '../../alibaba/cs.ts'
import { NopassError } from '../../errors.ts'
import { repositoriesProblem, splitList } from '../../init/check-words.ts'
import { type Choice, chooseClusters, chooseInstances, type NamedCluster } from '../../init/choose.ts'
import type { IdentityType } from '../../init/decide-identity.ts'
import type { FoundList } from '../../init/facts.ts'
import { printable } from '../../printable.ts'
import type { CliHost } from '../program/cli-host.ts'

export type Questions = NonNullable<ReturnType<typeof createQuestions>>

/** Items of a list that are shown at the same time. */
const ROWS = 12

/** Creates the questions; undefined without a terminal. */
export function createQuestions(host: CliHost) {
  const terminal = host.terminal?.()
  if (terminal === undefined) return undefined
  const common = { ...terminal, signal: host.signal }

  /** @throws INTERRUPTED if the user pressed Ctrl-C or Esc */
  function answered<Answer>(answer: Answer | typeof CANCEL_SYMBOL): Answer {
    if (!isCancel(answer)) return answer
    host.signal.throwIfAborted()
    throw new NopassError('INTERRUPTED', 'no answer was given, and nothing was written')
  }

  /** Lets the user choose from a list. Without a list, the user names the items. */
  async function choose<Item, Named extends Item>(
    noun: string,
    { items, cut }: FoundList<Item>,
    describe: (item: Item) => string,
    named: (words: readonly string[]) => Choice<Named | Item>,
  ): Promise<readonly (Named | Item)[]> {
    const incomplete = cut === undefined ? '' : printable(` The list is not complete: ${cut}.`)
    if (items.length > 0) {
      const options = items.map((_, value) => ({ value, label: printable(describe(items[value] as Item)) }))
      const message = `Which ${noun}s?${incomplete} Space selects, Enter confirms.`
      const indexes = answered(await multiselect({ ...common, message, options, required: true, maxItems: ROWS }))
      return indexes.flatMap((index) => items[index] ?? [])
    }
    const validate = (answer = ''): string | undefined => {
      const { chosen, problems } = named(splitList(answer))
      const [problem] = chosen.length === 0 && problems.length === 0 ? ['an ID is needed'] : problems
      return problem && printable(problem)
    }
    const message = `Which ${noun}s?${incomplete} Write REGION/ID, separated by commas.`
    return named(splitList(answered(await text({ ...common, message, validate })))).chosen
  }

  return {
    clusters: (list: FoundList<ClusterSummary>, regions: readonly string[]): Promise<readonly NamedCluster[]> =>
      choose<NamedCluster, NamedCluster>('cluster', list, describeCluster, (words) =>
        chooseClusters(list, words, regions),
      ),

    instances: (list: FoundList<InstanceSummary>, regions: readonly string[]): Promise<readonly InstanceSummary[]> =>
      choose<InstanceSummary, InstanceSummary>('instance', list, describeInstance, (words) =>
        chooseInstances(list, words, regions),
      ),

    async repositories(): Promise<readonly string[]> {
      const validate = (answer = ''): string | undefined => {
        const problem = repositoriesProblem(splitList(answer || '*'))
        return problem && printable(problem)
      }
      const message = 'Which repositories may be pulled? Fewer are safer: shop/*, base/alpine. Enter: all.'
      return splitList(
        answered(await text({ ...common, message, placeholder: '*', defaultValue: '*', validate })) || '*',
      )
    },

    async identity(clusters: readonly string[]): Promise<IdentityType> {
      const message = `Is RRSA on in ${printable(clusters.join(', '))}? It could not be read.`
      const options = [
        { value: 'rrsa' as const, label: 'Yes: only the helper gets the rights' },
        { value: 'worker-role' as const, label: 'No: use the RAM role of the nodes' },
        { value: 'access-key' as const, label: 'Neither: use an AccessKey in a Secret' },
      ]
      return answered(await select({ ...common, message, options }))
    },

    async workflow(): Promise<boolean> {
      const message = 'Also write a workflow for GitHub (.github/workflows/acr-nopass.yml)?'
      return answered(await confirm({ ...common, message, initialValue: false }))
    },
  }
}

function describeCluster({ name, clusterId, region, kind, state }: NamedCluster): string {
  return [name, clusterId, region, kind, state === 'running' ? '' : state].filter(Boolean).join('  ')
}

function describeInstance({ name, instanceId, region, status }: InstanceSummary): string {
  return [name, instanceId, region, status === 'RUNNING' ? '' : status].filter(Boolean).join('  ')
}
