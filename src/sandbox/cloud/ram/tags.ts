import { ApiError } from '../api-error.ts'
import type { Call } from '../operation.ts'

/** Tags as the SDK sends them: `Tag=[{"Key":…,"Value":…}]`, or the older `Tag.1.Key`, `Tag.1.Value`. */
export function readTags(call: Call): ReadonlyMap<string, string> {
  const json = call.get('Tag')
  const pairs = json === undefined ? numberedTags(call) : jsonTags(json)
  const tags = new Map(pairs)
  if (tags.size > 20) throw new ApiError(409, 'LimitExceeded.Tag', 'The number of tags is over the limit.')
  return tags
}

/** A list as JSON (`Names=["a"]`) or numbered (`Names.1=a`). */
export function readList(call: Call, name: string): readonly string[] {
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
