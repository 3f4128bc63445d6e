import type { Ram } from '../alibaba/ram.ts'
import { documentText, trustText } from './document.ts'
import { OWNER_TAG, ownDescription } from './names.ts'
import type { PolicyStep } from './policy-target.ts'

/** Does one step by one call (adopting: two). */
export async function performStep(ram: Ram, step: PolicyStep, purpose: string, signal?: AbortSignal): Promise<void> {
  const description = ownDescription(purpose)
  switch (step.do) {
    case 'create-role': {
      const trust = trustText(step.trust, step.role)
      return ram.createRole({ name: step.role, trust, description, tags: [OWNER_TAG] }, signal)
    }
    case 'update-trust':
      return ram.updateRole({ name: step.role, trust: trustText(step.after, step.role) }, signal)
    case 'create-policy': {
      const document = documentText(step.document, `policy ${step.policy}`)
      return ram.createPolicy({ name: step.policy, document, description, tags: [OWNER_TAG] }, signal)
    }
    case 'adopt-policy':
      await ram.tag('policy', step.policy, [OWNER_TAG], signal)
      return ram.updatePolicyDescription(step.policy, description, signal)
    case 'update-policy':
      return ram.createPolicyVersion(step.policy, documentText(step.after, `policy ${step.policy}`), signal)
    case 'attach':
      return ram.attachPolicy(step.policy, step.role, signal)
    case 'detach':
      return ram.detachPolicy(step.policy, step.role, signal)
    case 'delete-policy':
      return ram.deletePolicy(step.policy, signal)
    case 'delete-role':
      return ram.deleteRole(step.role, signal)
  }
}
