import { rmSync } from 'node:fs'
import { VERSION } from '../../src/version.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import { askAll } from './ask-all.ts'
import { cleanUp } from './clean-up.ts'
import { type Answer, type Evidence, notAnswered, type Verdict } from './evidence.ts'
import type { LiveDeps } from './live-deps.ts'
import type { LiveOptions } from './options.ts'
import { QUESTION_IDS, QUESTIONS, type QuestionId } from './questions.ts'
import { codeOf } from './ram-objects.ts'
import { createRecorder, readRecord } from './record.ts'
import { type Ask, checkInstance, createStage, identifyCaller } from './stage.ts'

export interface RunSettings {
  readonly run: string
  /** Where names are recorded. */
  readonly records: string
  readonly cloud: Evidence['cloud']
}

/**
 * Asks all questions and removes everything that the run created, also after an error or when the
 * signal aborts.
 * @throws LIVE_CALLER, LIVE_LEFT, and the signal's reason
 */
export async function runLive(
  options: LiveOptions,
  deps: LiveDeps,
  { run, records, cloud }: RunSettings,
  signal: AbortSignal,
): Promise<Evidence> {
  const startedAt = isoDate(deps.clock.now())
  const caller = await identifyCaller(deps, signal)
  await checkInstance(deps, options, signal)
  const recorder = createRecorder(records, run, caller.accountId)
  const answers = new Map<QuestionId, Answer>()
  const stage = createStage(options, deps, { caller, run, recorder, signal })
  let removals: Evidence['removals'] = []
  let blocked: string | undefined
  try {
    blocked = await askAll(stage, createAsk(answers, deps, signal))
  } finally {
    deps.print('removing what this run created')
    removals = await cleanUp(recorder.record, deps)
    finish(removals, run, recorder.discard)
  }
  signal.throwIfAborted()
  return {
    schema: 1,
    version: VERSION,
    cloud,
    run,
    region: options.region,
    startedAt,
    endedAt: isoDate(deps.clock.now()),
    answers: completeAnswers(answers, options, blocked),
    removals,
  }
}

/**
 * Removes what a killed run left behind.
 * @throws LIVE_RECORD, LIVE_LEFT
 */
export async function cleanUpRun(fileOrRun: string, records: string, deps: LiveDeps): Promise<Evidence['removals']> {
  const { record, file } = readRecord(fileOrRun, records)
  const { accountId } = await identifyCaller(deps)
  if (record.accountId !== '' && record.accountId !== accountId) {
    throw new TestbedError(
      'LIVE_RECORD',
      `the run ${record.run} was in the account ${record.accountId}, not in ${accountId}`,
    )
  }
  const removals = await cleanUp(record, deps)
  finish(removals, record.run, () => file !== undefined && rmSync(file))
  return removals
}

/** @throws LIVE_LEFT */
function finish(removals: Evidence['removals'], run: string, discard: () => void): void {
  const left = removals.filter(({ result }) => result === 'left')
  if (left.length === 0) {
    discard()
    return
  }
  const names = left.map(({ kind, name, because }) => `${kind} ${name} (${because})`).join(', ')
  throw new TestbedError('LIVE_LEFT', `not removed: ${names}`, {
    hint: `Check the credentials, then run: npm run live -- --clean-up ${run}`,
  })
}

function createAsk(answers: Map<QuestionId, Answer>, deps: LiveDeps, signal: AbortSignal): Ask {
  return async (id, work) => {
    signal.throwIfAborted()
    deps.calls.take()
    let verdict: Verdict
    try {
      verdict = await work()
    } catch (error) {
      if (signal.aborted) throw error
      verdict = notAnswered(`a call failed: ${codeOf(error)}`)
    }
    answers.set(id, { ...verdict, calls: deps.calls.take() })
    deps.print(`${id}: ${describeVerdict(verdict)}`)
    return verdict
  }
}

function describeVerdict({ answer, because }: Verdict): string {
  return answer === 'not answered' ? `not answered, because ${because}` : `${answer}: ${because}`
}

/** Adds the questions that were not asked, with the option that they need. */
function completeAnswers(
  answers: ReadonlyMap<QuestionId, Answer>,
  options: LiveOptions,
  blocked = 'it was not asked',
): Evidence['answers'] {
  const unasked = (id: QuestionId): Answer => ({ ...notAnswered(missingOption(id, options) ?? blocked), calls: [] })
  return Object.fromEntries(QUESTION_IDS.map((id) => [id, answers.get(id) ?? unasked(id)])) as Record<
    QuestionId,
    Answer
  >
}

function missingOption(
  id: QuestionId,
  { cluster, oidcTokenFile, personal, stoppedInstance }: LiveOptions,
): string | undefined {
  const isAboutOidc = id.includes('OIDC')
  const hasToken = cluster !== undefined || oidcTokenFile !== undefined
  if (isAboutOidc && !hasToken) return 'no token was given with --cluster or --oidc-token-file'
  if (id === 'SESSION_POLICY_PERSONAL' && personal === undefined) return 'no repository was given with --personal'
  if (id === 'STOPPED_INSTANCE' && stoppedInstance === undefined) return 'no instance was given with --stopped-instance'
  return undefined
}

/** Prints every question with its answer. */
export function renderAnswers({ answers }: Evidence): string {
  return QUESTION_IDS.map((id) => `${QUESTIONS[id].question.en}\n  ${describeVerdict(answers[id])}`).join('\n')
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString()
}
