import { type Call, operationsOf } from '../operation.ts'
import { oidcProviderArn } from '../ram/arn.ts'
import { addProvider, entityOf, newName, resourceOf } from '../ram/entities.ts'
import type { OidcProvider } from '../state.ts'

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
  const all = [...call.account.ram.OIDCProvider.values()].map((provider) => view(call, provider))
  return { IsTruncated: false, OIDCProviders: { OIDCProvider: all } }
}

function createProvider(call: Call): object {
  const provider = addProvider(call.account.ram, {
    name: newName(call, 'OIDCProvider'),
    issuer: call.need('IssuerUrl'),
    clientIds: list(call.get('ClientIds')),
    fingerprints: list(call.get('Fingerprints')),
    description: call.get('Description') ?? '',
  })
  return { OIDCProvider: view(call, provider) }
}

function updateProvider(call: Call): object {
  const provider = entityOf(call, 'OIDCProvider')
  const clientIds = call.get('ClientIds')
  if (clientIds !== undefined) provider.clientIds = list(clientIds)
  provider.description = call.get('NewDescription') ?? provider.description
  return { OIDCProvider: view(call, provider) }
}

function deleteProvider(call: Call): object {
  call.account.ram.OIDCProvider.delete(entityOf(call, 'OIDCProvider').name.toLowerCase())
  return {}
}

const NAME = { OIDCProviderName: { required: true, pattern: /^[\w.-]{1,128}$/ } }
const ISSUER = { IssuerUrl: { required: true, pattern: /^https:\/\/\S{1,247}$/ } }
const resource = resourceOf('OIDCProvider')

/** IMS 2019-08-15: the OIDC identity providers of RAM. */
export const IMS_OPERATIONS = operationsOf('Ims', '2019-08-15', {
  GetOIDCProvider: [resource, NAME, (call) => ({ OIDCProvider: view(call, entityOf(call, 'OIDCProvider')) })],
  ListOIDCProviders: [resource, {}, listProviders],
  CreateOIDCProvider: [resource, { ...NAME, ...ISSUER }, createProvider],
  UpdateOIDCProvider: [resource, NAME, updateProvider],
  DeleteOIDCProvider: [resource, NAME, deleteProvider],
})
