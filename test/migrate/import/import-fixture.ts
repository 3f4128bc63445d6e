import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NopassError } from '../../../src/errors.ts'
import { decideImport, type ValuesDraft } from '../../../src/migrate/import/decide-import.ts'
import type { ImportNote } from '../../../src/migrate/import/import-log.ts'
import type { ReadSettings } from '../../../src/migrate/import/read-settings.ts'
import { renderValues } from '../../../src/migrate/import/render-values.ts'
import { collectFacts } from '../../../src/migrate/remove/collect-facts.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import { type LoadedValues, loadValues } from '../../../src/values/load-values.ts'

const CHART_VALUES: string = readFileSync(join(import.meta.dirname, '../../../chart/values.yaml'), 'utf8')

export interface Imported {
  readonly draft: ValuesDraft | undefined
  readonly notes: readonly ImportNote[]
  readonly errors: readonly NopassError[]
  /** The values file, as written from the draft. */
  readonly text: string
}

const RELEASE = { namespace: 'acr-nopass', name: 'acr-nopass' }

/** Runs the whole import, from the settings and objects to the text, without side effects. */
export function importFrom(
  read: ReadSettings | undefined,
  objects: readonly AnyObject[] = [],
  {
    region,
    minor,
    isPublic,
  }: {
    readonly region?: string | undefined
    readonly minor?: number
    /** Whether the registry serves an image without a login; undefined: it does not respond. */
    readonly isPublic?: (image: string) => boolean | undefined
  } = {},
): Imported {
  if (read !== undefined && read.settings === undefined) {
    return { draft: undefined, notes: [], errors: read.errors, text: '' }
  }
  const facts = collectFacts(objects, minor)
  const answers = facts.workloads
    .flatMap(({ images }) => images)
    .flatMap((image): [string, boolean][] => {
      const answer = isPublic === undefined ? false : isPublic(image)
      return answer === undefined ? [] : [[image, answer]]
    })
  const decision = decideImport({
    settings: read?.settings,
    facts,
    region,
    release: RELEASE,
    isPublic: new Map(answers),
  })
  const { draft, notes } = decision
  return { ...decision, text: draft === undefined ? '' : renderValues(draft, notes, ['one', 'two']) }
}

/** Checks the values as Helm and the action check them. */
export function judge(text: string): LoadedValues {
  return loadValues({
    files: [{ name: 'values.yaml', text }],
    defaults: { name: 'chart/values.yaml', text: CHART_VALUES },
  })
}

export function object(kind: string, namespace: string | undefined, name: string, rest: object = {}): AnyObject {
  const metadata = { ...(namespace === undefined ? {} : { namespace }), name, uid: `uid-${name}`, resourceVersion: '1' }
  return { kind, metadata, ...rest }
}
