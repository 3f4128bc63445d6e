/**
 * What the recorded runs (found.ts) are about, in the order of
 * docs/en/decisions.md#recorded-runs.
 */
export const THEMES = [
  'two leaders, late writes',
  "the helper's own copy is behind",
  "the helper's own copy is lost",
  "a follower's own token",
  'clocks',
  'restores of etcd',
  'configuration',
  'requests and refusals',
  'pace and load',
  'Lease, namespaces, status',
] as const

export type Theme = (typeof THEMES)[number]

/** A change of one line. It reverts a line that a recorded run has shown to be necessary. */
export interface Revert {
  readonly theme: Theme
  readonly file: string
  /** Occurs exactly once in the file, within a line. */
  readonly from: string
  readonly to: string
  /**
   * What the helper would do with the revert. For a checker's rule that was too strict: what the
   * rule would demand.
   */
  readonly effect: string
}

export const REVERTS: readonly Revert[] = [
  {
    theme: 'two leaders, late writes',
    file: 'src/helper/writes/writer.ts',
    from: 'Buffer.from(known), after',
    to: 'after',
    effect: 'A write has no precondition, so a late write replaces a newer credential.',
  },
  {
    theme: 'two leaders, late writes',
    file: 'src/helper/writes/writer.ts',
    from: 'const ABSENT = \'"resourceVersion":"1",\'',
    to: "const ABSENT = ''",
    effect: 'A Secret that another leader has just created is overwritten, because the cache does not have it yet.',
  },
  {
    theme: 'two leaders, late writes',
    file: 'src/helper/credentials/log-step.ts',
    from: "return { ...state, copy: 'unread' }",
    to: 'return state',
    effect: 'After a refused write the log is not read again, so no later write of it succeeds.',
  },
  {
    theme: "the helper's own copy is behind",
    file: 'src/helper/plan/plan-secret.ts',
    from: "noted === 'unlogged' && !isFresh",
    to: "noted === 'unlogged' && isFresh",
    effect: 'A leader takes its own unlogged credential for one of another leader, and never replaces it.',
  },
  {
    theme: "the helper's own copy is behind",
    file: 'src/helper/plan/plan-secret.ts',
    from: 'if (renew.length > 0) return wait({ renew })',
    to: '',
    effect: 'A Secret with an unlogged credential gets the older one of the log, without a request for a new one.',
  },
  {
    theme: "the helper's own copy is behind",
    file: 'src/helper/credentials/log-step.ts',
    from: '{ ...pending, number: undefined }',
    to: '{ ...pending, number: state.last + 1 }',
    effect: 'A credential that is not logged has a number, so the next leader replaces it by an older one.',
  },
  {
    theme: "the helper's own copy is behind",
    file: 'test/simulation/cloud.ts',
    from: '(inLog.registry === inSecret.registry && inLog.serial < inSecret.serial)',
    to: 'false',
    effect: 'The rules demand new credentials in time for a Secret with a credential that could not be logged.',
  },
  {
    theme: "the helper's own copy is behind",
    file: 'test/simulation/invariants.ts',
    from: '!wasInvalid && !isGone',
    to: '!wasInvalid',
    effect: 'The rule demands that the older credential of the log is never written, even if another one has expired.',
  },
  {
    theme: "the helper's own copy is lost",
    file: 'src/helper/plan/plan-secret.ts',
    from: 'desired.includes(name) && !ours.registries.includes(name)',
    to: 'false',
    effect: 'An entry that the log lost is removed at once, while it still works.',
  },
  {
    theme: "the helper's own copy is lost",
    file: 'src/helper/plan/plan-secret.ts',
    from: 'if (end <= cloudAtLeast) return undefined',
    to: '',
    effect: 'A Secret with an entry that the log lost stays forever, with credentials that have expired.',
  },
  {
    theme: "the helper's own copy is lost",
    file: 'test/simulation/lateness.ts',
    from: 'if (names.some((one) => isLost(credentialIn(name, one), credentialIn(HOME, one)))) return []',
    to: '',
    effect: 'The rule demands new credentials in time for a Secret with an entry that the log lost.',
  },
  {
    theme: "the helper's own copy is lost",
    file: 'test/simulation/final-state.ts',
    from: 'requestedAt - CLOCK_MS && !hasLostEntry',
    to: 'requestedAt - CLOCK_MS',
    effect: 'The rule demands that a Secret with an entry that the log lost has the requested credentials.',
  },
  {
    theme: "a follower's own token",
    file: 'src/helper/credentials/registry-step.ts',
    from: "if (work.use === 'proof') return prove(state, at)",
    to: '',
    effect: 'The token of a proof is used, and a new leader writes it over the newer credential of the log.',
  },
  {
    theme: "a follower's own token",
    file: 'src/helper/credentials/registry-step.ts',
    from: "const use = before.role === 'prover' ? 'proof' : 'credential'",
    to: "const use = 'credential'",
    effect: 'A follower keeps the credential that it requests, and refreshes it like the leader.',
  },
  {
    theme: 'clocks',
    file: 'src/helper/plan/plan-secret.ts',
    from: 'if (end <= cloudAtLeast) return undefined',
    to: 'if (end <= cloudNow) return undefined',
    effect: 'A helper whose clock is fast takes live credentials for expired ones, and gives up entries.',
  },
  {
    theme: 'clocks',
    file: 'src/alibaba/transport/cloud-clock.ts',
    from: 'if (!measured) follow(false, dateHeader, sentAt)',
    to: '',
    effect: 'Before the cloud has answered, the time of the API server does not correct a wrong clock.',
  },
  {
    theme: 'clocks',
    file: 'src/alibaba/transport/cloud-clock.ts',
    from: '(isCloud ? Math.abs(later) : later)',
    to: 'later',
    effect: 'A clock that is fast is not corrected by the cloud, so credentials count as expired.',
  },
  {
    theme: 'clocks',
    file: 'src/helper/credentials/registry-step.ts',
    from: 'return isAhead || planned < at.cloud + shortest ?',
    to: 'return planned < at.cloud + shortest ?',
    effect: 'A credential that was issued in the future counts as not due, so the cloud never corrects the clock.',
  },
  {
    theme: 'restores of etcd',
    file: 'src/kube/watch/reflector.ts',
    from: 'store.rewind()',
    to: '',
    effect: 'The cache keeps objects whose versions the restored API server never had.',
  },
  {
    theme: 'restores of etcd',
    file: 'src/kube/watch/store.ts',
    from: 'for (const key of views.keys()) outdated.add(key)',
    to: '',
    effect: 'After a restore an object of an older version does not replace the newer one in the cache.',
  },
  {
    theme: 'restores of etcd',
    file: 'src/kube/watch/reflector.ts',
    from: 'version = latest = undefined',
    to: 'version = undefined',
    effect: 'Each list after a restore is behind the last known version, and is read again without end.',
  },
  {
    theme: 'configuration',
    file: 'src/helper/run-helper.ts',
    from: 'if (isLeader()) lead()',
    to: '',
    effect: 'After a reload the leader does not lead with the new configuration, and refreshes nothing.',
  },
  {
    theme: 'configuration',
    file: 'src/helper/generations.ts',
    from: 'const opened = open(loaded, before)',
    to: 'await before.drain(DRAIN_MS); const opened = open(loaded, before)',
    effect: 'A configuration that cannot be opened ends the previous one, so nothing is refreshed.',
  },
  {
    theme: 'configuration',
    file: 'src/helper/credentials/registry-step.ts',
    from: '|| isOutdated(live, at.entry.values)',
    to: '',
    effect: 'A credential of other domains than are configured stays until it is due.',
  },
  {
    theme: 'configuration',
    file: 'src/helper/credentials/registry-step.ts',
    from: 'state.forced || revoked ||',
    to: 'state.forced ||',
    effect: 'After a reload a revoked credential counts as good, and stays until it is due.',
  },
  {
    theme: 'requests and refusals',
    file: 'test/simulation/final-state.ts',
    from: 'return revoked && !accepted',
    to: 'return false',
    effect: 'The rule demands a replacement for a credential that no login ever accepted.',
  },
  {
    theme: 'requests and refusals',
    file: 'src/helper/run-helper.ts',
    from: 'if (request !== undefined) leading.rotate(request)',
    to: '',
    effect: 'A new leader ignores a request for new credentials that its predecessor did not handle.',
  },
  {
    theme: 'requests and refusals',
    file: 'src/helper/report/status-exchange.ts',
    from: 'if (isFirst) options.onFirstRequest()',
    to: 'if (isFirst) void 0',
    effect: 'A leader ignores a request that its first read of the status shows.',
  },
  {
    theme: 'pace and load',
    file: 'src/helper/credentials/registry-step.ts',
    from: 'const live = changed || token.expiresAt !== null ? fetched : before',
    to: 'const live = fetched',
    effect: 'A static login that was read again counts as new, so the status is written each 30 s.',
  },
  {
    theme: 'pace and load',
    file: 'src/helper/plan/actions.ts',
    from: 'if (recent.length < FIGHT_LOSSES ||',
    to: 'if (recent.length < 1000 ||',
    effect: 'The helper writes a Secret that another client keeps changing as fast as that client.',
  },
  {
    theme: 'Lease, namespaces, status',
    file: 'src/kube/lease.ts',
    from: "const lane = 'lease'",
    to: "const lane = 'call'",
    effect: 'Renewals of the Lease wait for connections on which writes hang.',
  },
  {
    theme: 'Lease, namespaces, status',
    file: 'src/helper/run-helper.ts',
    from: "call.method === 'GET' ? call : { ...call, maySend: isLeader }",
    to: 'call',
    effect: 'A request that waited for a connection is sent after the Lease was lost.',
  },
  {
    theme: 'Lease, namespaces, status',
    file: 'src/helper/cluster/join-reflectors.ts',
    from: "synced || refused?.(names[index] ?? '')",
    to: 'synced',
    effect: 'A deleted namespace keeps a helper with scope namespaces from starting.',
  },
  {
    theme: 'Lease, namespaces, status',
    file: 'src/kube/lease.ts',
    from: 'if (stop.signal.reason !== FREE) throw error',
    to: '',
    effect: 'A watch of the Lease that fails at once is opened again without a pause.',
  },
  {
    theme: 'Lease, namespaces, status',
    file: 'src/helper/cluster/namespace-reader.ts',
    from: 'store.remove(name)',
    to: '',
    effect: 'A namespace that was deleted stays in the cache and counts as pending.',
  },
  {
    theme: 'Lease, namespaces, status',
    file: 'src/helper/writes/controller.ts',
    from: 'isRemoval(decision) ? caches.confirm(planned.namespace, stop.signal) : undefined',
    to: 'undefined as Promise<boolean> | undefined',
    effect: 'Credentials are taken away by labels that were read minutes ago.',
  },
]

/** Applies a revert to the text of its file. @throws if it does not apply exactly once */
export function applyRevert(text: string, { file, from, to }: Pick<Revert, 'file' | 'from' | 'to'>): string {
  const [before, after, ...more] = text.split(from)
  if (before === undefined || after === undefined || more.length > 0) {
    const count = text.split(from).length - 1
    throw new Error(`${file}: the text of a revert has to occur once and occurs ${count} times: ${from}`)
  }
  return before + to + after
}
