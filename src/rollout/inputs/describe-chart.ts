import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { NopassError } from '../../errors.ts'
import { readRegular } from '../../lib/files.ts'
import { isRecord } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { readTar } from '../../lib/tar.ts'
import { parseYaml } from '../../lib/yaml.ts'
import { VERSION } from '../../version.ts'
import type { Inputs } from './input-table.ts'
import type { ChartSettings } from './settings.ts'

/** The name in Chart.yaml that identifies our chart. */
export const OUR_CHART = 'acr-nopass'

/** Returns why the values are not checked before helm reads them. Undefined if they are checked. */
export function whyUnchecked({ ours, reference }: ChartSettings): string | undefined {
  if (ours) return undefined
  return `the values were not checked: ${reference} is not the chart of ${OUR_CHART}, and only helm checks the schema of another chart`
}

/**
 * Describes the chart that the inputs name.
 * @throws HELM_CHART, INPUT_INVALID
 */
export function describeChart(
  inputs: Pick<Inputs, 'chart' | 'chart-version'>,
  { chartFolder, workingDirectory }: { readonly chartFolder: string; readonly workingDirectory: string },
): ChartSettings {
  const { chart } = inputs
  if (chart === '') {
    const bundled = `${OUR_CHART}-${VERSION}`
    return { reference: chartFolder, version: undefined, ours: true, bundled, defaults: undefined }
  }
  const version = inputs['chart-version'] || undefined
  if (chart.startsWith('oci://')) {
    // A mirror of our chart, recognized by its name. After the download, the name is compared with
    // the chart's own name.
    const ours = /\/acr-nopass(:[\w.+-]+)?(@sha256:[0-9a-f]{64})?$/.test(chart)
    return { reference: chart, version, ours, bundled: undefined, defaults: undefined }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(chart)) {
    throw new NopassError('INPUT_INVALID', `chart: ${chart} is neither a folder, an archive, nor oci://`, {
      hint: 'Download the archive in an earlier step (`helm pull`), and give its path.',
    })
  }
  const reference = resolve(workingDirectory, chart)
  const files = readChart(reference, chart)
  const ours = chartName(files('Chart.yaml'), chart) === OUR_CHART
  const text = ours ? files('values.yaml') : undefined
  const defaults = text === undefined ? undefined : { name: 'chart/values.yaml', text }
  return { reference, version, ours, bundled: undefined, defaults }
}

/**
 * Returns the name in the Chart.yaml of an archive.
 * @throws HELM_CHART
 */
export function nameOfArchive(archive: Buffer, reference: string): string {
  return chartName(filesOfArchive(archive, reference)('Chart.yaml'), reference)
}

type ChartFiles = (name: 'Chart.yaml' | 'values.yaml') => string | undefined

function readChart(reference: string, chart: string): ChartFiles {
  const stat = orElse(() => statSync(reference), undefined)
  if (stat === undefined) {
    throw new NopassError('HELM_CHART', `chart: ${reference} does not exist`, {
      hint: `A relative path starts at the workspace. A chart of a repository, such as \`repo/name\`, has to be pulled in an earlier step (\`helm pull\`).`,
    })
  }
  if (!stat.isDirectory()) return filesOfArchive(readChartFile(reference, ARCHIVE_LIMIT), chart)
  return (name) => {
    const file = resolve(reference, name)
    const exists = orElse(() => statSync(file), undefined) !== undefined
    return exists ? readChartFile(file, FILE_LIMIT).toString('utf8') : undefined
  }
}

/**
 * Far larger than a chart's archive (bytes). Helm unpacks at most 100 MiB (MaxDecompressedChartSize
 * in pkg/chart/loader/archive).
 */
const ARCHIVE_LIMIT = 32 * 1024 * 1024
const UNPACKED_LIMIT = 100 * 1024 * 1024
const FILE_LIMIT = 1024 * 1024

/**
 * Helm drops the first folder of each path, whatever its name (LoadArchiveFiles in
 * pkg/chart/loader/archive).
 */
function filesOfArchive(archive: Buffer, chart: string): ChartFiles {
  try {
    const files = [...readTar(gunzipSync(archive, { maxOutputLength: UNPACKED_LIMIT }))]
    return (name) => files.findLast(([path]) => path.replace(/^[^/]*\//, '') === name)?.[1].toString('utf8')
  } catch (cause) {
    throw new NopassError('HELM_CHART', `chart: ${chart} is neither a folder nor the archive of a chart`, { cause })
  }
}

function chartName(text: string | undefined, chart: string): string {
  const meta: unknown = orElse(() => parseYaml((text ?? '').replace(/^\ufeff/, '')), undefined)
  if (isRecord(meta) && typeof meta.name === 'string') return meta.name
  throw new NopassError('HELM_CHART', `chart: ${chart} has no Chart.yaml with a name`)
}

/** @throws HELM_CHART */
function readChartFile(file: string, limit: number): Buffer {
  let bytes: Buffer | undefined
  try {
    bytes = readRegular(realpathSync(file), limit)
  } catch (cause) {
    throw new NopassError('HELM_CHART', `${file} of the chart cannot be read`, { cause })
  }
  if (bytes !== undefined) return bytes
  throw new NopassError('HELM_CHART', `${file} of the chart is larger than ${limit / 1024 / 1024} MiB`)
}
