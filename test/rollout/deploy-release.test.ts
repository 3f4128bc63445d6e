import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Helm } from '../../src/helm/find-helm.ts'
import type { ReleaseContent } from '../../src/helm/release/release-record.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { type DeployOutcome, deployRelease } from '../../src/rollout/deploy/deploy-release.ts'
import { createRunFolder, readOpenWork } from '../../src/rollout/run-folder.ts'

/**
 * A record of helm. `deployed`: another deployer's. `deployed*`: with the label of our step.
 * `deployed=1`: with the content of revision 1. `pruned`: helm has removed the record.
 */
type Record = `${Revision['status']}${'' | '*'}${'' | `=${number}`}` | 'pruned'

/** What other deployers do at each point of the sequence, and what helm returns to us. */
interface Case {
  readonly name: string
  /** The history that the preflight saw. */
  readonly before: readonly Record[]
  /** The history after the preflight and before helm. */
  readonly meanwhile?: readonly Record[]
  /** The history when the rollback before the upgrade ends. */
  readonly first?: readonly Record[]
  /** The history when that rollback was repeated. */
  readonly again?: readonly Record[]
  /** The history when our `helm upgrade` ends, and how it ends. */
  readonly upgrade?: { readonly history: readonly Record[]; readonly exit: number; readonly stderr?: string }
  /** The history a moment later, when the other deployer's helm has finished too. */
  readonly settles?: readonly Record[]
  /** The history when our rollback ends. */
  readonly undo?: readonly Record[]
  /** True if our rollback fails; a number if the first rollbacks fail. */
  readonly undoFails?: boolean | number
  /** Helm's error when our rollback fails. */
  readonly rollbackError?: string
  /** True if the disk is full when our upgrade ends. */
  readonly full?: boolean
  readonly skip?: string | false
  readonly rollback?: boolean
  /** `uninstall-on-failed-install: false` */
  readonly keepFailed?: boolean
  /** True if the run was interrupted before helm began. */
  readonly interrupted?: boolean
  /** The helm calls that the journal leaves to the post step. Default: none. */
  readonly open?: readonly string[]
  readonly expected: {
    readonly calls: readonly string[]
    readonly outcome: Pick<DeployOutcome, 'status' | 'revision' | 'notes'> | string
    /** The error of the outcome, if the case compares it. */
    readonly error?: string
  }
}

const BUSY = 'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress'
const EXISTS = 'Error: release: already exists'
const TIMEOUT = 'Error: UPGRADE FAILED: context deadline exceeded'
/**
 * A hook's error (https://github.com/helm/helm/blob/v3.22.0/pkg/kube/client.go, `waitForJob`). The
 * rollback's record stays pending.
 */
const HOOK = 'Error: job hook failed: BackoffLimitExceeded'

