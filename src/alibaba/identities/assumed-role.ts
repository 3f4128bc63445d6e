import type { CredentialProvider } from '../credentials.ts'
import { assumeRole, type StsTarget } from '../sts.ts'
import { createSessionProvider } from './session-provider.ts'

/** One step of a chain: a role that the identity before it may assume. */
export interface AssumeRoleStep {
  readonly roleArn: string
  readonly externalId?: string | undefined
  readonly durationSeconds?: number | undefined
}

/** `base`, then each role of the chain by the one before it. A fresh session renews the last step only. */
export function createAssumedRoleProvider(
  base: CredentialProvider,
  chain: readonly AssumeRoleStep[],
  target: StsTarget & { readonly sessionName: string },
): CredentialProvider {
  return chain.reduce<CredentialProvider>(
    (previous, step) =>
      createSessionProvider({
        name: `${previous.name} > ${step.roleArn}`,
        clock: target.transport.clock,
        load: (signal) => assumeRole(target, previous, { ...step, sessionName: target.sessionName }, signal),
      }),
    base,
  )
}
