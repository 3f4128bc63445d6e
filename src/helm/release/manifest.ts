import { NopassError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { parseYamlDocuments } from '../../lib/yaml.ts'

export interface ManifestObject {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * Parses the objects of a manifest, in order.
 * @throws HELM_CHART
 */
export function parseManifest(text: string, nameless = false): readonly ManifestObject[] {
  return readDocuments(text).flatMap((body) => (isRecord(body) ? expandList(body, nameless) : []))
}

/**
 * If an object has items, Helm applies the items instead (FlattenListVisitor in
 * pkg/resource/visitor.go of k8s.io/cli-runtime).
 */
function expandList(body: Readonly<Record<string, unknown>>, nameless: boolean): readonly ManifestObject[] {
  if (!Array.isArray(body.items)) return [describeObject(body, nameless)]
  return body.items.flatMap((item) => (isRecord(item) ? expandList(item, nameless) : []))
}

/** A chart may contain aliases that expand exponentially, or objects that are nested too deeply. */
function readDocuments(text: string): readonly unknown[] {
  try {
    return parseYamlDocuments(text).map((document) => {
      const [error] = document.errors
      if (error) throw new NopassError('HELM_CHART', `the rendered manifest is not valid YAML: ${error.code}`)
      return document.toJS()
    })
  } catch (cause) {
    if (cause instanceof NopassError) throw cause
    throw new NopassError('HELM_CHART', 'the rendered manifest cannot be read', { cause })
  }
}

/**
 * Parses the objects of helm's hooks, in a fixed order. An object with `generateName` has no name.
 */
export function parseHooks(manifests: readonly string[]): readonly ManifestObject[] {
  return manifests
    .flatMap((text) => parseManifest(text, true))
    .toSorted((a, b) => (JSON.stringify(a.body) < JSON.stringify(b.body) ? -1 : 1))
}

function describeObject(body: Readonly<Record<string, unknown>>, nameless: boolean): ManifestObject {
  const metadata = isRecord(body.metadata) ? body.metadata : {}
  const name = metadata.name ?? (nameless ? '' : undefined)
  if (typeof body.apiVersion !== 'string' || typeof body.kind !== 'string' || typeof name !== 'string') {
    throw new NopassError('HELM_CHART', 'the rendered manifest holds an object without apiVersion, kind or name')
  }
  const namespace = typeof metadata.namespace === 'string' ? metadata.namespace : undefined
  return { apiVersion: body.apiVersion, kind: body.kind, namespace, name, body }
}

/** Returns a title for messages: `Deployment acr-nopass/acr-nopass`. */
export function objectTitle(object: Pick<ManifestObject, 'kind' | 'namespace' | 'name'>): string {
  return `${object.kind} ${object.namespace === undefined ? '' : `${object.namespace}/`}${object.name}`
}

/**
 * Identifies an object across renders. The API version is not part of the key, because it may
 * change.
 */
export function objectKey(object: ManifestObject): string {
  return `${object.apiVersion.split('/').slice(0, -1).join('/')}|${object.kind}|${object.namespace ?? ''}|${object.name}`
}
