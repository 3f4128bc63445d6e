import { NopassError } from '../errors.ts'
import { loadClusters } from '../values/load-clusters.ts'
import { loadValues } from '../values/load-values.ts'
import type { NewFile } from './write-files.ts'

/**
 * Checks the files as `validate` does. A region, an id or a name that ACK or ACR returned may be
 * one that the schema does not allow.
 * @throws INIT_REFUSED
 */
export function checkFiles(values: NewFile, clusters: NewFile | undefined, anyRegion: boolean): void {
  const list = clusters && loadClusters(asSource(clusters), { anyRegion })
  const entries = list === undefined ? [undefined] : [...list.values.values()]
  const merged = entries.flatMap((own) => {
    const files = own === undefined ? [asSource(values)] : [asSource(values), own]
    return loadValues({ files, rrsaComesLater: true }).errors
  })
  // The addresses of `--endpoints` may be those of a cloud with other regions.
  const errors = [...(list?.errors ?? []), ...merged].filter(({ code }) => !(anyRegion && code === 'VALUES_REGION'))
  const [first] = errors
  if (first === undefined) return
  const { code, message, place } = first
  throw new NopassError('INIT_REFUSED', `the files would not be valid: ${code}: ${message}`, { place })
}

const asSource = ({ name, text }: NewFile) => ({ name, text })
