import { ApiError, type Call, operationsOf } from '../operation.ts'
import { oidcProviderArn } from '../ram/arn.ts'
import { addProvider, entityOf, newName, resourceOf } from '../ram/entities.ts'
import type { OidcProvider } from '../state.ts'

function providerView(call: Call, provider: OidcProvider): object {
  return {
    OIDCProviderName: provider.name,
    Arn: oidcProviderArn(call.account.id, provider.name),
    IssuerUrl: provider.issuer,
    ClientIds: provider.clientIds.join(','),
    Fingerprints: provider.fingerprints.join(','),
    Description: provider.description,
  }
}

/**
 * "Up to 20 client IDs", "up to 5 fingerprints"
 * (https://help.aliyun.com/document_detail/327135.html).
 */
const MOST_CLIENT_IDS = 20
const MOST_FINGERPRINTS = 5

const list = (text: string | undefined): string[] => (text ?? '').split(',').filter((item) => item !== '')

function listProviders(call: Call): object {
  const all = [...call.account.ram.OIDCProvider.values()].map((provider) => providerView(call, provider))
  return { IsTruncated: false, OIDCProviders: { OIDCProvider: all } }
}

/**
 * "The URL of the issuer must be unique within an Alibaba Cloud account"
 * (https://www.alibabacloud.com/help/en/ram/developer-reference/api-ims-2019-08-15-createoidcprovider).
 * The error code is not documented.
 */
function newIssuer(call: Call): string {
  const issuer = call.need('IssuerUrl')
  if (![...call.account.ram.OIDCProvider.values()].some((provider) => provider.issuer === issuer)) return issuer
  throw new ApiError(409, 'EntityAlreadyExists.OIDCProvider', `The issuer already has an OIDC provider: ${issuer} .`)
}

function createProvider(call: Call): object {
  const provider = addProvider(call.account.ram, {
    name: newName(call, 'OIDCProvider'),
    issuer: newIssuer(call),
    clientIds: atMost(MOST_CLIENT_IDS, list(call.get('ClientIds'))),
    fingerprints: atMost(MOST_FINGERPRINTS, list(call.get('Fingerprints'))),
    description: call.get('Description') ?? '',
  })
  return { OIDCProvider: providerView(call, provider) }
}

function updateProvider(call: Call): object {
  const provider = entityOf(call, 'OIDCProvider')
  const clientIds = call.get('ClientIds')
  if (clientIds !== undefined) provider.clientIds = list(clientIds)
  provider.description = call.get('NewDescription') ?? provider.description
  return { OIDCProvider: providerView(call, provider) }
}

/** Adds a value to a list of the provider, up to the maximum length. */
function add(call: Call, field: 'clientIds' | 'fingerprints', value: string, most: number): object {
  const provider = entityOf(call, 'OIDCProvider')
  if (!provider[field].includes(value)) provider[field] = atMost(most, [...provider[field], value])
  return { OIDCProvider: providerView(call, provider) }
}

/** The limits are documented, the error code is not. */
function atMost(most: number, values: string[]): string[] {
  if (values.length <= most) return values
  throw new ApiError(409, 'LimitExceeded.OIDCProvider', `The count of values is beyond the limit of ${most}.`)
}

function deleteProvider(call: Call): object {
  call.account.ram.OIDCProvider.delete(entityOf(call, 'OIDCProvider').name.toLowerCase())
  return {}
}

const NAME = { OIDCProviderName: { required: true, pattern: /^[\w.-]{1,128}$/ } }
const ISSUER = { IssuerUrl: { required: true, pattern: /^https:\/\/\S{1,247}$/ } }
// "Letters and digits, at most 40 characters"
// (https://help.aliyun.com/document_detail/332725.html).
const FINGERPRINTS = { Fingerprints: { pattern: /^[A-Za-z0-9]{1,40}(,[A-Za-z0-9]{1,40})*$/ } }
const FINGERPRINT = { Fingerprint: { required: true, pattern: /^[A-Za-z0-9]{1,40}$/ } }
const CLIENT_ID = { ClientId: { required: true, pattern: /^\S{1,64}$/ } }
const resource = resourceOf('OIDCProvider')

/** IMS 2019-08-15: the OIDC identity providers of RAM. */
export const IMS_OPERATIONS = operationsOf('Ims', '2019-08-15', {
  GetOIDCProvider: [resource, NAME, (call) => ({ OIDCProvider: providerView(call, entityOf(call, 'OIDCProvider')) })],
  ListOIDCProviders: [resource, {}, listProviders],
  CreateOIDCProvider: [resource, { ...NAME, ...ISSUER, ...FINGERPRINTS }, createProvider],
  AddFingerprintToOIDCProvider: [
    resource,
    { ...NAME, ...FINGERPRINT },
    (call) => add(call, 'fingerprints', call.need('Fingerprint'), MOST_FINGERPRINTS),
  ],
  AddClientIdToOIDCProvider: [
    resource,
    { ...NAME, ...CLIENT_ID },
    (call) => add(call, 'clientIds', call.need('ClientId'), MOST_CLIENT_IDS),
  ],
  UpdateOIDCProvider: [resource, NAME, updateProvider],
  DeleteOIDCProvider: [resource, NAME, deleteProvider],
})
