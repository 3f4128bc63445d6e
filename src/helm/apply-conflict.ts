import { summarize } from '../lib/text.ts'

/** The fields of one object that another manager owns. */
interface FieldOwner {
  /** `kubectl`, or `kubectl (subresource scale)`. */
  readonly manager: string
  readonly fields: readonly string[]
}

export interface ApplyConflict {
  /**
   * A title such as `Deployment shop/web`. Undefined if the message names no object, like the API
   * server's own message.
   */
  readonly object: string | undefined
  readonly owners: readonly FieldOwner[]
}

// The beginning of the API server's text: NewConflictError in
// pkg/util/managedfields/internal/conflict.go of k8s.io/apimachinery. Helm 4 puts the object before
// it: patchResourceServerSide in https://github.com/helm/helm/blob/v4.3.1/pkg/kube/client.go.
const BEGIN = /(?:while applying object (\S*?)\/(\S+) [^\n,]*, Kind=(\w+): )?Apply failed with \d+ conflicts?: /g
const OWNER =
  /conflicts? with "((?:[^"\\\n]|\\.)*)"(?: with subresource "([^"\n]*)")?(?: using [^\s:]+)?(?: at [\dTZ:.+-]+?)?:(?=[ \n])((?: [^\n]+?(?= && |\n|$))|(?:\n- [^\n]+)*)/g

/**
 * Returns the conflicts of server-side apply in a message of the API server or of helm; empty if
 * there are none.
 */
export function readConflicts(message: string): readonly ApplyConflict[] {
  // Line breaks and quotes are escaped in a log line of helm and in a text that was made printable.
  const text = message.replaceAll('\\n', '\n').replaceAll('\\"', '"')
  const begins = [...text.matchAll(BEGIN)]
  return begins.map((begin, index) => {
    const [all, namespace, name, kind] = begin
    const body = text.slice(begin.index + all.length, begins[index + 1]?.index)
    const owners = [...body.matchAll(OWNER)].map(([, manager = '', subresource, fields = '']) => ({
      manager: subresource === undefined ? manager : `${manager} (subresource ${subresource})`,
      fields: fields.split('\n').flatMap(
        (line) =>
          line
            .replace(/^(- | )/, '')
            .replace(/ && .*$/, '')
            .trim() || [],
      ),
    }))
    return { object: kind && `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`, owners }
  })
}

/**
 * Returns a text like `kubectl owns .spec.replicas of Deployment shop/web, which the chart sets
 * too`.
 */
export function describeConflicts(conflicts: readonly ApplyConflict[], object?: string): string {
  const lines = conflicts.flatMap((conflict) =>
    conflict.owners.map(({ manager, fields }) => {
      const where = conflict.object ?? object
      return `${manager} owns ${summarize(fields)}${where === undefined ? '' : ` of ${where}`}`
    }),
  )
  if (lines.length === 0) return 'another field manager owns a field that the chart sets too'
  return `${lines.join('; ')}, which the chart sets too`
}
