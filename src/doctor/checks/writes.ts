import type { ReleaseFacts } from '../../installation/find-release.ts'
import type { HelperStatus } from '../../installation/helper-status.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import { exceededQuota, pluralize, summarize } from '../../lib/text.ts'
import type { Draft, Verdict } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, logsCommand } from './fix-commands.ts'

type Problem = HelperStatus['problems'][number]

/** Codes that other checks report in more detail. */
const SEEN_ELSEWHERE = ['FOREIGN_SECRET', 'FOREIGN_LIST', 'PULL_SECRET_MISSING']

/**
 * Reports the failed writes in the helper's report. The same problem in many namespaces is one
 * finding.
 */
export function writeFindings({ release, secrets }: Observed): readonly Draft[] {
  if (release === undefined) return []
  const problems = (release.status?.problems ?? []).filter(({ code }) => !SEEN_ELSEWHERE.includes(code))
  const groups = Map.groupBy(problems, (problem) => {
    const { id, cause } = explainWrite(problem, release, secrets)
    return `${id} ${cause.replaceAll(problem.namespace ?? '', '')}`
  })
  return [...groups.values()].flatMap((group) => {
    const objects = group.flatMap((problem) => problem.namespace ?? [])
    return group.slice(0, 1).map((first) => {
      const one = first.object ?? (first.namespace === undefined ? 'helper' : `namespace ${first.namespace}`)
      return {
        ...explainWrite(first, release, secrets),
        subject: group.length === 1 ? one : pluralize(objects.length, 'namespace'),
        message: group.length === 1 ? first.message : `the same in ${summarize(objects)}: ${first.message}`,
        ...(objects.length === 0 ? {} : { objects }),
      }
    })
  })
}

function explainWrite(problem: Problem, release: ReleaseFacts, secrets: Observed['secrets']): Verdict {
  const { code, reason, message, fix, namespace, at } = problem
  const where = namespace ?? release.namespace
  const isOurs = secrets?.get(where)?.ours === true
  const quota = /exceeded quota: ([^,\s]+)/.exec(message)?.[1]
  if (quota !== undefined) {
    return {
      id: 'QUOTA_EXCEEDED',
      cause: `ResourceQuota ${quota} of namespace ${where} leaves no room for one more Secret.`,
      fix: `Raise ${exceededQuota(message)?.limits ?? '`secrets` (or `count/secrets`)'} of that quota by one, or delete Secrets that are not needed; the helper retries.`,
      command: shell`kubectl -n ${where} describe resourcequota ${quota}`,
    }
  }
  const webhook = /admission webhook "([^"]+)"|failed calling webhook "([^"]+)"/.exec(message)
  if (webhook !== null) {
    const name = webhook[1] ?? webhook[2]
    return {
      id: 'WEBHOOK_REFUSES',
      cause: `The admission webhook ${name} rejects what the helper writes, or does not respond.`,
      fix: `Exempt ${release.config === undefined ? 'the pull secrets' : `Secrets named ${release.config.secretName}`} (and ServiceAccounts, where the helper attaches) from the webhook, or make the webhook respond again.`,
      command: shell`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`,
    }
  }
  if (code === 'WRITE_REFUSED' && /cannot (create|patch) resource/.test(message)) {
    return {
      id: 'RIGHTS_MISSING',
      cause: message,
      fix: 'The rights are a part of the chart: recreate its roles and bindings from the release.',
      command: applyAgain(release),
    }
  }
  if (code === 'WRITE_MUTATED') {
    return {
      id: 'WRITE_REFUSED',
      cause: `A mutating webhook or policy changes what the helper writes: ${message}`,
      fix: 'Exempt the helper from the webhook or policy, by its user name or by the name of the Secret. A label can also be written in secretLabels.',
      command: shell`kubectl get mutatingwebhookconfigurations`,
    }
  }
  if (code === 'WRITE_REFUSED') {
    return {
      id: 'WRITE_REFUSED',
      cause: `The API server rejects the write${reason === undefined ? '' : ` (${reason})`}: ${message}`,
      fix: 'The message names the policy or the rule: exempt the pull secret from it.',
      command: shell`kubectl get validatingadmissionpolicies`,
    }
  }
  if (code === 'SECRET_NEEDS_DELETE') {
    return {
      id: 'SECRET_STUCK',
      cause:
        'The Secret is immutable, has another type, or has data that the helper did not write; it cannot be changed in place.',
      fix: isOurs
        ? 'Delete that Secret; the helper immediately creates it again.'
        : 'Find the owner of that Secret. The helper creates its own as soon as the owner renames or deletes it.',
      command: shell`kubectl -n ${where} ${isOurs ? 'delete' : 'describe'} secret ${release.config?.secretName}`,
    }
  }
  const since = `(${code} since ${at})`
  const warning = (cause: string, command: ShellCommand | undefined) =>
    ({ severity: 'warning', fix, cause, command }) as const
  if (code === 'LIST_CONFLICT') {
    const show = shell`kubectl -n ${where} get serviceaccounts -o yaml --show-managed-fields`
    return { id: code, ...warning(`Another writer and the helper keep changing the same list ${since}.`, show) }
  }
  if (code === 'SECRET_CONFLICT') {
    const cause = `Another writer and the helper keep changing the same Secret ${since}; the helper restores its content once a minute.`
    return { id: code, ...warning(cause, shell`kubectl -n ${where} get events --field-selector reason=SecretConflict`) }
  }
  if (code === 'LOG_UNWRITABLE') {
    const cause = `The helper's own copy of its credentials is behind ${since}: a new leader would request all of them again.`
    return { id: code, ...warning(cause, shell`kubectl -n ${where} get events --field-selector type=Warning`) }
  }
  if (code === 'NAMESPACE_UNREADABLE') {
    const cause = `A namespace of targets.namespaces.include, or the helper's Role in it, does not exist ${since}.`
    return { id: code, ...warning(cause, shell`kubectl get namespace ${where}`) }
  }
  const cause = `The helper reported ${code}${reason === undefined ? '' : ` (${reason})`} at ${at}.`
  return { id: 'HELPER_PROBLEM', ...warning(cause, logsCommand(release)) }
}
