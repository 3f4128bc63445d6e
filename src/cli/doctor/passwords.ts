import { createHttpSender } from '../../alibaba/transport/http-sender.ts'
import { createReader, type Unread } from '../../kube/read/reader.ts'
import { pluralize, renderTable, summarize } from '../../lib/text.ts'
import { findPublic } from '../../migrate/find-public.ts'
import type { SecretUser } from '../../migrate/passwords/find-users.ts'
import { type HostCoverage, judgePasswords, type PasswordReport } from '../../migrate/passwords/judge-passwords.ts'
import { type PasswordFacts, readPasswords } from '../../migrate/passwords/read-passwords.ts'
import { isReleaseUnread, RELEASE_UNREAD, readOurSide } from '../../migrate/remove/our-side.ts'
import { withAdmission } from '../../migrate/remove/reach.ts'
import { printable } from '../../printable.ts'
import { connect } from '../connect.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { ConnectFlags, ReleaseFlags } from '../program/command.ts'
import { createStatusLine } from '../program/terminal.ts'
import { aimCommands } from './aim-commands.ts'

export interface PasswordFlags extends ConnectFlags, ReleaseFlags {
  /** Custom domains of ACR instances. */
  readonly domain?: readonly string[]
}

/**
 * Reports the static logins of ACR in pull secrets, and whether each can go. Changes nothing.
 * @throws KUBE_FORBIDDEN if the caller may not list Secrets
 */
export async function doctorPasswords(flags: PasswordFlags & CommonFlags, host: CliHost): Promise<number> {
  using connected = await connect(flags, host)
  const progress = createStatusLine(host)
  try {
    const reader = createReader(connected.client, host.signal, { onProgress: progress.say })
    // Only a response shows the API server's clock.
    await reader.request('/version')
    const now = Date.now() - (connected.aheadMs() ?? 0)
    const side = await readOurSide(reader, { namespace: flags.namespace, release: flags.release }, now)
    const facts = await readPasswords(reader, side, flags.domain ?? [])
    const ours = await withAdmission(
      reader,
      side,
      facts.withLogins.map(({ namespace }) => namespace),
    )
    const lost = judgePasswords(facts, ours, reader.unread).flatMap(({ usedBy }) =>
      usedBy.flatMap(({ image }) => image ?? []),
    )
    const isPublic = await findPublic(createHttpSender({ proxyEnv: host.env }), lost, host.signal)
    const found = judgePasswords(facts, ours, reader.unread, (image) => isPublic.get(image) === true)
    const passwords = aimCommands(found, flags, host.program).map((one) => {
      return { ...one, usedBy: aimCommands(one.usedBy, flags, host.program) }
    })
    const release = ours.release === undefined ? null : { namespace: ours.release.namespace, name: ours.release.name }
    const report = {
      release,
      hint: ours.toName ?? null,
      passwords,
      otherSecrets: countOthers(facts),
      unread: reader.unread,
    }
    progress.end()
    writeResult(host, flags, report, () => renderPasswords(report))
    return EXIT.ok
  } finally {
    progress.end()
  }
}

/** Counts the pull secrets in which no static login of ACR was found. */
function countOthers({ secrets, withLogins }: PasswordFacts) {
  const found = new Set(withLogins)
  const others = secrets.filter((secret) => !found.has(secret))
  const of = (test: (secret: PasswordFacts['secrets'][number]) => boolean): number => others.filter(test).length
  return {
    /** Written by acr-nopass. */
    acrNopass: of(({ isOurs }) => isOurs),
    /** With temporary logins of ACR only. */
    temporary: of(({ isOurs, temporary }) => !isOurs && temporary > 0),
    /** With logins of other registries, or without a login. */
    otherRegistries: of(({ isOurs, temporary, isBroken }) => !isOurs && temporary === 0 && !isBroken),
    /** Without a list of logins, so that no kubelet can pull with them. */
    broken: of(({ isBroken, isOurs }) => !isOurs && isBroken),
  }
}

