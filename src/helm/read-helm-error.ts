import { type ErrorCode, NopassError } from '../errors.ts'
import { shell } from '../lib/shell-command.ts'
import { exceededQuota } from '../lib/text.ts'
import { withoutCredentials, withoutWrongValues } from '../printable.ts'
import { describeConflicts, readConflicts } from './apply-conflict.ts'

interface Pattern {
  readonly code: ErrorCode
  readonly match: RegExp
  /** Makes the message from the groups of the match. Default: helm's own line. */
  readonly say?: (groups: RegExpExecArray) => string
  /** Makes the fix from the groups of the match. Default: the code's own fix. */
  readonly fix?: (groups: RegExpExecArray) => string | undefined
}

/**
 * The first match decides. The patterns are for messages of Helm 3.18 to 4.3 and of the API server.
 */
const PATTERNS: readonly Pattern[] = [
  {
    code: 'HELM_PENDING',
    match: /another operation \(install\/upgrade\/rollback\) is in progress/,
    say: () => 'the release is marked as being changed by another run',
  },
  {
    code: 'RELEASE_CHANGED',
    match: /release: already exists/,
    say: () => 'another deployer began the same revision at the same time',
  },
  { code: 'HELM_CANCELLED', match: /has been cancelled|context canceled/, say: () => 'helm was interrupted' },
  {
    code: 'HELM_CONFLICT',
    match: /Apply failed with \d+ conflicts?: /,
    say: ({ input }) => describeConflicts(readConflicts(errorPart(input))),
  },
  {
    code: 'HELM_CRD_MISSING',
    // ResourceKindNoMatch in pkg/api/meta/errors.go of k8s.io/apimachinery. A deployed revision may
    // have kinds that are no longer served; such a message is excluded.
    match: /(?<!current release manifest contains removed .*)no matches for kind "([^"]+)" in version "([^"]+)"/s,
    say: ([, kind, version]) => `the cluster does not serve ${kind} of ${version}`,
  },
  {
    code: 'KUBE_SERVER_ERROR',
    // pkg/util/webhook/error.go of k8s.io/apiserver (ErrCallingWebhook).
    match: /failed calling webhook "([^"]+)":/,
    fix: ([, webhook]) =>
      `Make the webhook ${webhook} work (its Service and Pods), or remove its configuration; then run again.`,
  },
  {
    code: 'KUBE_SERVER_ERROR',
    // server/etcdserver/errors/errors.go of go.etcd.io/etcd.
    match: /etcdserver: [a-z]/,
    fix: () => "Check the API server's etcd, then run again.",
  },
  {
    code: 'KUBE_CONFLICT',
    // pkg/admission/plugin/namespace/lifecycle/admission.go of k8s.io/apiserver.
    match: /unable to create new content in namespace (\S+) because it is being terminated/,
    say: ([, namespace]) => `namespace ${namespace} is being deleted`,
    fix: () => 'Wait until the namespace is gone, or remove what keeps it; then run again.',
  },
  {
    code: 'KUBE_UNAUTHORIZED',
    // NewUnauthorized and its default text in pkg/api/errors/errors.go of k8s.io/apimachinery.
    match: /\bUnauthorized\b|the server has asked for the client to provide credentials/,
    say: () => 'the API server no longer accepts the credential of the kubeconfig',
    fix: () => 'Get a new kubeconfig that lives longer than the run, then run again.',
  },
  {
    code: 'HELM_FORBIDDEN',
    // pkg/registry/rbac/validation/rule.go of k8s.io/kubernetes (ConfirmNoEscalation).
    match: /attempting to grant RBAC permissions not currently held/,
    fix: () => 'Give the deployer the rights that the message lists: RBAC lets nobody grant what they do not have.',
  },
  {
    code: 'HELM_OWNERSHIP',
    match: /(\w+) "([^"]+)" in namespace "([^"]*)" exists and cannot be imported into the current release/,
    say: ([, kind, name, namespace]) =>
      `${kind} ${namespace ? `${namespace}/` : ''}${name} exists and belongs to no release, or to another release`,
  },
  {
    code: 'HELM_FORBIDDEN',
    match: /User "([^"]+)" cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]+)")?/,
    say: ([, user, verb, resource, group, namespace]) =>
      `${user} may not ${verb} ${resource}${group ? `.${group}` : ''}${namespace ? ` in namespace ${namespace}` : ' cluster-wide'}`,
  },
  {
    code: 'HELM_FAILED',
    match: /could not be deleted: \[/,
    fix: () => 'Change what refuses the deletion, as the message shows, then run again.',
  },
  {
    code: 'HELM_INVALID_OBJECT',
    match: /exceeded quota: [a-z0-9.-]+, requested: [\w./-]+=/,
    fix: ({ input }) => {
      const quota = exceededQuota(input)
      if (quota === undefined) return undefined
      const show = shell`kubectl describe resourcequota ${quota.name} -n NAMESPACE`
      const used = show === undefined ? '' : `; \`${show}\` shows what is used`
      return `Raise ${quota.limits} of ResourceQuota ${quota.name}, or delete what is not needed there${used}.`
    },
  },
  {
    code: 'HELM_VALUES_REFUSED',
    match: /values don't meet the specifications of the schema[^\n]*\n?(.*)/s,
    say: ([, detail]) => `the chart's schema rejected the values: ${oneLine(detail ?? '')}`,
  },
  {
    code: 'HELM_UNREACHABLE',
    match:
      /cluster unreachable|connection refused|no such host|TLS handshake timeout|i\/o timeout|certificate signed by unknown/,
  },
  {
    code: 'HELM_TIMEOUT',
    match:
      /timed out waiting for the condition|context deadline exceeded|resource not ready|resource \w+\S* not ready/i,
  },
  { code: 'HELM_INVALID_OBJECT', match: /is invalid: |field is immutable|denied (?:the )?request|admission webhook/ },
  {
    code: 'HELM_CHART',
    match:
      /execution error at|error calling include|template: |chart requires kubeVersion|Chart\.yaml|failed to download|chart .* not found|path .* not found|no such file or directory|YAML parse error|digest mismatch/i,
  },
]

