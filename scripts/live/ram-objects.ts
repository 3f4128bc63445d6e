import { createRam, type Ram, ramChange } from '../../src/alibaba/ram.ts'
import type { Parameters } from '../../src/alibaba/transport/signature.ts'
import { NopassError } from '../../src/errors.ts'
import { isRecord, textOf } from '../../src/lib/json.ts'
import { type LiveDeps, targetOf } from './live-deps.ts'
import type { CreatedKind } from './names.ts'

export type RamObjects = ReturnType<typeof createRamObjects>

/** RAM's operations of a run. None of them takes a signal: a write that was sent is awaited. */
export function createRamObjects(deps: Pick<LiveDeps, 'transport' | 'endpoints' | 'caller'>) {
  const ram: Ram = createRam(targetOf(deps, 'ram', deps.caller))
  const ims = async (action: string, query: Parameters, write = false) => {
    const target = targetOf(deps, 'ims', deps.caller)
    return target.transport.call({ ...target, product: 'ims', version: '2019-08-15', action, query, write })
  }
  const send = (change: ReturnType<typeof ramChange>): Promise<unknown> => ram.change(...change)
  const custom = { PolicyType: 'Custom' } as const
  return {
    ram,
    createRole: (role: { name: string; trust: object; seconds: number; description: string }) =>
      send(
        ramChange('CreateRole', {
          RoleName: role.name,
          AssumeRolePolicyDocument: JSON.stringify(role.trust),
          MaxSessionDuration: role.seconds,
          Description: role.description,
        }),
      ),
    setTrust: (name: string, trust: object) =>
      send(ramChange('UpdateRole', { RoleName: name, NewAssumeRolePolicyDocument: JSON.stringify(trust) })),
    createPolicy: (policy: { name: string; document: object; description: string }) =>
      send(
        ramChange('CreatePolicy', {
          PolicyName: policy.name,
          PolicyDocument: JSON.stringify(policy.document),
          Description: policy.description,
        }),
      ),
    attach: (policy: string, role: string) =>
      send(ramChange('AttachPolicyToRole', { PolicyName: policy, RoleName: role, ...custom })),
    detach: (policy: string, role: string) =>
      send(ramChange('DetachPolicyFromRole', { PolicyName: policy, RoleName: role, ...custom })),
    createProvider: (provider: {
      name: string
      issuer: string
      audience: string
      /** Empty: none. */
      fingerprint: string
      description: string
    }) =>
      ims(
        'CreateOIDCProvider',
        {
          OIDCProviderName: provider.name,
          IssuerUrl: provider.issuer,
          ClientIds: provider.audience,
          Fingerprints: provider.fingerprint || undefined,
          Description: provider.description,
        },
        true,
      ),
    /** Returns the fingerprints of an OIDC provider, sorted. */
    fingerprintsOf: async (name: string): Promise<readonly string[]> => {
      const { OIDCProvider } = await ims('GetOIDCProvider', { OIDCProviderName: name })
      const listed = isRecord(OIDCProvider) ? textOf(OIDCProvider.Fingerprints) : ''
      return listed
        .split(',')
        .filter((one) => one !== '')
        .sort()
    },
    delete: async (kind: CreatedKind, name: string): Promise<void> => {
      if (kind === 'role') await send(ramChange('DeleteRole', { RoleName: name }))
      else if (kind === 'policy') await send(ramChange('DeletePolicy', { PolicyName: name }))
      else await ims('DeleteOIDCProvider', { OIDCProviderName: name }, true)
    },
    /** Returns an object's description, or undefined if a read does not show the object. */
    describe: async (kind: CreatedKind, name: string): Promise<string | undefined> => {
      if (kind === 'role') return (await ram.getRole(name))?.description
      if (kind === 'policy') return (await ram.getPolicy(name))?.description
      try {
        const { OIDCProvider } = await ims('GetOIDCProvider', { OIDCProviderName: name })
        return isRecord(OIDCProvider) ? textOf(OIDCProvider.Description) : undefined
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    },
  }
}

/** True if RAM says that an object or an attachment does not exist. */
export function isAbsent(error: unknown): boolean {
  return error instanceof NopassError && error.reason?.startsWith('EntityNotExist.') === true
}

/** The code of a failure, without names: `CLOUD_DENIED NoPermission`, `EAI_AGAIN`. */
export function codeOf(error: unknown): string {
  if (error instanceof NopassError) return [error.code, error.reason].filter(Boolean).join(' ')
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : 'unknown'
}
