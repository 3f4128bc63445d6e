import { Cursor } from '../cursor.ts'
import { KUBERNETES_VERSION } from '../generated/kubernetes-version.ts'
import { quotable } from '../looks-secret.ts'
import type { ValuesError } from '../values-error.ts'
import type { MapNode } from '../yaml/yaml-node.ts'
import { nearest } from './nearest.ts'
import { resolve, type Schema, schemaOfChild } from './schema.ts'
import { name } from './schema-problem.ts'

/**
 * Finds keys that a Kubernetes type does not have. They are not errors, because the cluster may be
 * newer than the types in the schema. The cluster's API server decides.
 */
export function unknownFields(values: MapNode, rootSchema: Schema): ValuesError[] {
  const visit = (at: Cursor, schema: Schema): ValuesError[] => {
    const full = resolve(schema, rootSchema)
    // Our own maps say whether they allow other keys. Kubernetes types do not.
    const isOpen = full.properties !== undefined && full.additionalProperties === undefined
    const own = at.items.flatMap((item) => visit(item, full.items ?? {}))
    const inside = at.members.flatMap((member) => {
      const inner = schemaOfChild(full, member.key, rootSchema)
      if (inner !== undefined) return visit(member, inner)
      return isOpen ? [unknownField(member, Object.keys(full.properties ?? {}))] : []
    })
    return [...own, ...inside]
  }
  return visit(new Cursor(values), rootSchema)
}

function unknownField(member: Cursor, known: readonly string[]): ValuesError {
  const meant = nearest(member.key, known)
  return member.error(
    'VALUES_UNKNOWN_FIELD',
    `Kubernetes ${KUBERNETES_VERSION} has no field \`${quotable(member.key)}\` in ${name(member.parent)}`,
    {
      at: member.keyPosition,
      expected: `one of ${known.join(', ')}`,
      hint: meant && `Did you mean \`${meant}\`? Keep it only if the Kubernetes of your cluster has the field.`,
      hideLine: true,
    },
  )
}
