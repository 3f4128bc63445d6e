import type { Ram, Tag } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { NopassError } from '../errors.ts'
import { documentText } from './document.ts'
import { OWNER_TAG, ownDescription } from './names.ts'
import type { PolicyStep } from './policy-target.ts'

/** Does one step by one call (adopting: two; creating: a second one without the tag). Returns what could not be done as usual. */
export async function performStep(
  ram: Ram,
  step: PolicyStep,
  purpose: string,
  signal?: AbortSignal,
): Promise<Unverified | undefined> {
  const description = ownDescription(purpose)
  switch (step.do) {
    case 'create-role': {
      const role = { name: step.role, trust: JSON.stringify(step.trust), description }
      return createTagged(`role ${step.role}`, (tags) => ram.createRole({ ...role, tags }, signal))
    }
    case 'update-trust':
      await ram.updateRole({ name: step.role, trust: JSON.stringify(step.after) }, signal)
      return
    case 'create-policy': {
      const document = documentText(step.document, `policy ${step.policy}`)
      const policy = { name: step.policy, document, description: ownDescription(purpose, step.members) }
      return createTagged(`policy ${step.policy}`, (tags) => ram.createPolicy({ ...policy, tags }, signal))
    }
    case 'adopt-policy':
      await ram.tag('policy', step.policy, [OWNER_TAG], signal)
      await ram.updatePolicyDescription(step.policy, description, signal)
      return
    case 'record-members':
      await ram.updatePolicyDescription(step.policy, ownDescription(purpose, step.members), signal)
      return
    case 'update-policy':
      await ram.createPolicyVersion(step.policy, documentText(step.after, `policy ${step.policy}`), signal)
      return
    case 'attach':
      await ram.attachPolicy(step.policy, step.role, signal)
      return
    case 'detach':
      await ram.detachPolicy(step.policy, step.role, signal)
      return
    case 'delete-policy':
      await ram.deletePolicy(step.policy, signal)
      return
    case 'delete-role':
      await ram.deleteRole(step.role, signal)
      return
  }
}

/**
 * Whether creating with a tag needs `ram:TagResources` as well is documented nowhere. A denial is therefore followed by one
 * attempt without the tag: the description carries the mark too.
 */
async function createTagged(
  what: string,
  create: (tags: readonly Tag[]) => Promise<void>,
): Promise<Unverified | undefined> {
  try {
    await create([OWNER_TAG])
    return undefined
  } catch (error) {
    if (!(error instanceof NopassError) || error.code !== 'CLOUD_DENIED') throw error
    await create([])
    return { id: 'TAGS_DENIED', subject: what }
  }
}
