import { type JsonObject, recordsOf, textOf } from '../../lib/json.ts'
import { printable } from '../../printable.ts'
import type { PresentFinding } from './compare-findings.ts'

/** Returns what could not be read, and what will change, which have no severity of their own. */
export function describeParts({ unread, ahead }: JsonObject): readonly PresentFinding[] {
  const texts = [
    ...recordsOf(unread).map(({ what }) => `not read: ${textOf(what)}`),
    ...recordsOf(ahead).map(({ id }) => `ahead: ${textOf(id)}`),
  ]
  return texts.map(printable).map((text) => ({ id: text, text, severity: 'info', objects: [] }))
}

/** Returns the text by which two checks know a finding: its id and its subject. */
export function textOfFinding({ id, subject }: JsonObject): string {
  return printable(`${textOf(id)} ${textOf(subject)}`)
}
