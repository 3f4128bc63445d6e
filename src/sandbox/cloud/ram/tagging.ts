import { ApiError, type Call, type Operation, operationsOf, type ParameterRule } from '../operation.ts'
import { findPolicy, findRole } from './lookup.ts'

interface Tagged {
  readonly name: string
  readonly tags: Map<string, string>
}

function named(call: Call): readonly Tagged[] {
  const { ram } = call.account
  const isRole = call.need('ResourceType') === 'role'
  return readList(call, 'ResourceNames').map((name) => (isRole ? findRole(ram, name) : findPolicy(ram, name)))
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
  const names = readList(call, 'ResourceNames')
  const type = call.need('ResourceType')
  return (names.length > 0 ? names : ['*']).map((name) => `acs:ram:*:${call.account.id}:${type}/${name}`)
}

const TYPE: ParameterRule = { required: true, oneOf: ['role', 'policy'], code: 'InvalidParameter.ResourceType' }
const BASE = { parameters: { ResourceType: TYPE }, resources }

/** RAM 2015-05-01: tags of roles and policies. */
export const RAM_TAG_OPERATIONS: readonly Operation[] = operationsOf('Ram', '2015-05-01', [
  { name: 'TagResources', ...BASE, handler: tagResources },
  { name: 'ListTagResources', ...BASE, handler: listTagResources },
])

/** Reads tags in the SDK's format, `Tag=[{"Key":…,"Value":…}]`, or in the older one, `Tag.1.Key`, `Tag.1.Value`. */
export function readTags(call: Call): ReadonlyMap<string, string> {
  const json = call.get('Tag')
  const pairs = json === undefined ? numberedTags(call) : jsonTags(json)
  const tags = new Map(pairs)
  if (tags.size > 20) throw new ApiError(409, 'LimitExceeded.Tag', 'The number of tags is over the limit.')
  return tags
}

/** Reads a list as JSON (`Names=["a"]`) or numbered (`Names.1=a`). */
function readList(call: Call, name: string): readonly string[] {
  const json = call.get(name)
  if (json === undefined) {
    return [...call.request.parameters].filter(([key]) => key.startsWith(`${name}.`)).map(([, value]) => value)
  }
  const list = parse(json, name)
  if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) throw invalid(name)
  return list as readonly string[]
}

function jsonTags(json: string): readonly (readonly [string, string])[] {
  const list = parse(json, 'Tag')
  if (!Array.isArray(list)) throw invalid('Tag')
  return list.map((item: unknown) => {
    const { Key, Value } = (item ?? {}) as { readonly Key?: unknown; readonly Value?: unknown }
    if (typeof Key !== 'string' || Key === '' || Key.length > 128) throw invalid('Tag.Key')
    return [Key, typeof Value === 'string' ? Value : ''] as const
  })
}

function numberedTags(call: Call): readonly (readonly [string, string])[] {
  return [...call.request.parameters].flatMap(([name, value]) => {
    const index = /^Tag\.(\d+)\.Key$/.exec(name)?.[1]
    return index === undefined ? [] : [[value, call.get(`Tag.${index}.Value`) ?? ''] as const]
  })
}

function parse(json: string, name: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw invalid(name)
  }
}

function invalid(name: string): ApiError {
  return new ApiError(400, `InvalidParameter.${name}`, `The parameter ${name} is invalid.`)
}
