import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Helm } from '../../src/helm/obtain/find-helm.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { type DeployOutcome, deployRelease } from '../../src/rollout/deploy/deploy-release.ts'
import { createRunFolder } from '../../src/rollout/run-folder.ts'

/** `deployed`: of a rival; `deployed*`: with the label of our step. */
type Record = `${Revision['status']}${'' | '*'}`

/** What others do at each place of the sequence, and what helm says to us. */
interface Case {
  readonly name: string
  /** The history that the preflight saw. */
  readonly seen: readonly Record[]
  /** What happened between the preflight and helm. */
  readonly meanwhile?: readonly Record[]
  /** The history when our `helm upgrade` ends, and how it ends. */
  readonly upgrade?: { readonly history: readonly Record[]; readonly exit: number; readonly stderr?: string }
  /** The history when our rollback ends. */
  readonly undo?: readonly Record[]
  readonly rollback?: boolean
  readonly expected: {
    readonly calls: readonly string[]
    readonly outcome: Pick<DeployOutcome, 'status' | 'revision' | 'notes'> | string
  }
}

const BUSY = 'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress'
const EXISTS = 'Error: release: already exists'
const TIMEOUT = 'Error: UPGRADE FAILED: context deadline exceeded'

const CASES: readonly Case[] = [
  {
    name: 'nobody else: a failed upgrade goes back',
    seen: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'failed*', 'deployed'],
    expected: {
      calls: ['upgrade', 'rollback 1'],
      outcome: { status: 'rolled-back', revision: 3, notes: ['rolled back to revision 1'] },
    },
  },
  {
    name: 'a rival completes between preflight and helm: nothing is written',
    seen: ['deployed'],
    meanwhile: ['superseded', 'deployed'],
    expected: {
      calls: [],
      outcome: 'RELEASE_CHANGED release n/r was at revision 1 (deployed) and is now at revision 2 (deployed)',
    },
  },
  {
    name: 'a rival is at work between preflight and helm: nothing is written',
    seen: ['deployed'],
    meanwhile: ['deployed', 'pending-upgrade'],
    expected: {
      calls: [],
      outcome: 'RELEASE_CHANGED release n/r was at revision 1 (deployed) and is now at revision 2 (pending-upgrade)',
    },
  },
  {
    name: 'a rival installs between preflight and helm: nothing is written',
    seen: [],
    meanwhile: ['pending-install'],
    expected: {
      calls: [],
      outcome: 'RELEASE_CHANGED release n/r was absent and is now at revision 1 (pending-install)',
    },
  },
  {
    name: 'twins: helm finds the record of the other one, which has just become green',
    seen: ['deployed'],
    upgrade: { history: ['superseded', 'deployed'], exit: 1, stderr: EXISTS },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 1,
        notes: ['helm made no revision; revision 2 (deployed) is not of this run and stays'],
      },
    },
  },
  {
    name: 'a rival is pending when helm looks',
    seen: ['deployed'],
    upgrade: { history: ['deployed', 'pending-upgrade'], exit: 1, stderr: BUSY },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 1,
        notes: ['helm made no revision; revision 2 (pending-upgrade) is not of this run and stays'],
      },
    },
  },
  {
    name: 'twins of a first installation: the green one is not uninstalled',
    seen: [],
    upgrade: { history: ['deployed'], exit: 1, stderr: EXISTS },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: null,
        notes: ['helm made no revision; revision 1 (deployed) is not of this run and stays'],
      },
    },
  },
  {
    name: 'a rival completes while helm starts: ours goes back to the revision of the rival',
    seen: ['deployed'],
    upgrade: { history: ['superseded', 'deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'superseded', 'failed*', 'deployed'],
    expected: {
      calls: ['upgrade', 'rollback 2'],
      outcome: { status: 'rolled-back', revision: 4, notes: ['rolled back to revision 2'] },
    },
  },
  {
    name: 'a rival begins after our failure: it is left alone',
    seen: ['deployed'],
    upgrade: { history: ['deployed', 'failed*', 'pending-upgrade*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['helm made revision 2; revision 3 (pending-upgrade) is not of this run and stays'],
      },
    },
  },
  {
    name: 'a person repairs our failure before we do: their revision stays',
    seen: ['deployed'],
    upgrade: { history: ['superseded', 'failed*', 'deployed*'], exit: 1, stderr: TIMEOUT },
    expected: {
      calls: ['upgrade'],
      outcome: {
        status: 'failed',
        revision: 2,
        notes: ['helm made revision 2; revision 3 (deployed) is not of this run and stays'],
      },
    },
  },
  {
    name: 'a rival slips in while the rollback starts: reported',
    seen: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['deployed', 'failed*', 'pending-upgrade', 'deployed'],
    expected: {
      calls: ['upgrade', 'rollback 1'],
      outcome: {
        status: 'rolled-back',
        revision: 3,
        notes: [
          'rolled back to revision 1',
          'another deployer made revision 3 during the rollback: check `helm history`',
        ],
      },
    },
  },
  {
    name: 'a rival completes while the rollback starts: its green revision is restored',
    seen: ['deployed'],
    upgrade: { history: ['deployed', 'failed*'], exit: 1, stderr: TIMEOUT },
    undo: ['superseded', 'failed*', 'superseded', 'deployed'],
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
    name: 'success after a rival that completed while helm started: the revision is the one of the step',
    seen: ['deployed'],
    upgrade: { history: ['superseded', 'superseded', 'deployed*'], exit: 0 },
    expected: { calls: ['upgrade'], outcome: { status: 'deployed', revision: 3, notes: [] } },
  },
]

for (const one of CASES) {
  test(`C1 ${one.name}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-rivals-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const world = await openWorld(folder, one)
    const outcome = await deployRelease(
      {
        cluster: 'c',
        helm: world.helm,
        client: NOTHING,
        folder: await createRunFolder(folder),
        target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
        options: {
          chart: 'chart',
          valuesFiles: [],
          timeout: '5m',
          wait: true,
          createNamespace: false,
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
        hooks: 0,
        store: { history: world.history, content: () => assert.fail() },
        history: revisions(one.seen, ''),
        rollback: one.rollback ?? true,
        uninstallOnFailedInstall: true,
        report: () => undefined,
      },
      t.signal,
    ).then(
      ({ status, revision, notes }) => ({ status, revision, notes }),
      (error) => `${error.code} ${error.message}`,
    )
    assert.deepEqual({ calls: await world.calls(), outcome }, one.expected)
  })
}

/** The watch asks for Pods and for a report, of which there are none here. */
const NOTHING = { request: async () => ({ items: [] }), close: () => undefined } as unknown as KubeClient

function revisions(records: readonly Record[], own: string): readonly Revision[] {
  return records.map((text, index) => ({
    revision: index + 1,
    status: text.replace('*', '') as Revision['status'],
    updated: '',
    ...(text.endsWith('*') && { step: { id: own, timeoutSeconds: 300 } }),
  }))
}

/** A program in the place of helm, which notes its calls, and a history that moves with them. */
async function openWorld(folder: string, { seen, meanwhile, upgrade, undo }: Case) {
  const log = join(folder, 'calls')
  const path = join(folder, 'helm')
  await writeFile(log, '')
  const refuse = `echo '${upgrade?.stderr ?? ''}' >&2; exit ${upgrade?.exit ?? 0}`
  await writeFile(path, `#!/bin/sh\necho "$*" >> ${log}\ncase $1 in upgrade) ${refuse};; esac\n`)
  await chmod(path, 0o700)
  const read = async (): Promise<readonly string[]> => (await readFile(log, 'utf8')).split('\n').filter(Boolean)
  const helm: Helm = {
    path,
    environment: { PATH: '/usr/bin:/bin' },
    version: { major: 4, minor: 3, patch: 1, text: '4.3.1' },
  } as Helm
  return {
    helm,
    async history(): Promise<readonly Revision[]> {
      const calls = await read()
      const own = /acr-nopass\.io\/step=([^,]+),/.exec(calls[0] ?? '')?.[1] ?? ''
      if (calls.length === 0) return revisions(meanwhile ?? seen, own)
      return revisions((calls.length === 1 ? upgrade?.history : undo) ?? [], own)
    },
    calls: async (): Promise<readonly string[]> =>
      (await read()).map((line) => {
        const [command = '', , third = ''] = line.split(' ')
        return command === 'rollback' ? `${command} ${third}` : command
      }),
  }
}
