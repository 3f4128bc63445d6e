import { type Call, type ParameterRule, rpcOperations } from '../operation.ts'
import { addProvider } from '../ram/entities.ts'
import { alreadyExists, notFound } from '../ram/lookup.ts'
import { oidcProviderArn } from '../ram/ram-views.ts'
import type { OidcProvider } from '../state.ts'

function findProvider(call: Call): OidcProvider {
  const name = call.need('OIDCProviderName')
  const provider = call.account.ram.oidcProviders.get(name.toLowerCase())
  if (provider === undefined) throw notFound('OIDCProvider', name)
  return provider
}

function view(call: Call, provider: OidcProvider): object {
  return {
    OIDCProviderName: provider.name,
    Arn: oidcProviderArn(call.account.id, provider.name),
    IssuerUrl: provider.issuer,
    ClientIds: provider.clientIds.join(','),
    Fingerprints: provider.fingerprints.join(','),
    Description: provider.description,
  }
}

const list = (text: string | undefined): string[] => (text ?? '').split(',').filter((item) => item !== '')

function listProviders(call: Call): object {
  const all = [...call.account.ram.oidcProviders.values()].map((provider) => view(call, provider))
  return { IsTruncated: false, OIDCProviders: { OIDCProvider: all } }
}

function createProvider(call: Call): object {
  const name = call.need('OIDCProviderName')
  if (call.account.ram.oidcProviders.has(name.toLowerCase())) throw alreadyExists('OIDCProvider', name)
  const provider = addProvider(call.account.ram, {
    name,
    issuer: call.need('IssuerUrl'),
    clientIds: list(call.get('ClientIds')),
    fingerprints: list(call.get('Fingerprints')),
    description: call.get('Description') ?? '',
  })
  return { OIDCProvider: view(call, provider) }
}

function updateProvider(call: Call): object {
  const provider = findProvider(call)
  const clientIds = call.get('ClientIds')
  if (clientIds !== undefined) provider.clientIds = list(clientIds)
  provider.description = call.get('NewDescription') ?? provider.description
  return { OIDCProvider: view(call, provider) }
}

function deleteProvider(call: Call): object {
  const provider = findProvider(call)
  call.account.ram.oidcProviders.delete(provider.name.toLowerCase())
  return {}
}

const NAME: ParameterRule = { required: true, pattern: /^[\w.-]{1,128}$/, code: 'InvalidParameter.OIDCProviderName' }
const ISSUER: ParameterRule = { required: true, pattern: /^https:\/\/\S{1,247}$/, code: 'InvalidParameter.IssuerUrl' }
const ONE = { OIDCProviderName: NAME }
const resource = (call: Call): readonly string[] => [
  `acs:ram:*:${call.account.id}:oidc-provider/${call.get('OIDCProviderName') ?? '*'}`,
]

/** IMS 2019-08-15: the OIDC identity providers of RAM. */
export const IMS_OPERATIONS = rpcOperations('Ims', '2019-08-15', {
  GetOIDCProvider: [resource, ONE, (call) => ({ OIDCProvider: view(call, findProvider(call)) })],
  ListOIDCProviders: [resource, {}, listProviders],
  CreateOIDCProvider: [resource, { ...ONE, IssuerUrl: ISSUER }, createProvider],
  UpdateOIDCProvider: [resource, ONE, updateProvider],
  DeleteOIDCProvider: [resource, ONE, deleteProvider],
})
