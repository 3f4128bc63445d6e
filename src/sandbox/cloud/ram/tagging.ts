import { orElse } from '../../../lib/or-else.ts'
import { ApiError, type Call, rpcOperations } from '../operation.ts'
import { findPolicy, findRole } from './lookup.ts'

interface Tagged {
  readonly name: string
  readonly tags: Map<string, string>
}

function named(call: Call): readonly Tagged[] {
  const { ram } = call.account
  const isRole = call.need('ResourceType') === 'role'
  return readNames(call).map((name) => (isRole ? findRole(ram, name) : findPolicy(ram, name)))
}

function tagResources(call: Call): object {
  const resources = required(named(call), 'ResourceNames')
  const tags = required([...readTags(call)], 'Tag')
  for (const resource of resources) for (const [key, value] of tags) resource.tags.set(key, value)
  return {}
}

function listTagResources(call: Call): object {
  const { ram } = call.account
  const type = call.need('ResourceType')
  const everything: readonly Tagged[] = [...(type === 'role' ? ram.roles : ram.policies).values()]
  const requested = named(call)
  const rows = (requested.length > 0 ? requested : everything).flatMap(({ name, tags }) =>
    [...tags].map(([TagKey, TagValue]) => ({ ResourceType: type, ResourceName: name, TagKey, TagValue })),
  )
  return { TagResources: rows }
}

function required<T>(list: readonly T[], name: string): readonly T[] {
  if (list.length === 0) throw new ApiError(400, `Missing${name}`, `${name} is mandatory for this action.`)
  return list
}

const resources = (call: Call): readonly string[] => {
  const names = readNames(call)
  const type = call.need('ResourceType')
  return (names.length > 0 ? names : ['*']).map((name) => `acs:ram:*:${call.account.id}:${type}/${name}`)
}

const TYPE = { ResourceType: { required: true, oneOf: ['role', 'policy'], code: 'InvalidParameter.ResourceType' } }

/** RAM 2015-05-01: tags of roles and policies. */
export const RAM_TAG_OPERATIONS = rpcOperations('Ram', '2015-05-01', {
  TagResources: [resources, TYPE, tagResources],
  ListTagResources: [resources, TYPE, listTagResources],
})

/** Reads tags in the SDK's format, `Tag=[{"Key":…,"Value":…}]`. */
export function readTags(call: Call): ReadonlyMap<string, string> {
  return new Map(
    readList(call, 'Tag').map((item) => {
      const { Key, Value } = (item ?? {}) as { readonly Key?: unknown; readonly Value?: unknown }
      if (typeof Key !== 'string' || Key === '' || Key.length > 128) throw invalid('Tag.Key')
      return [Key, typeof Value === 'string' ? Value : '']
    }),
  )
}

/** Reads a list as JSON: `Names=["a"]`. */
function readList(call: Call, name: string): readonly unknown[] {
  const list = orElse((): unknown => JSON.parse(call.get(name) ?? '[]'), undefined)
  if (!Array.isArray(list)) throw invalid(name)
  return list
}

function readNames(call: Call): readonly string[] {
  const names = readList(call, 'ResourceNames')
  if (!names.every((name) => typeof name === 'string')) throw invalid('ResourceNames')
  return names
}

function invalid(name: string): ApiError {
  return new ApiError(400, `InvalidParameter.${name}`, `The parameter ${name} is invalid.`)
}
