import { attachmentFindings } from './attachment-findings.ts'
import { type Finding, sortFindings } from './finding.ts'
import type { Observed } from './observed.ts'
import { podFindings } from './pod-findings.ts'
import { registryFindings } from './registry-findings.ts'
import { releaseFindings } from './release-findings.ts'
import { secretFindings } from './secret-findings.ts'

/** Everything that a person should know of what was observed, worst first. Pure. */
export function diagnose(observed: Observed): readonly Finding[] {
  return sortFindings([
    ...registryFindings(observed),
    ...releaseFindings(observed),
    ...secretFindings(observed),
    ...attachmentFindings(observed),
    ...podFindings(observed),
  ])
}
