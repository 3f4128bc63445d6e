import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { type Finding, type FindingId, judgeHealth, type Severity } from '../../src/doctor/finding.ts'
import type { Observed } from '../../src/doctor/observed.ts'

export interface Row {
  readonly title: string
  readonly observed: Observed
  readonly finds: readonly (readonly [Severity, FindingId, string])[]
  /** The message of the first finding. */
  readonly says?: string
  /** A pattern in the cause, the fix or the command of the first finding. */
  readonly message?: RegExp
  /** The `healthy` of the report. */
  readonly healthy?: boolean | null
}

/** Runs one test per row: exactly these findings, in this order, each complete. */
export function testFindings(rows: readonly Row[]): void {
  for (const { title, observed, finds, says, message, healthy } of rows) {
    test(`doctor: ${title}`, () => {
      const findings = diagnose(observed)
      assert.deepEqual(
        findings.map(({ severity, id, subject }) => [severity, id, subject]),
        finds,
      )
      if (healthy !== undefined) assert.equal(judgeHealth(findings, observed.unread.length), healthy)
      const [first] = findings
      if (says !== undefined) assert.equal(first?.message, says)
      if (message) assert.match(`${first?.cause}\n${first?.fix}\n${first?.command}`, message)
      assertComplete(findings)
    })
  }
}

/** Checks that every finding says what, where, why and the fix, in sentences without a gap. */
function assertComplete(findings: readonly Finding[]): void {
  for (const { id, subject, message, cause, fix } of findings) {
    for (const text of [subject, message, cause, fix]) {
      assert.match(text, /\S/, id)
      assert.doesNotMatch(text, /undefined|NaN|\[object| {2}|^ | $|\(\)/, `${id}: ${text}`)
    }
  }
}
