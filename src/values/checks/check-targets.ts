import type { Cursor } from '../cursor.ts'
import { matchesGlobs } from '../glob.ts'
import type { ValuesError } from '../values-error.ts'

/**
 * Finds globs and selectors that `scope: namespaces` cannot use, and patterns that never match or
 * exclude everything.
 */
export function checkTargets(values: Cursor): ValuesError[] {
  const own = values.at('registries').items.map((registry) => registry.at('targets', 'namespaces'))
  const general = values.at('targets', 'namespaces')
  const isListed = values.at('scope').value === 'namespaces'
  // If every registry replaces the global targets, the global targets are not used.
  const used = ['include', 'selector'].flatMap((key) => {
    const isReplaced = own.length > 0 && own.every((each) => each.at(key).node !== undefined)
    return (isReplaced ? own : [general, ...own]).map((each) => each.at(key))
  })
  return [
    ...(isListed ? used.flatMap((list) => scopeErrors(list, values.at('scope'))) : []),
    ...[general, ...own].flatMap((target) => globErrors(target, general)),
    ...globErrors(values.at('targets', 'serviceAccounts'), general),
  ]
}

function scopeErrors(used: Cursor, scope: Cursor): ValuesError[] {
  if (used.key === 'selector') {
    if (used.members.length === 0) return []
    const message = `\`scope: namespaces\` reads no labels of namespaces, so \`${used.name}\` cannot work`
    const hint = 'Remove the selector and list the namespaces by name, or take `scope: cluster`.'
    return [used.error('VALUES_SCOPE', message, { expected: 'no selector', hint })]
  }
  return used.items.flatMap((glob) => {
    const { text: value, isDefault } = glob
    if (!value?.includes('*')) return []
    const what = `${isDefault ? 'the default ' : ''}\`${glob.name}\` is the glob "${glob.shown}"`
    const message = `\`scope: namespaces\` gives rights in listed namespaces only, and ${what}`
    const at = (isDefault ? scope : glob).position
    const expected = 'plain names of namespaces that exist'
    const hint = `List the names in \`${used.name}\`, or take \`scope: cluster\`.`
    return [glob.error('VALUES_SCOPE', message, { at, value: glob.shown, expected, hint })]
  })
}

function globErrors(target: Cursor, general: Cursor): ValuesError[] {
  const [include, exclude] = [target.at('include'), target.at('exclude')]
  const kind = target.key === 'serviceAccounts' ? 'ServiceAccount' : 'namespace'
  if (kind === 'namespace' && include.node?.kind === 'list' && include.items.length === 0) {
    const why = 'an empty list includes no namespace, so nothing is ever pulled with it'
    return [globError(include, why, 'List names or globs, or remove the key to use the default.')]
  }
  const takesDefault = include.isDefault || include.node === undefined
  const all = takesDefault ? exclude.items.find(({ value }) => value === '*') : undefined
  if (all !== undefined) {
    return [globError(all, `"*" excludes every ${kind}`, 'Remove it; `exclude` wins over `include`.')]
  }
  if (include.isDefault) return []
  // If a registry replaces only `include`, it takes `exclude` from the global targets.
  const excluding = exclude.node === undefined ? general.at('exclude') : exclude
  return include.items.flatMap((glob) => {
    const by = excluding.items.find((each) => each.text && glob.text && matchesGlobs([each.text], glob.text))
    if (by === undefined) return []
    const why = `"${glob.shown}" can never match: "${by.shown}" of \`${excluding.name}\` excludes it`
    return [globError(glob, why, 'Remove one of the two; `exclude` wins over `include`.')]
  })
}

function globError(place: Cursor, why: string, hint: string): ValuesError {
  return place.error('VALUES_GLOB', `\`${place.name}\`: ${why}`, { value: place.shown, hint })
}
