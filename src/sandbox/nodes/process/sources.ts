/** A ConfigMap or a Secret as a Pod sees it. */
export interface SourceData {
  readonly [key: string]: Buffer
}

export type SourceKind = 'configmaps' | 'secrets'

/** Undefined: there is no such object. */
export type FindSource = (kind: SourceKind, name: string) => SourceData | undefined

/** What keeps a container or a volume from being made; the message is what Kubernetes' own Events say. */
export class MissingSource extends Error {
  override readonly name = 'MissingSource'
}

const WORDS: Readonly<Record<SourceKind, string>> = { configmaps: 'configmap', secrets: 'secret' }

/** The object's data; empty where it is optional and absent. Throws MissingSource. */
export function needSource(find: FindSource, kind: SourceKind, name: string, optional = false): SourceData {
  const data = find(kind, name)
  if (data === undefined && !optional) throw new MissingSource(`${WORDS[kind]} "${name}" not found`)
  return data ?? {}
}

/** One key's value; undefined where it is optional and absent. Throws MissingSource. */
export function needKey(
  find: FindSource,
  kind: SourceKind,
  { name, key, optional = false }: { name: string; key: string; optional?: boolean },
): Buffer | undefined {
  const value = needSource(find, kind, name, optional)[key]
  if (value === undefined && !optional) throw new MissingSource(`couldn't find key ${key} in ${WORDS[kind]} "${name}"`)
  return value
}
