import { parseStopMark } from '../../installation/stop-mark.ts'
import { NODE_STOP_ANNOTATION } from '../../kube/names.ts'

/**
 * Returns why no node may be changed with this configuration. Undefined if nothing stops it. A mark
 * that cannot be read stops every configuration.
 */
export function findStop(annotation: string | undefined, config: string): string | undefined {
  const mark = parseStopMark(annotation)
  if (mark === undefined) return undefined
  if (mark === null) return `the annotation ${NODE_STOP_ANNOTATION} cannot be read`
  return mark.config === config ? `node ${mark.node}, ${mark.at}: ${mark.why}` : undefined
}
