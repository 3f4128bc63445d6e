import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestHelm } from './chart.ts'

/** A chart that shows how Helm reads values and whether it accepts them; removed by `dispose`. */
export interface ProbeChart extends AsyncDisposable {
  readonly folder: string
  /** Writes a new file outside the chart, because Helm reads every file in a chart. */
  file(text: string | Uint8Array): Promise<string>
}

const CHART_YAML = 'apiVersion: v2\nname: probe\nversion: 1.0.0\n'

/** Creates a chart with only these defaults, this schema and a template that prints `.Values`. */
export async function makeProbeChart(defaults: string, schema: string): Promise<ProbeChart> {
  const around = await mkdtemp(join(tmpdir(), 'acr-nopass-probe-'))
  const folder = join(around, 'chart')
  let files = 0
  await mkdir(join(folder, 'templates'), { recursive: true })
  await writeFile(join(folder, 'Chart.yaml'), CHART_YAML)
  await writeFile(join(folder, 'values.yaml'), defaults)
  await writeFile(join(folder, 'values.schema.json'), schema)
  await writeFile(join(folder, 'templates/probe.yaml'), 'kind: Probe\nvalues: {{ .Values | toJson }}\n')
  return {
    folder,
    file: async (text) => {
      const path = join(around, `file-${files++}.yaml.txt`)
      await writeFile(path, text)
      return path
    },
    [Symbol.asyncDispose]: () => rm(around, { recursive: true, force: true }),
  }
}

/**
 * Returns `.Values` as Helm's templates see them, in the exact bytes of `toJson` and without schema
 * validation. Undefined if Helm cannot read a file.
 */
export async function helmReading(
  helm: TestHelm,
  probe: ProbeChart,
  files: readonly string[],
): Promise<string | undefined> {
  const { code, stdout } = await helm.run(['template', 'probe', probe.folder, '--skip-schema-validation'], files)
  const line = stdout.split('\n').find((each) => each.startsWith('values: '))
  return code === 0 ? line?.slice('values: '.length) : undefined
}

/** Whether Helm accepts files according to the schema. */
export async function helmAccepts(helm: TestHelm, probe: ProbeChart, files: readonly string[]): Promise<boolean> {
  const { code, stderr } = await helm.run(['template', 'probe', probe.folder], files)
  if (code !== 0 && !stderr.includes("values don't meet the specifications of the schema")) throw new Error(stderr)
  return code === 0
}

/**
 * Returns Helm's verdicts on many values from one call. Each value gets a subchart with the same
 * schema. Helm names the subcharts whose values it rejects.
 */
export async function helmVerdicts(helm: TestHelm, schema: string, values: readonly unknown[]): Promise<boolean[]> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-verdicts-'))
  try {
    await writeFile(join(folder, 'Chart.yaml'), CHART_YAML)
    for (const [index] of values.entries()) {
      const subchart = join(folder, 'charts', `c${index}`)
      await mkdir(subchart, { recursive: true })
      await writeFile(join(subchart, 'Chart.yaml'), CHART_YAML.replace('probe', `c${index}`))
      await writeFile(join(subchart, 'values.schema.json'), schema)
    }
    const all = Object.fromEntries(values.map((value, index) => [`c${index}`, value]))
    const { code, stderr } = await helm.run(['template', 'verdicts', folder], [all])
    const refused = new Set([...stderr.matchAll(/^c(\d+):$/gm)].map(([, index]) => Number(index)))
    if ((code === 0) !== (refused.size === 0)) throw new Error(stderr.slice(0, 2000))
    return values.map((_, index) => !refused.has(index))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
