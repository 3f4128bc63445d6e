import { normalForm, type PolicyDocument, withoutGrants } from './normal-form.ts'
import type { PolicyStep } from './policy-target.ts'

/**
 * Records what one piece of work has sent to RAM. RAM's reads may lag behind its writes
 * (docs/en/decisions.md#ram-races), so each read is compared with the record. If RAM accepted a
 * step that a read does not show yet, the step is not sent again.
 */
export function createLedger() {
  /** Steps that RAM accepted, or refused because their effect already exists. */
  const accepted = new Set<string>()
  const unanswered = new Map<string, PolicyStep>()
  /**
   * For each object: documents that a late read may still show, and the newest version that we
   * wrote.
   */
  const written = new Map<string, { readonly documents: Set<string>; version: number }>()

  function isOlder(step: PolicyStep): boolean {
    const own = 'after' in step ? written.get(objectOf(step)) : undefined
    if (own === undefined || !('after' in step)) return true
    const shown = versionNumber('version' in step ? step.version : undefined)
    return own.documents.has(normalText(step.before)) && !(shown > own.version)
  }

  return {
    /** `version`: the ID that RAM gave to the new version of a policy. */
    accept(step: PolicyStep, version?: string): void {
      accepted.add(effectOf(step))
      unanswered.delete(objectOf(step))
      if (!('after' in step)) return
      const own = written.get(objectOf(step)) ?? { documents: new Set(), version: Number.NaN }
      own.documents.add(normalText(step.before)).add(normalText(step.after))
      own.version = versionNumber(version)
      written.set(objectOf(step), own)
    },
    /**
     * RAM refused the step because its effect already exists. Another run made it, or a write whose
     * response was lost.
     */
    find: (step: PolicyStep): void => void accepted.add(effectOf(step)),
    /** The step's response was lost, so RAM may have performed it. */
    lose: (step: PolicyStep): void => void unanswered.set(objectOf(step), step),
    /** True if RAM accepted this step and a read does not show it yet. */
    isLate: (step: PolicyStep): boolean => accepted.has(effectOf(step)) && isOlder(step),
    /**
     * True if a read shows a document that we did not write and that is not from before our write.
     */
    isForeign: (step: PolicyStep): boolean => 'after' in step && written.has(objectOf(step)) && !isOlder(step),
    /**
     * Returns the unanswered steps that have taken effect: the read from which `steps` was computed
     * shows it. Returns each such step only once.
     */
    takeSeen(steps: readonly PolicyStep[]): readonly PolicyStep[] {
      const open = new Set(steps.map(objectOf))
      const seen = [...unanswered].filter(([object]) => !open.has(object))
      for (const [object] of seen) unanswered.delete(object)
      return seen.map(([, step]) => step)
    },
    unanswered: (): readonly PolicyStep[] => [...unanswered.values()],
  }
}

/** True if a step takes a permission away. */
export function removesPermission(step: PolicyStep): boolean {
  return isRemoval(step) || ('after' in step && withoutGrants(step.before, step.after).Statement.length > 0)
}

/** True if a step removes a whole attachment, policy or role. */
export function isRemoval(step: PolicyStep): boolean {
  return step.do === 'detach' || step.do === 'delete-policy' || step.do === 'delete-role'
}

function objectOf(step: PolicyStep): string {
  return [step.do, 'policy' in step ? step.policy : '', 'role' in step ? step.role : ''].join(' ')
}

function effectOf(step: PolicyStep): string {
  const content = 'after' in step ? normalText(step.after) : step.do === 'record-members' ? step.members.join(' ') : ''
  return `${objectOf(step)} ${content}`
}

const normalText = (document: PolicyDocument): string => JSON.stringify(normalForm(document))

/**
 * RAM numbers the versions of a policy: v1, v2, … (CreatePolicyVersion, `VersionId`). NaN if
 * unknown, which never compares as newer.
 */
function versionNumber(id = ''): number {
  return Number(/^v(\d+)$/.exec(id)?.[1])
}
