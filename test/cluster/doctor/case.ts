import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding, FindingId, Severity } from '../../../src/doctor/finding.ts'
import { eventually } from '../../support/eventually.ts'
import { runDoctor } from './run-doctor.ts'

/** One way in which a cluster is broken, made for real, and what doctor has to say of it. */
export interface BrokenCase<Fixture> {
  readonly title: string
  readonly id: FindingId
  /** Default: error. */
  readonly severity?: Severity
  /** After `doctor`: `pod shop/x --ask-registry`, `-n keys`. */
  readonly args?: readonly string[]
  make(fixture: Fixture): Promise<unknown>
  /** In the cause, the fix and the command. */
  readonly says: RegExp
  /** Ends it, by the finding's own fix where that is one; afterwards doctor finds nothing again. */
  fix(fixture: Fixture, finding: Finding): Promise<unknown>
}

export interface CaseFixture {
  readonly kubeconfig: string
  /** The user's environment; default: an empty one, without credentials of the cloud. */
  readonly env?: Readonly<Record<string, string>>
  /** Findings that are no news for these arguments. */
  known(args: readonly string[]): readonly FindingId[]
}

const LIMIT_MS = 120_000

/** One test per case, which is named with its cause and fix, and after the fix there is nothing left to say. */
export function testCases<Fixture extends CaseFixture>(
  open: () => Fixture,
  cases: readonly BrokenCase<Fixture>[],
): void {
  for (const { title, id, severity = 'error', args = [], make, says, fix } of cases) {
    test(`doctor names ${id}: ${title}`, async () => {
      const fixture = open()
      await make(fixture)
      const finding = await eventually(async () => {
        const { findings } = (await runDoctor(fixture.kubeconfig, args, fixture.env)).report
        const found = findings.filter((one) => one.id === id)
        const words = found.map(({ cause, fix, command = '' }) => `${cause}\n${fix}\n${command}`)
        const at = words.findIndex((text) => says.test(text))
        assert.ok(at >= 0, `${id} with ${says}, but: ${JSON.stringify(findings, null, 1)}`)
        return found[at] as Finding
      }, LIMIT_MS)
      assert.equal(finding.severity, severity)
      assert.ok(finding.command !== undefined && finding.command !== '', 'each finding says a command')
      await fix(fixture, finding)
      if (!args.includes('pod')) await untilHealthy(fixture, args)
    })
  }
}

/** Until doctor has no error and no warning left but what is known. */
export async function untilHealthy(fixture: CaseFixture, args: readonly string[] = []): Promise<void> {
  await eventually(async () => {
    const { report } = await runDoctor(fixture.kubeconfig, args, fixture.env)
    const news = report.findings.filter(({ id, severity }) => severity !== 'info' && !fixture.known(args).includes(id))
    assert.deepEqual(news, [])
  }, LIMIT_MS)
}
