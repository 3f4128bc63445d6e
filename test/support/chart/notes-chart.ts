import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHART, type TestHelm } from './chart.ts'

export interface NotesChart extends AsyncDisposable {
  /** Returns the notes that Helm prints after an installation with these values. */
  notes(helm: TestHelm, values: readonly (string | object)[], kubeVersion?: string): Promise<string>
}

/** `helm template` does not print notes, so a copy of the chart renders them into an object. */
export async function openNotesChart(): Promise<NotesChart> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-notes-'))
  const chart = join(folder, 'acr-nopass')
  await cp(CHART, chart, { recursive: true })
  await writeFile(join(chart, 'notes.txt'), await readFile(join(CHART, 'templates/NOTES.txt')))
  await writeFile(join(chart, 'templates/notes-probe.yaml'), 'notes: {{ tpl (.Files.Get "notes.txt") . | toJson }}\n')
  return {
    async notes(helm, values, kubeVersion) {
      const output = await helm.render({ values, chart, ...(kubeVersion !== undefined && { kubeVersion }) })
      const [, json] = /^notes: (".*")$/m.exec(output) ?? []
      if (json === undefined) throw new Error(output)
      return JSON.parse(json) as string
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