interface Report {
  readonly release: { readonly namespace: string; readonly name: string } | null
  /** The releases of which the user has to name one, because nothing proves them. */
  readonly hint: string | null
  readonly passwords: readonly PasswordReport[]
  readonly otherSecrets: ReturnType<typeof countOthers>
  readonly unread: readonly Unread[]
}

export function renderPasswords({ release, hint, passwords, otherSecrets, unread }: Report): string {
  const count = passwords.reduce((sum, { hosts }) => sum + hosts.length, 0)
  const heading =
    count === 0
      ? 'no static login of ACR was found'
      : `${pluralize(count, 'static login')} of ACR in ${pluralize(passwords.length, 'pull secret')}`
  const absence = isReleaseUnread(unread) ? RELEASE_UNREAD : 'acr-nopass is not installed'
  const rows = passwords.flatMap(({ secret, hosts, createdAt, writtenAt, canGo }) =>
    hosts.map((host) => [secret, host.host, dayOf(createdAt), dayOf(writtenAt), COVERED[host.covered], canGo]),
  )
  const table =
    rows.length === 0 ? '' : renderTable(['secret', 'host', 'created', 'written', 'covered', 'can go'], rows)
  const blocks = [
    release === null && hint === null ? `${heading}; ${absence}` : heading,
    hint === null ? '' : printable(hint),
    table,
    ...passwords.map(renderSecret),
    unread.length === 0 ? '' : lines(['not readable:', ...unread.map(({ what, why }) => `  ${what}: ${why}`)]),
    lines([
      `other pull secrets: ${otherSecrets.acrNopass} of acr-nopass, ${otherSecrets.temporary} with temporary logins of ACR only, ${otherSecrets.otherRegistries} of other registries, ${otherSecrets.broken} without logins`,
      'not searched: Secrets of other types, and everything outside of this cluster, where the same password may be used',
    ]),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

const COVERED: Readonly<Record<HostCoverage['covered'], string>> = {
  yes: 'yes',
  no: 'no',
  repositories: 'some repositories',
  unknown: 'unknown',
}

function dayOf(time: string | null): string {
  return time?.slice(0, 10) ?? 'unknown'
}

/** How many reasons and how many users of one Secret are printed. The JSON has all. */
const MOST = 10

function renderSecret({ secret, canGo, why, usedBy, writtenBy, command }: PasswordReport): string {
  const open = usedBy.filter(({ blocks }) => blocks !== 'no')
  const rest = usedBy.filter(({ blocks }) => blocks === 'no').map(({ subject }) => subject)
  const verdict = { yes: `can go: ${why[0]}`, no: 'is still needed', unknown: 'not known whether it can go' }[canGo]
  return lines([
    `${secret}: ${verdict}`,
    ...(canGo === 'unknown' ? limit(why, (reason) => [`  ${reason}`]) : []),
    ...limit(open, renderUser),
    ...(rest.length === 0 ? [] : [`  not needed by: ${summarize(rest, 3)}`]),
    ...(writtenBy === null || canGo === 'yes' ? [] : [`  ${writtenBy} writes it`]),
    ...(command === undefined ? [] : [`  to delete it: ${command}`]),
  ])
}

function limit<Item>(all: readonly Item[], render: (item: Item) => readonly string[]): readonly string[] {
  const more = all.length - MOST
  return [...all.slice(0, MOST).flatMap(render), ...(more > 0 ? [`  and ${more} more, which are in -o json`] : [])]
}

function renderUser({ subject, pods, why, image, fix, command }: SecretUser): readonly string[] {
  const of = pods === undefined ? '' : ` (${pluralize(pods, 'Pod')})`
  const which = image === undefined ? '' : ` (${image})`
  const repair = fix === undefined ? [] : [`    fix: ${fix}${command === undefined ? '' : ` ${command}`}`]
  return [`  ${subject}${of}: ${why}${which}`, ...repair]
}

function lines(all: readonly string[]): string {
  return all.map(printable).join('\n')
}