/**
 * Maps helm's standard error to a `NopassError`. Helm has only one exit code and no
 * machine-readable errors, so its messages are parsed, and only here.
 */
export function readHelmError(output: string, command: string): NopassError {
  const stderr = withoutSecrets(essence(command === 'uninstall' ? withoutDebug(output) : output))
  const line = lastErrorLine(stderr)
  for (const { code, match, say, fix } of PATTERNS) {
    const groups = match.exec(stderr)
    if (!groups) continue
    const message = `helm ${command}: ${say ? say(groups) : line}`
    return new NopassError(code, message, fix ? { hint: fix(groups) } : {})
  }
  return new NopassError('HELM_FAILED', `helm ${command}: ${line || 'exited without a message'}`)
}

/**
 * The parts of values that Helm's validator quotes, under whichever key (kind/kind.go of
 * github.com/santhosh-tekuri/jsonschema v6: Pattern, Format, Minimum and the like). They are
 * hidden, because the chart may be the user's, with secret values that only its own schema knows.
 */
const QUOTED_VALUES: readonly (readonly [quoted: RegExp, shown: string])[] = [
  [/^(\s*- at '.*?': )'.*' (?=does not match pattern )/gm, '$1… '],
  [/^(\s*- at '.*?': )\S.* (is not valid [\w-]+): .*$/gm, '$1… $2'],
  [/^(\s*- at '.*?': (?:(?:exclusiveM|m)(?:in|ax)imum|multipleOf): got )\S+(?=, want )/gm, '$1…'],
]

function withoutSecrets(stderr: string): string {
  return QUOTED_VALUES.reduce(
    (text, [quoted, shown]) => text.replaceAll(quoted, shown),
    withoutCredentials(withoutWrongValues(stderr)),
  )
}

/** Returns helm's own line, for a command whose errors are all of one kind. */
export function helmErrorLine(output: string): string {
  return lastErrorLine(withoutSecrets(essence(output))) || 'exited without a message'
}

/**
 * Returns the errors of an uninstall, which runs with `--debug`. Only the debug lines have the API
 * server's reason.
 */
function withoutDebug(output: string): string {
  const reason = /uninstall: Failed to delete release(?:: |" error=)(.*)$/m.exec(output)?.[1]
  if (reason !== undefined)
    return `Error: an object could not be deleted: ${reason.replace(/^"|"$/g, '').replaceAll('\\"', '"')}`
  // Helm 3 prints the error a second time at the end, with its stack.
  const [errors = ''] = output.split(/^helm\.go:\d+: .*\[debug\]/m)
  return errors.replace(/^(?:level=DEBUG |\w+\.go:\d+: .*\[debug\]).*\n?/gm, '')
}

/**
 * An error of helm is a few kilobytes long. Other programs may write more, and the patterns would
 * be slow on long texts.
 */
const ESSENCE = 16 * 1024

/** Returns the text from the last `Error:` on. If there is none, returns the end of the text. */
function essence(output: string): string {
  if (output.length <= ESSENCE) return output
  const start = output.lastIndexOf('\nError:')
  return start < 0 ? output.slice(-ESSENCE) : output.slice(start, start + ESSENCE)
}

/**
 * Returns the text from helm's last `Error:` line on. Helm's log lines before it say the same, with
 * escapes.
 */
function errorPart(stderr: string): string {
  const start = stderr.startsWith('Error:') ? 0 : stderr.lastIndexOf('\nError:')
  return start < 0 ? stderr : stderr.slice(start)
}

/**
 * Returns helm's `Error:` line without its prefix, cut to 600 characters, because an API server may
 * echo whole objects.
 */
function lastErrorLine(stderr: string): string {
  const lines = stderr.split('\n').filter((text) => text.trim() !== '')
  const marked = lines.findLastIndex((text) => text.startsWith('Error:'))
  const text = marked < 0 ? (lines.at(-1) ?? '') : lines.slice(marked).join(' ')
  return oneLine(text.replace(/^Error:\s*/, ''))
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim()
  return flat.length > 600 ? `${flat.slice(0, 597)}...` : flat
}
