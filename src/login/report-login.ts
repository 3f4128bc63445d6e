import { printable } from '../printable.ts'
import type { RepositoryCheck } from './check-login.ts'
import type { LoggedIn } from './run-login.ts'

/** The outputs of a login. None of them is secret. */
export function describeOutputs(logins: readonly LoggedIn[]) {
  const [first] = logins
  const expiresAt = Math.min(...logins.map((login) => login.expiresAt))
  return {
    /** JSON; the hosts that answered come first. */
    domains: JSON.stringify([
      ...logins.flatMap(({ domains }) => domains.slice(0, 1)),
      ...logins.flatMap(({ domains }) => domains.slice(1)),
    ]),
    username: first?.username ?? '',
    /** When the first of the logins expires. */
    'expires-at': first === undefined ? '' : new Date(expiresAt).toISOString(),
  }
}

/** Renders the summary of the job: where it is logged in, until when, and what was verified. */
export function renderLoginSummary(logins: readonly LoggedIn[]): string {
  const rows = logins.flatMap(({ name, domains, expiresAt, repositories, checks }) => {
    const until = new Date(expiresAt).toISOString()
    const named = checks.length > 0 ? checks : repositories.map((repository): RepositoryCheck => ({ repository }))
    return named.map(
      (check) =>
        `| ${cell(name)} | ${cell(domains[0] ?? '')} | ${cell(check.repository)} | ${verified(check)} | ${until} |`,
    )
  })
  const head = ['| registry | domain | repositories | verified | expires |', '| --- | --- | --- | --- | --- |']
  return [`### acr-nopass login`, '', ...head, ...rows, '', ''].join('\n')
}

function verified({ pull, push }: RepositoryCheck): string {
  const rights = [...(pull?.grant === 'granted' ? ['pull'] : []), ...(push?.grant === 'granted' ? ['push'] : [])]
  return rights.length === 0 ? 'not checked' : rights.join(', ')
}

/** A name may hold characters of Markdown. */
function cell(text: string): string {
  return `\`${printable(text).replaceAll(/[`|]/g, ' ')}\``
}
