import type { CredentialProvider } from '../credentials.ts'
import { assumeRole, type StsTarget } from '../sts.ts'
import { createSessionProvider } from './session-provider.ts'

/** One step of a chain: a role that the previous identity may assume. */
export interface AssumeRoleStep {
  readonly roleArn: string
  readonly externalId?: string | undefined
  readonly durationSeconds?: number | undefined
}

/** Each role of the chain is assumed by the previous one, the first by `base`. `fresh` renews the last step only. */
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
