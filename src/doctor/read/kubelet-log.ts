import { ERROR_CODES } from '../../error-codes.ts'
import type { ErrorCode } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import type { NodeFailure } from '../observed.ts'
import { cutMessage } from '../pod/node-message.ts'

/** The message with which a kubelet logs that a provider returned no login. */
export const FAILED = 'Failed to provide credentials for image'

/** Older failures may be over. */
const RECENT_MS = 60 * 60_000

/**
 * Reads our program's failures of the last hour from a kubelet's log. Undefined if the text is not
 * the result of a query: kubelets without `enableSystemLogQuery` return a list of files. Sources:
 * Kubernetes v1.37.2, pkg/credentialprovider/plugin/plugin.go (the message, its keys, and the
 * program's standard error behind the exit code) and pkg/kubelet/kubelet_server_journal_linux.go.
 */
export function readFailures(text: string, provider: string, now: number): readonly NodeFailure[] | undefined {
  const lines = text.split('\n').filter((line) => line.includes(`"${FAILED}"`))
  if (lines.length === 0 && !text.includes('-- No entries --')) return undefined
  return lines
    .filter((line) => readValue(line, 'provider') === provider && isRecent(line, now))
    .map((line) => {
      const [image, pod] = ['image', 'pod'].map((key) => readValue(line, key))
      return { ...classify(readValue(line, 'err') ?? ''), ...(image && { image }), ...(pod && { pod }) }
    })
}

/** Returns a value of a structured line: `key="value"`, quoted as Go does. */
function readValue(line: string, key: string): string | undefined {
  const quoted = new RegExp(` ${key}=("(?:[^"\\\\]|\\\\.)*")`).exec(line)?.[1]
  if (quoted === undefined) return undefined
  return orElse(() => String(parseJson(quoted, () => new Error('not JSON'))), quoted.slice(1, -1))
}

function classify(error: string): Omit<NodeFailure, 'image' | 'pod'> {
  const message = cutMessage(error)
  const [, code = '', rest = ''] = /exit status \d+: ([A-Z][A-Z_]+): ([\s\S]*)$/.exec(error) ?? []
  if (Object.hasOwn(ERROR_CODES, code)) {
    const [what = '', fix] = rest.split('; fix: ')
    return { kind: code as ErrorCode, message: cutMessage(what), ...(fix && { fix: cutMessage(fix) }) }
  }
  if (/fork\/exec .*: (?:no such file or directory|permission denied)/.test(error)) return { kind: 'program', message }
  // plugin/pkg/admission/noderestriction/admission.go, validateNodeServiceAccountAudience.
  if (/is not authorized to request tokens for audience/.test(error)) return { kind: 'audience', message }
  return { kind: 'other', message }
}

/** journalctl begins each line with a time in UTC, without a year: `Dec 01 10:33:17.123456`. */
function isRecent(line: string, now: number): boolean {
  const [, day, time] = /^([A-Z][a-z]{2} \d\d) (\d\d:\d\d:\d\d)/.exec(line) ?? []
  if (day === undefined) return true
  const year = new Date(now).getUTCFullYear()
  const ages = [year, year - 1].map((one) => now - Date.parse(`${day} ${one} ${time} UTC`))
  const age = ages.find((one) => one > -RECENT_MS)
  return age === undefined || Number.isNaN(age) || age < RECENT_MS
}