const CASES: readonly Case[] = [
  {
    name: 'a failed revision was left in the cluster: it is rolled back before the upgrade',
    before: ['deployed', 'failed'],
    first: ['superseded', 'failed', 'deployed=1'],
    upgrade: { history: ['superseded', 'failed', 'superseded=1', 'deployed*'], exit: 0 },
    expected: {
      calls: ['rollback 1', 'upgrade'],
      outcome: {
        status: 'deployed',
        revision: 4,
        notes: ['rolled back to revision 1 first, because revision 2 had failed'],
      },
    },
  },
  {
    name: 'a failed revision above several: the newest is the one that had failed',
    before: ['superseded', 'deployed', 'failed'],
    first: ['superseded', 'superseded', 'failed', 'deployed=2'],
    upgrade: { history: ['superseded', 'superseded', 'failed', 'superseded=2', 'deployed*'], exit: 0 },
    expected: {
      calls: ['rollback 2', 'upgrade'],
      outcome: {
        status: 'deployed',
        revision: 5,
        notes: ['rolled back to revision 2 first, because revision 3 had failed'],
      },
    },
  },
  {
    name: 'with rollback: false a failed upgrade stays',
    before: ['deployed'],
    rollback: false,
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: { status: 'failed', revision: 2, notes: ['not rolled back (rollback: false)'] },
    },
  },
  {
    name: 'a run that is interrupted leaves the repair to the post step',
    before: ['deployed'],
    interrupted: true,
    upgrade: { history: ['deployed', 'pending-upgrade*'], exit: 1 },
    open: ['upgrade'],
    expected: {
      calls: [],
      outcome: { status: 'cancelled', revision: 1, notes: [] },
      error: 'INTERRUPTED interrupted while helm was changing n/r',
    },
  },
  {
    name: 'a first installation that fails is removed if this is configured',
    before: [],
    upgrade: { history: ['failed*'], exit: 1, stderr: TIMEOUT },
    undo: [],
    expected: {
      calls: ['upgrade', 'uninstall'],
      outcome: { status: 'failed', revision: null, notes: ['the failed installation was removed'] },
    },
  },
  {
    name: 'a release whose first installation failed may work, so it is not removed if its upgrade fails',
    before: ['failed'],
    upgrade: { history: ['failed', 'failed*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['no earlier revision was deployed, and the release is kept, because it may work'],
      },
    },
  },
  {
    name: 'a release whose first installation failed is not removed either if helm has removed the record of it',
    before: ['failed'],
    upgrade: { history: ['pruned', 'failed*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['no earlier revision was deployed, and the release is kept, because it may work'],
      },
    },
  },
  {
    name: 'a pending upgrade over a failed first installation is rolled back to it',
    before: ['failed'],
    upgrade: { history: ['failed', 'pending-upgrade*'], exit: 1, stderr: TIMEOUT },
    undo: ['failed', 'pending-upgrade*', 'deployed=1'],
    expected: {
      calls: ['upgrade', 'rollback 1'],
      outcome: { status: 'rolled-back', revision: 3, notes: ['rolled back to revision 1'] },
    },
  },
  {
    name: 'with uninstall-on-failed-install: false, a first installation that fails is kept for inspection',
    before: [],
    keepFailed: true,
    upgrade: { history: ['failed*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 1,
        notes: ['the failed first installation is kept for you to inspect'],
      },
    },
  },
  {
    name: 'if the rollback of a failed revision fails, the upgrade follows nevertheless',
    before: ['deployed', 'failed'],
    undoFails: true,
    open: ['rollback'],
    first: ['deployed', 'failed', 'failed=1'],
    upgrade: { history: ['superseded', 'failed', 'failed=1', 'deployed*'], exit: 0 },
    expected: {
      calls: ['rollback 1', 'upgrade'],
      outcome: {
        status: 'deployed',
        revision: 4,
        notes: ['the failed revision 2 was not rolled back first: helm rollback: exited without a message'],
      },
    },
  },
  {
    name: 'if a hook leaves the rollback of a failed revision pending, the rollback is repeated before the upgrade',
    before: ['deployed', 'failed'],
    undoFails: 1,
    rollbackError: HOOK,
    first: ['deployed', 'failed', 'pending-rollback=1'],
    again: ['superseded', 'failed', 'pending-rollback=1', 'deployed=1'],
    upgrade: { history: ['superseded', 'failed', 'pending-rollback=1', 'superseded=1', 'deployed*'], exit: 0 },
    expected: {
      calls: ['rollback 1', 'rollback 1', 'upgrade'],
      outcome: {
        status: 'deployed',
        revision: 5,
        notes: [
          'rolled back to revision 1 first, because revision 2 had failed',
          'the first rollback failed, so objects that only revision 2 has may stay: helm rollback: job hook failed: BackoffLimitExceeded',
        ],
      },
    },
  },
  {
    name: 'the hook fails again: no upgrade starts during the pending rollback, and the error names its owner',
    before: ['deployed', 'failed'],
    undoFails: true,
    rollbackError: HOOK,
    open: ['rollback'],
    first: ['deployed', 'failed', 'pending-rollback=1'],
    again: ['deployed', 'failed', 'pending-rollback=1', 'pending-rollback=1'],
    expected: {
      calls: ['rollback 1', 'rollback 1'],
      outcome:
        'HELM_PENDING revision 2 of n/r had failed, and its rollback to revision 1, which this run began, failed twice and is pending: helm rollback: job hook failed: BackoffLimitExceeded',
    },
  },
  {
    name: 'if the repeated rollback fails, but is no longer pending, the upgrade follows nevertheless',
    before: ['deployed', 'failed'],
    undoFails: true,
    rollbackError: HOOK,
    open: ['rollback'],
    first: ['deployed', 'failed', 'pending-rollback=1'],
    again: ['deployed', 'failed', 'superseded=1', 'failed=1'],
    upgrade: { history: ['superseded', 'failed', 'superseded=1', 'failed=1', 'deployed*'], exit: 0 },
    expected: {
      calls: ['rollback 1', 'rollback 1', 'upgrade'],
      outcome: {
        status: 'deployed',
        revision: 5,
        notes: [
          'the failed revision 2 was not rolled back first: helm rollback: job hook failed: BackoffLimitExceeded',
        ],
      },
    },
  },
  {
    name: 'if another deployer rolls back a failed revision at the same time, its rollback is not touched, and no upgrade starts meanwhile',
    before: ['deployed', 'failed'],
    undoFails: true,
    rollbackError: EXISTS,
    open: ['rollback'],
    first: ['deployed', 'failed', 'pending-rollback=1'],
    expected: {
      calls: ['rollback 1'],
      outcome: 'HELM_PENDING release n/r is pending-rollback at revision 3 since 2001-09-09T01:46:40.000Z',
    },
  },
  {
    name: 'another deployer completes while a failed revision is rolled back first: nothing more is written',
    before: ['deployed', 'failed'],
    first: ['superseded', 'failed', 'superseded', 'deployed=1'],
    expected: {
      calls: ['rollback 1'],
      outcome: 'RELEASE_CHANGED release n/r was at revision 3 (deployed) and is now at revision 4 (deployed)',
    },
  },
  {
    name: 'a first installation failed: it is upgraded',
    before: ['failed'],
    upgrade: { history: ['failed', 'deployed*'], exit: 0 },
    expected: { calls: ['upgrade'], outcome: { status: 'deployed', revision: 2, notes: [] } },
  },
  {
    name: 'without another deployer: a failed upgrade is rolled back',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'failed*', 'deployed=1'],
    expected: {
      calls: ['upgrade', 'rollback 1'],
      outcome: { status: 'rolled-back', revision: 3, notes: ['rolled back to revision 1'] },
    },
  },
  {
    name: 'our upgrade fails, another deployer completes with --history-max 1, and helm copies our label: the other revision is kept',
    before: ['superseded', 'deployed'],
    upgrade: { history: ['pruned', 'superseded', 'pruned', 'deployed*=4'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: [
          "helm's record of this run's revision was removed; revision 4 (deployed) may belong to another deployer and is kept",
        ],
      },
    },
  },
  {
    name: 'our upgrade succeeds, and another deployer completes with --history-max 1: the run fails, and the other revision is kept',
    before: ['superseded', 'deployed'],
    upgrade: { history: ['pruned', 'pruned', 'pruned', 'deployed*=4'], exit: 0 },
    expected: {
      calls: ['upgrade'],
      outcome: { status: 'failed', revision: 4, notes: [] },
      error: 'RELEASE_OVERTAKEN another deployer made revision 4 (deployed) of n/r while this run deployed revision 3',
    },
  },
  {
    name: 'helm ends with an error after it has recorded the revision as deployed: the revision is kept',
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: { status: 'failed', revision: 2, notes: ['helm recorded revision 2 as deployed: it is kept'] },
    },
  },
  {
    name: "a user's rollback that started before ours finishes after it: their revision is restored",
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed*', 'pending-rollback=1'], exit: 0 },
    settles: ['superseded', 'deployed*', 'deployed=1'],
    undo: ['superseded', 'superseded*', 'superseded=1', 'deployed=1'],
    expected: {
      calls: ['upgrade', 'rollback 3'],
      outcome: {
        status: 'failed',
        revision: 4,
        notes: ['another deployer made revision 3 while helm was running: restored'],
      },
    },
  },
  {
    name: 'our rollback is killed: the post step repeats it',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['deployed', 'failed*', 'pending-rollback=1'],
    undoFails: true,
    open: ['rollback'],
    expected: {
      calls: ['upgrade', 'rollback 1'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['rollback failed too: helm rollback: exited without a message'],
      },
    },
  },
  {
    name: 'the disk is full when we would roll back: the failure is reported, and the post step rolls back',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    full: true,
    skip: existsSync('/dev/full') ? false : 'needs /dev/full, which Linux has',
    open: ['upgrade'],
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['rollback failed too: no space is left in FOLDER for journal.jsonl'],
      },
    },
  },
  {
    name: 'another deployer completes between preflight and helm: nothing is written',
    before: ['deployed'],
    meanwhile: ['superseded', 'deployed'],
    expected: {
      calls: [],
      outcome: 'RELEASE_CHANGED release n/r was at revision 1 (deployed) and is now at revision 2 (deployed)',
    },
  },
  {
    name: 'another deployer starts between preflight and helm: nothing is written',
    before: ['deployed'],
    meanwhile: ['deployed', 'pending-upgrade'],
    expected: {
      calls: [],
      outcome: 'RELEASE_CHANGED release n/r was at revision 1 (deployed) and is now at revision 2 (pending-upgrade)',
    },
  },
  {
    name: 'another deployer installs between preflight and helm: nothing is written',
    before: [],
    meanwhile: ['pending-install'],
    expected: {
      calls: [],
      outcome: 'RELEASE_CHANGED release n/r was absent and is now at revision 1 (pending-install)',
    },
  },
  {
    name: 'two upgrades at the same time: helm finds the revision of the other one, which has just succeeded',
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed'], exit: 1, stderr: EXISTS },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 1,
        notes: ['helm made no revision; revision 2 (deployed) does not belong to this run and is kept'],
      },
    },
  },
  {
    name: "helm finds another deployer's pending revision",
    before: ['deployed'],
    upgrade: { history: ['deployed', 'pending-upgrade'], exit: 1, stderr: BUSY },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 1,
        notes: ['helm made no revision; revision 2 (pending-upgrade) does not belong to this run and is kept'],
      },
    },
  },
  {
    name: 'two first installations at the same time: the successful one is not uninstalled',
    before: [],
    upgrade: { history: ['deployed'], exit: 1, stderr: EXISTS },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: null,
        notes: ['helm made no revision; revision 1 (deployed) does not belong to this run and is kept'],
      },
    },
  },
  {
    name: 'another deployer completes while helm starts: our failed upgrade is rolled back to their revision',
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'superseded', 'failed*', 'deployed=2'],
    expected: {
      calls: ['upgrade', 'rollback 2'],
      outcome: { status: 'rolled-back', revision: 4, notes: ['rolled back to revision 2'] },
    },
  },
  {
    name: 'another deployer starts after our failure: its revision is not touched',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*', 'pending-upgrade*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['another deployer made revision 3 while helm was running (pending-upgrade): check `helm history`'],
      },
    },
  },
  {
    name: 'a user repairs our failure before we do: their revision stays',
    before: ['deployed'],
    upgrade: { history: ['superseded', 'failed*', 'deployed*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['another deployer made revision 3 while helm was running: it stays'],
      },
    },
  },
  {
    name: 'another deployer starts while the rollback starts: it is reported',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['deployed', 'failed*', 'pending-upgrade', 'deployed=1'],
    expected: {
      calls: ['upgrade', 'rollback 1'],
      outcome: {
        status: 'rolled-back',
        revision: 3,
        notes: [
          'rolled back to revision 1',
          'another deployer made revision 3 during the rollback (pending-upgrade): check `helm history`',
        ],
      },
    },
  },
  {
    name: 'another deployer completes while the rollback starts: their revision is restored',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'failed*', 'superseded', 'deployed=1'],
    expected: {
      calls: ['upgrade', 'rollback 1', 'rollback 3'],
      outcome: {
        status: 'rolled-back',
        revision: 5,
        notes: ['rolled back to revision 1', 'another deployer made revision 3 during the rollback: restored'],
      },
    },
  },
  {
    name: 'another deployer completed while helm started, and our upgrade succeeds: our revision is reported',
    before: ['deployed'],
    upgrade: { history: ['superseded', 'superseded', 'deployed*'], exit: 0 },
    expected: { calls: ['upgrade'], outcome: { status: 'deployed', revision: 3, notes: [] } },
  },
  {
    name: "a user's rollback completes while helm waits, and helm succeeds: the run fails, and their revision is the only deployed one",
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed*', 'deployed=1'], exit: 0 },
    expected: {
      calls: ['upgrade', 'rollback 3'],
      outcome: {
        status: 'failed',
        revision: 4,
        notes: ['another deployer made revision 3 while helm was running: restored'],
      },
      error: 'RELEASE_OVERTAKEN another deployer made revision 3 (deployed) of n/r while this run deployed revision 2',
    },
  },
  {
    name: "a user's rollback is still in progress when helm succeeds: the run fails, and the rollback is not touched",
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed*', 'pending-rollback'], exit: 0 },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 3,
        notes: ['another deployer made revision 3 while helm was running (pending-rollback): check `helm history`'],
      },
    },
  },
  {
    name: 'a user uninstalls while helm waits, and helm succeeds: the run fails',
    before: ['deployed'],
    upgrade: { history: [], exit: 0 },
    expected: {
      calls: ['upgrade'],
      outcome: { status: 'failed', revision: null, notes: [] },
      error: 'RELEASE_OVERTAKEN another deployer uninstalled n/r while this run deployed revision 2',
    },
  },
  {
    name: "our rollback overtakes a user's rollback: their revision is restored",
    before: ['superseded', 'deployed'],
    upgrade: { history: ['superseded', 'deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'superseded', 'failed*', 'deployed=2', 'superseded=1'],
    expected: {
      calls: ['upgrade', 'rollback 2', 'rollback 5'],
      outcome: {
        status: 'rolled-back',
        revision: 6,
        notes: ['rolled back to revision 2', 'another deployer made revision 5 during the rollback: restored'],
      },
    },
  },
  {
    name: "a user's rollback to the same revision as ours: nothing is left to do",
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'failed*', 'superseded=1', 'deployed=1'],
    expected: {
      calls: ['upgrade', 'rollback 1'],
      outcome: { status: 'rolled-back', revision: 3, notes: ['rolled back to revision 1'] },
    },
  },
  {
    name: 'another deployer completes while the rollback starts, which then fails: their revision is restored',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'failed*', 'superseded', 'deployed=1'],
    undoFails: true,
    open: ['rollback'],
    expected: {
      calls: ['upgrade', 'rollback 1', 'rollback 3'],
      outcome: {
        status: 'failed',
        revision: 5,
        notes: [
          'rollback failed too: helm rollback: exited without a message',
          'another deployer made revision 3 during the rollback: restored',
        ],
      },
    },
  },
  {
    name: 'helm succeeds, and its own record, the newest one, does not say deployed: the run fails',
    before: ['deployed'],
    upgrade: { history: ['deployed', 'superseded*'], exit: 0 },
    expected: { calls: ['upgrade'], outcome: { status: 'failed', revision: 2, notes: [] } },
  },
  {
    name: 'helm succeeds without a record of its own, and the newest one is of another deployer: the run fails',
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed'], exit: 0 },
    expected: {
      calls: ['upgrade'],
      outcome: { status: 'failed', revision: 2, notes: [] },
      error: 'RELEASE_OVERTAKEN another deployer made revision 2 (deployed) of n/r while this run deployed revision 2',
    },
  },
  {
    name: 'the revision is not the prepared one: the run fails',
    before: ['deployed'],
    upgrade: { history: ['superseded', 'deployed*=7'], exit: 0 },
    expected: {
      calls: ['upgrade'],
      outcome: { status: 'failed', revision: 2, notes: [] },
      error: 'HELM_CHART revision 2 of n/r is not what this run had prepared',
    },
  },
]

