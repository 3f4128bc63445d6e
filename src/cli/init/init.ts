import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { findCredentials, findRegion } from '../../alibaba/identities/find-credentials.ts'
import { createDefaultTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createEndpoints, readEndpoints } from '../../alibaba/transport/endpoints.ts'
import { NopassError } from '../../errors.ts'
import { checkFiles } from '../../init/check-files.ts'
import { ALL } from '../../init/choose.ts'
import { collectNotes } from '../../init/collect-notes.ts'
import { decideIdentity, givenIdentity } from '../../init/decide-identity.ts'
import { type Draft, draftFiles } from '../../init/draft.ts'
import type { ClusterFacts, FoundList } from '../../init/facts.ts'
import { nextCommand } from '../../init/next-command.ts'
import { type AccountReader, createAccountReader } from '../../init/read-account.ts'
import { renderClusters, renderValues } from '../../init/render-values.ts'
import { renderWorkflow, WORKFLOW_FILE } from '../../init/render-workflow.ts'
import { isTaken, type NewFile, refuseExisting, writeNewFiles } from '../../init/write-files.ts'
import { forEachLimited } from '../../lib/concurrency.ts'
import { type CliHost, type CommonFlags, EXIT } from '../program/cli-host.ts'
import { createStatusLine } from '../program/terminal.ts'
import { askOrTake } from './ask-or-take.ts'
import type { InitFlags } from './init-flags.ts'
import { createQuestions } from './questions.ts'
import { reportInit } from './report-init.ts'

/** Where the lists are read if the user names no region: they hold the clusters of all regions. */
const ANY_REGION = 'cn-hangzhou'
/** Clusters and instances that are read at the same time. */
const PARALLEL = 8

/**
 * Reads the account, asks what it does not decide, and writes the files or prints them.
 * @throws INIT_FILE_EXISTS, INIT_NOTHING, INPUT_MISSING, INPUT_INVALID, CREDENTIALS_MISSING
 */
export async function init(flags: InitFlags & CommonFlags, host: CliHost): Promise<number> {
  const folder = resolve(host.workingDirectory, flags.to ?? '')
  if (!flags.dryRun) refuseExisting(folder, ['values.yaml', ...(flags.workflow ? [WORKFLOW_FILE] : [])])
  const overrides = readEndpoints(flags.endpoints ?? '')
  const status = createStatusLine(host)
  const reader = await openAccount(overrides, host, (what) => status.say(what, 0))
  try {
    const caller = await reader.caller()
    const named = flags.region ?? []
    const regions = named.length > 0 ? named : [(await findRegion(host.env)) ?? ANY_REGION]
    const clusters = await reader.clusters(regions)
    const all = [...new Set([...regions, ...clusters.items.map(({ region }) => region)])]
    const instances = await reader.instances(all)
    status.end()
    // Before the first question, so that no answer is in vain.
    if (!flags.dryRun && mayBeSeveral(flags, clusters)) refuseExisting(folder, ['clusters.yaml'])
    const questions = flags.yes || flags.output === 'json' ? undefined : createQuestions(host)
    const asked = await askOrTake(
      { flags, clusters, instances, regions: named, accountId: caller?.accountId },
      questions,
    )
    const facts = {
      clusters: await forEachLimited(asked.clusters, PARALLEL, reader.cluster),
      instances: await forEachLimited(asked.instances, PARALLEL, reader.instance),
    }
    status.end()
    const identities = await decideIdentities(facts.clusters, flags, questions)
    const draft = draftFiles({ ...asked, ...facts, clusters: identities.clusters, accountId: caller?.accountId })
    const isOpen = !identities.isAsked && caller !== undefined && !isTaken(folder, WORKFLOW_FILE)
    const workflow = flags.workflow ?? (isOpen && questions ? await questions.workflow() : false)
    const files = renderFiles(draft, workflow)
    checkFiles(
      files[0],
      files.find(({ name }) => name === 'clusters.yaml'),
      overrides.cs !== undefined,
    )
    host.signal.throwIfAborted()
    if (!flags.dryRun) writeNewFiles(folder, files, randomUUID())
    const fileOf = (name: string): string => (!flags.to ? name : `${flags.to.replace(/\/+$/, '')}/${name}`)
    const cuts = [clusters.cut, instances.cut].filter((cut) => cut !== undefined)
    const notes = collectNotes(draft, { ...facts, unread: reader.unread, cuts })
    reportInit({ caller, draft, files, notes, fileOf, next: nextCommand(draft, fileOf) }, flags, host)
    return EXIT.ok
  } finally {
    status.end()
  }
}

/** True if `clusters.yaml` may become necessary: more than one cluster can still be chosen. */
function mayBeSeveral({ cluster }: InitFlags, { items, cut }: FoundList<unknown>): boolean {
  return cluster === undefined ? items.length > 1 || cut !== undefined : cluster.length > 1 || cluster.includes(ALL)
}

/** @throws CREDENTIALS_MISSING */
async function openAccount(
  overrides: ReturnType<typeof readEndpoints>,
  host: CliHost,
  onRead: (what: string) => void,
): Promise<AccountReader> {
  const endpoints = createEndpoints({ overrides, network: 'public' })
  const transport = createDefaultTransport({ env: host.env })
  const credentials = await findCredentials({ env: host.env, transport, endpoints, sessionName: 'acr-nopass-init' })
  if (credentials === undefined) {
    throw new NopassError('CREDENTIALS_MISSING', 'there are no credentials of Alibaba Cloud in the environment', {
      hint: 'Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run `aliyun configure`. `acr-nopass policy --ci --init` prints the RAM rights that init needs.',
    })
  }
  return createAccountReader({ transport, endpoints, credentials, signal: host.signal, onRead })
}

/**
 * Decides the identity of each cluster. The user decides for the clusters of which too little could
 * be read.
 */
async function decideIdentities(
  clusters: readonly ClusterFacts[],
  { identity: flag }: InitFlags,
  questions: ReturnType<typeof createQuestions>,
) {
  const decided = clusters.map((facts) => ({
    facts,
    identity: flag === undefined ? decideIdentity(facts) : givenIdentity(flag),
  }))
  const open = decided.flatMap(({ facts, identity }) => (identity === undefined ? [facts.clusterId] : []))
  if (open.length > 0 && questions === undefined) {
    throw new NopassError('INPUT_MISSING', `--identity: whether RRSA is on could not be read for ${open.join(', ')}`, {
      hint: 'Pass --identity rrsa if RRSA is on, else --identity worker-role.',
    })
  }
  const answer = open.length > 0 && questions ? givenIdentity(await questions.identity(open)) : undefined
  return {
    isAsked: answer !== undefined,
    clusters: decided.flatMap(({ facts, identity = answer }) => (identity ? [{ facts, identity }] : [])),
  }
}

function renderFiles(draft: Draft, workflow: boolean): readonly [NewFile, ...NewFile[]] {
  const { accountId, clusters } = draft
  if (workflow && accountId === undefined) {
    throw new NopassError('INPUT_INVALID', '--workflow: the account, which the workflow names, could not be read', {
      hint: 'Check that STS can be reached, or leave out --workflow.',
    })
  }
  return [
    { name: 'values.yaml', text: renderValues(draft) },
    ...(clusters.length > 1 ? [{ name: 'clusters.yaml', text: renderClusters(draft) }] : []),
    ...(workflow && accountId !== undefined ? [{ name: WORKFLOW_FILE, text: renderWorkflow(draft, accountId) }] : []),
  ]
}
