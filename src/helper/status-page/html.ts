import { printableLines } from '../../printable.ts'

/** HTML that is safe to send. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | undefined | readonly Html[]

/**
 * A template of HTML: values are escaped, unless they are HTML themselves; undefined becomes an
 * empty text.
 */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = pieces.map((piece, index) => piece + toMarkup(parts[index])).join('')
  return { markup }
}

/** Renders a message in which backticks mark code. */
export function prose(text: string): Html {
  const parts = text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))
  return html`${parts}`
}

function toMarkup(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part))
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('')
}

function escapeText(text: string): string {
  return printableLines(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const UNITS = [
  ['day', 86_400_000, 2 * 86_400_000],
  ['hour', 3_600_000, 2 * 3_600_000],
  ['minute', 60_000, 60_000],
  ['second', 1_000, 0],
] as const

/** A time relative to now, followed by the time of the clock. `now`: epoch milliseconds. */
export function renderTime(time: string, now: number, language: string): Html {
  return html`<time datetime="${time}">${relativeTime(Date.parse(time) - now, language)}</time> <small><time>${moment(time, now, language)}</time></small>`
}

/** `in 47 minutes`, `3 hours ago`; days and hours are used from two on. */
export function relativeTime(ms: number, language: string): string {
  const [unit, size] = UNITS.find(([, , from]) => Math.abs(ms) >= from) ?? ['second', 1_000]
  // Of a report that was just made, nobody says 现在 in Chinese.
  if (language.startsWith('zh') && Math.trunc(ms / 1_000) === 0) return '刚刚'
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(ms / size), unit)
}

/**
 * `14:03:22 UTC`, with the date if it is not today; in Chinese `22:03:22 UTC+8`. The page has no
 * script that could ask for the zone of the browser.
 */
function moment(time: string, now: number, language: string): string {
  const [hours, zone] = language.startsWith('zh') ? [8, 'UTC+8'] : [0, 'UTC']
  const at = (ms: number): string => new Date(ms + hours * 3_600_000).toISOString()
  const [day = '', clock = ''] = at(Date.parse(time)).slice(0, 19).split('T')
  return `${at(now).startsWith(day) ? '' : `${day} `}${clock} ${zone}`
}