for (const one of CASES) {
  test(`${one.name}`, { skip: one.skip ?? false }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-rivals-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const fixture = await openFixture(folder, one)
    const run = await createRunFolder(folder)
    const outcome = await deployRelease(
      {
        cluster: 'c',
        helm: fixture.helm,
        client: NOTHING,
        folder: run,
        target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
        timeout: '5m',
        report: () => undefined,
        signal: one.interrupted ? AbortSignal.abort() : t.signal,
        history: fixture.history,
        content: fixture.content,
      },
      {
        options: {
          chart: 'chart',
          valuesFiles: [],
          timeout: '5m',
          wait: true,
          forceConflicts: false,
          description: 'test',
        },
        parts: {
          namespace: 'n',
          selector: undefined,
          statusConfigMap: undefined,
          configHash: undefined,
          ramChanged: false,
        },
        desired: contentOf('desired'),
        exact: true,
        history: revisions(one.before, ''),
        rollback: one.rollback ?? true,
        uninstallOnFailedInstall: !one.keepFailed,
        otherMs: one.settles ? 60_000 : 0,
      },
    ).then(
      ({ status, revision, notes, error }) => {
        if (one.expected.error !== undefined) assert.equal(`${error?.code} ${error?.message}`, one.expected.error)
        return { status, revision, notes: notes.map((note) => note.replace(folder, 'FOLDER')) }
      },
      (error) => `${error.code} ${error.message}`,
    )
    const { calls, outcome: expected } = one.expected
    assert.deepEqual({ calls: one.interrupted ? [] : await fixture.calls(), outcome }, { calls, outcome: expected })
    if (one.full) await rename(join(folder, 'journal.jsonl'), join(run.path, 'journal.jsonl'))
    const { helm } = await readOpenWork(run)
    assert.deepEqual(
      helm.map(({ command }) => command),
      one.open ?? [],
    )
  })
}

