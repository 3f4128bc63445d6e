import { orElse } from '../../../src/lib/or-else.ts'
import { ApiError, type Call, operationsOf } from '../operation.ts'
import { findEntity } from './entities.ts'

const KINDS = { role: 'Role', policy: 'Policy' } as const

const typeOf = (call: Call) => call.need('ResourceType') as keyof typeof KINDS

const named = (call: Call) => readNames(call).map((name) => findEntity(call.account.ram, KINDS[typeOf(call)], name))

function tagResources(call: Call): object {
  const resources = required(named(call), 'ResourceNames')
  const tags = required([...readTags(call)], 'Tag')
  for (const resource of resources) for (const [key, value] of tags) resource.tags.set(key, value)
  return {}
}

function listTagResources(call: Call): object {
  const type = typeOf(call)
  const requested = named(call)
  const everything = [...call.account.ram[KINDS[type]].values()]
  const rows = (requested.length > 0 ? requested : everything).flatMap(({ name, tags }) =>
    [...tags].map(([TagKey, TagValue]) => ({ ResourceType: type, ResourceName: name, TagKey, TagValue })),
  )
  return { TagResources: rows }
}

function required<T>(list: readonly T[], name: string): readonly T[] {
  if (list.length === 0) throw new ApiError(400, `Missing${name}`, `${name} is mandatory for this action.`)
  return list
}

const resources = (call: Call) => {
  const names = readNames(call)
  return (names.length > 0 ? names : ['*']).map((name) => `acs:ram:*:${call.account.id}:${typeOf(call)}/${name}`)
}

const TYPE = { ResourceType: { required: true, oneOf: Object.keys(KINDS) } }

/** RAM 2015-05-01: tags of roles and policies. */
export const RAM_TAG_OPERATIONS = operationsOf('Ram', '2015-05-01', {
  TagResources: [resources, TYPE, tagResources],
  ListTagResources: [resources, TYPE, listTagResources],
})

/** Reads tags in the SDK's format, `Tag=[{"Key":…,"Value":…}]`. */
export function readTags(call: Call): Map<string, string> {
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
