import { isDeepStrictEqual } from 'node:util'
import { type Document, isMap, isSeq } from 'yaml'
import { NopassError } from '../../errors.ts'
import { parseYamlDocuments } from '../../lib/yaml.ts'
import { PROVIDER } from './profiles.ts'

export interface ConfigFile {
  readonly path: string
  readonly text: string
}

/** The kubelet's configuration with all providers, and the names of the providers of others. */
export interface MergedProviders {
  /** Undefined if no provider is left: the kubelet does not start with an empty list. */
  readonly text: string | undefined
  readonly others: readonly string[]
}

/**
 * Versions of the file's format. Their providers have the same fields, and only v1 has
 * `tokenAttributes` (k8s.io/kubelet/config, types.go of v1alpha1, v1beta1 and v1).
 */
const VERSIONS = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `kubelet.config.k8s.io/${version}`)

/**
 * Adds our provider to an existing configuration, or to none. Other providers and comments stay,
 * and keep their order. `existing` are the files of one configuration: newer kubelets also read a
 * folder. Without `ours`, removes our provider.
 * @throws NODE_PROVIDERS for a configuration that this program does not understand
 */
export function mergeProviders(existing: readonly ConfigFile[], ours: ConfigFile | undefined): MergedProviders {
  const [first, ...rest] = existing.map(parseConfig)
  const own = ours && parseConfig(ours)
  if (first === undefined) return { text: own && toText(own.document), others: [] }
  const before = first.document.toJS()
  const all = [first, ...rest].flatMap(({ file, providers }) => providers.items.map((item) => ({ file, item })))
  const names = all.map(({ file, item }) => nameOf(item, file))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw refuse(first.file, `has two providers with the name ${twice}`)
  const others = all.filter((_, index) => names[index] !== PROVIDER).map(({ item }) => item)
  if (others.length + (own?.providers.items.length ?? 0) === 0) return { text: undefined, others: [] }
  first.providers.items = [...others, ...(own?.providers.items ?? [])]
  first.document.set('apiVersion', VERSIONS[0])
  // A file that already says the same keeps its bytes, because the kubelet must restart after each
  // change of the file.
  const isSame = rest.length === 0 && isDeepStrictEqual(first.document.toJS(), before)
  const text = isSame ? first.file.text : toText(first.document)
  return { text, others: names.filter((name) => name !== PROVIDER) }
}

function toText(document: Document): string {
  return document.toString({ lineWidth: 0 })
}

/** @throws NODE_PROVIDERS */
function parseConfig(file: ConfigFile): {
  readonly file: ConfigFile
  readonly document: Document
  readonly providers: { items: unknown[] }
} {
  const [document, ...others] = parseYamlDocuments(file.text, { uniqueKeys: true })
  if (document === undefined || others.length > 0) throw refuse(file, 'is not one YAML or JSON document')
  const [error] = document.errors
  if (error !== undefined) throw refuse(file, `is not valid YAML: ${error.message}`)
  const { contents } = document
  if (!isMap(contents)) throw refuse(file, 'is not a mapping')
  const [version, kind, providers]: readonly unknown[] = ['apiVersion', 'kind', 'providers'].map((key) =>
    contents.get(key),
  )
  if (kind !== 'CredentialProviderConfig') throw refuse(file, 'is not a CredentialProviderConfig')
  if (!VERSIONS.includes(String(version))) throw refuse(file, `has the unknown apiVersion ${String(version)}`)
  if (!isSeq(providers)) throw refuse(file, 'has no list of providers')
  return { file, document, providers }
}

/**
 * A name is the file name of a program (`validateCredentialProviderConfig` in
 * k8s.io/kubernetes/pkg/credentialprovider/plugin/config.go).
 */
function nameOf(item: unknown, file: ConfigFile): string {
  const name = isMap(item) ? item.get('name') : undefined
  if (typeof name !== 'string' || !/^\w[\w.-]*$/.test(name)) throw refuse(file, 'has a provider without a usable name')
  return name
}

function refuse(file: ConfigFile, why: string): NopassError {
  return new NopassError('NODE_PROVIDERS', `the existing configuration of credential providers ${why}`, {
    place: { file: file.path },
  })
}