/**
 * Responses to a dry run and to the watch, which asks for Pods and for a report. There are no Pods
 * and no report.
 */
const CONFIG_MAPS = { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] }
const NOTHING = {
  request: async ({ path }: { readonly path: string }) =>
    path === '/api/v1' ? CONFIG_MAPS : { metadata: {}, items: [] },
  close: () => undefined,
} as unknown as KubeClient

function contentOf(by: string): ReleaseContent {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', namespace: 'n', body: { data: { by } } }
  return { chart: 'c-1.0.0', values: {}, objects: [object], hooks: [] }
}

function revisions(records: readonly Record[], own: string): readonly Revision[] {
  const all = records.map((text, index) => ({
    revision: index + 1,
    status: text.replace(/[*=].*/, '') as Revision['status'],
    updated: '2001-09-09T01:46:40.000Z',
    ...(text.includes('*') && { step: { id: own, timeoutSeconds: 300 } }),
  }))
  return all.filter((_, index) => records[index] !== 'pruned')
}

/** A program in place of helm that records its calls, and a history that these calls change. */
async function openFixture(
  folder: string,
  { before, meanwhile, first, upgrade, settles, undo, undoFails, full, again, rollbackError }: Case,
) {
  const log = join(folder, 'calls')
  const path = join(folder, 'helm')
  await writeFile(log, '')
  const journal = 'acr-nopass-*/journal.jsonl'
  const fill = full ? `cd ${folder}; j=$(echo ${journal}); mv $j .; ln -s /dev/full $j; ` : ''
  const refuse = `echo '${upgrade?.stderr ?? ''}' >&2; exit ${upgrade?.exit ?? 0}`
  const fails = undoFails === true ? 99 : Number(undoFails ?? 0)
  const rollback = `if test $(grep -c ^rollback ${log}) -le ${fails}; then echo '${rollbackError ?? ''}' >&2; exit 1; fi`
  await writeFile(
    path,
    `#!/bin/sh\necho "$*" >> ${log}\ncase "$1 $3" in upgrade*) ${fill}${refuse};; "rollback 1") ${rollback};; esac\n`,
  )
  await chmod(path, 0o700)
  const read = async (): Promise<readonly string[]> => (await readFile(log, 'utf8')).split('\n').filter(Boolean)
  const own = (calls: readonly string[]): string => /acr-nopass\.io\/step=([^,]+),/.exec(calls.join())?.[1] ?? ''
  let reads = 0
  const records = async (): Promise<readonly Record[]> => {
    const calls = await read()
    if (calls.length === 0) return meanwhile ?? before
    if (calls.length === 1 && settles !== undefined && reads++ > 0) return settles
    const after = [first, again, upgrade?.history, undo].filter((history) => history !== undefined)
    return after[calls.length - 1] ?? after.at(-1) ?? []
  }
  const helm: Helm = {
    path,
    environment: { PATH: '/usr/bin:/bin' },
    version: { major: 4, minor: 3, patch: 1, text: '4.3.1' },
  } as Helm
  return {
    helm,
    async history(): Promise<readonly Revision[]> {
      return revisions(await records(), own(await read()))
    },
    async content(revision: number): Promise<ReleaseContent> {
      const record = (await records())[revision - 1] ?? assert.fail()
      const [, same] = /=(\d+)/.exec(record) ?? []
      return contentOf(same ?? (record.includes('*') ? 'desired' : String(revision)))
    },
    calls: async (): Promise<readonly string[]> =>
      (await read()).map((line) => {
        const [command = '', , third = ''] = line.split(' ')
        return command === 'rollback' ? `${command} ${third}` : command
      }),
  }
}
