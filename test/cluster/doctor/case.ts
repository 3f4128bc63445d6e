import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding, FindingId, Severity } from '../../../src/doctor/finding.ts'
import { eventually } from '../../support/eventually.ts'
import { runDoctor } from './run-doctor.ts'

/** One misconfiguration, made on a real cluster, and the finding that doctor must report. */
export interface BrokenCase<Fixture> {
  readonly title: string
  readonly id: FindingId
  /** Default: error. */
  readonly severity?: Severity
  /** Arguments after `doctor`: `pod shop/x --ask-registry`, `-n keys`. */
  readonly args?: readonly string[]
  make(fixture: Fixture): Promise<unknown>
  /** Texts that the cause, the fix and the command must contain. */
  readonly message: RegExp
  /**
   * Repairs the misconfiguration, by the finding's own fix if possible. Afterwards doctor finds
   * nothing.
   */
  fix(fixture: Fixture, finding: Finding): Promise<unknown>
}

export interface CaseFixture {
  readonly kubeconfig: string
  /** The user's environment; default: an empty one, without credentials of the cloud. */
  readonly env?: Readonly<Record<string, string>>
  /** Findings that are expected with these arguments. */
  known(args: readonly string[]): readonly FindingId[]
}

const LIMIT_MS = 120_000

/**
 * Runs one test per case: the finding has its cause and fix, and after the fix doctor finds
 * nothing.
 */
export function testCases<Fixture extends CaseFixture>(
  open: () => Fixture,
  cases: readonly BrokenCase<Fixture>[],
): void {
  for (const { title, id, severity = 'error', args = [], make, message, fix } of cases) {
    test(`doctor names ${id}: ${title}`, async () => {
      const fixture = open()
      await make(fixture)
      const finding = await eventually(async () => {
        const { findings } = (await runDoctor(fixture.kubeconfig, args, fixture.env)).report
        // At first, a Pod that has not tried to pull is a warning.
        const found = findings.filter((one) => one.id === id && one.severity === severity)
        const words = found.map(({ cause, fix, command = '' }) => `${cause}\n${fix}\n${command}`)
        const at = words.findIndex((text) => message.test(text))
        assert.ok(at >= 0, `${severity} ${id} with ${message}, but: ${JSON.stringify(findings, null, 1)}`)
        return found[at] as Finding
      }, LIMIT_MS)
      assert.ok(finding.command !== undefined && finding.command !== '', 'each finding has a command')
      await fix(fixture, finding)
      if (!args.includes('pod')) await untilHealthy(fixture, args)
    })
  }
}

/** Waits until doctor reports no error and no warning except the expected ones. */
export async function untilHealthy(fixture: CaseFixture, args: readonly string[] = []): Promise<void> {
  await eventually(async () => {
    const { report } = await runDoctor(fixture.kubeconfig, args, fixture.env)
    const news = report.findings.filter(({ id, severity }) => severity !== 'info' && !fixture.known(args).includes(id))
    assert.deepEqual(news, [])
  }, LIMIT_MS)
}
