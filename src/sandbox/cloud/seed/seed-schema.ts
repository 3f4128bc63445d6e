import { CLUSTER_KINDS, POOL_TYPES } from '../cs/cluster-kinds.ts'

const text = { type: 'string', minLength: 1 } as const
const names = { type: 'array', items: text } as const
const region = { type: 'string', pattern: '^[a-z]{2,}-[a-z0-9-]+$' } as const
const accountId = { type: 'string', pattern: '^\\d{16}$' } as const

const policies = {
  type: 'object',
  additionalProperties: false,
  properties: { system: names, custom: names },
} as const

const document = {
  type: 'object',
  required: ['Version', 'Statement'],
  properties: { Version: { const: '1' }, Statement: { type: 'array', items: { type: 'object' } } },
} as const

const user = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: text, administrator: { type: 'boolean' }, policies },
} as const

const role = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'trust'],
  properties: {
    name: text,
    description: { type: 'string' },
    maxSessionSeconds: { type: 'integer', minimum: 3600, maximum: 43_200 },
    tags: { type: 'object', additionalProperties: { type: 'string' } },
    trust: document,
    policies,
  },
} as const

const endpoint = {
  type: 'object',
  additionalProperties: false,
  required: ['domains'],
  properties: {
    enabled: { type: 'boolean' },
    acl: names,
    domains: names,
    customDomains: names,
    vpcs: names,
  },
} as const

const instance = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'region', 'edition'],
  properties: {
    id: { type: 'string', pattern: '^cri-[a-z0-9]+$' },
    name: text,
    region,
    edition: { enum: ['enterprise', 'personal'] },
    endpoints: {
      type: 'object',
      additionalProperties: false,
      properties: { internet: endpoint, vpc: endpoint },
    },
    namespaces: { type: 'object', additionalProperties: names },
  },
} as const

const cluster = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'name', 'region'],
  properties: {
    id: { type: 'string', pattern: '^c[0-9a-f]{32}$' },
    name: text,
    region,
    kind: { enum: CLUSTER_KINDS },
    workerRole: text,
    nodePools: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name'],
        properties: { name: text, type: { enum: POOL_TYPES }, workerRole: text },
      },
    },
  },
} as const

const oidcProvider = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'issuer', 'clientIds'],
  properties: { name: text, issuer: { type: 'string', pattern: '^https://' }, clientIds: names },
} as const

const list = <T extends object>(items: T): object => ({ type: 'array', items })

/** JSON Schema of a seed file: the accounts that an emulated cloud starts with. */
export const SEED_SCHEMA: object = {
  type: 'object',
  additionalProperties: false,
  required: ['accounts'],
  properties: {
    region,
    metadataRole: text,
    accounts: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'users'],
        properties: {
          id: accountId,
          alias: text,
          rootAccessKey: { type: 'boolean' },
          users: { type: 'array', minItems: 1, items: user },
          roles: list(role),
          policies: { type: 'object', additionalProperties: document },
          oidcProviders: list(oidcProvider),
          instances: list(instance),
          clusters: list(cluster),
        },
      },
    },
  },
}
