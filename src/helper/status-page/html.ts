import { printableLines } from '../../printable.ts'

/** HTML that is safe to send. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | undefined | readonly Html[]

/**
 * Renders a template of HTML. Values are escaped unless they are `Html`. Undefined becomes an empty
 * text.
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

/** Renders a time relative to now, then the time of day. `now`: epoch milliseconds. */
export function renderTime(time: string, now: number, language: string): Html {
  return html`<time datetime="${time}">${relativeTime(Date.parse(time) - now, language)}</time> <small><time>${formatMoment(time, now, language)}</time></small>`
}

/** Formats a duration as `in 47 minutes` or `3 hours ago`. Days and hours are used from two on. */
export function relativeTime(ms: number, language: string): string {
  const [unit, size] = UNITS.find(([, , from]) => Math.abs(ms) >= from) ?? ['second', 1_000]
  // In Chinese, a report that was just made is 刚刚, not 现在.
  if (language.startsWith('zh') && Math.trunc(ms / 1_000) === 0) return '刚刚'
  return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(Math.trunc(ms / size), unit)
}

/**
 * Formats a time as `14:03:22 UTC` or, in Chinese, `22:03:22 UTC+8`, with the date unless it is
 * today. The zone is fixed, because a page without scripts cannot know the zone of the browser.
 */
function formatMoment(time: string, now: number, language: string): string {
  const [hours, zone] = language.startsWith('zh') ? [8, 'UTC+8'] : [0, 'UTC']
  const at = (ms: number): string => new Date(ms + hours * 3_600_000).toISOString()
  const [day = '', clock = ''] = at(Date.parse(time)).slice(0, 19).split('T')
  return `${at(now).startsWith(day) ? '' : `${day} `}${clock} ${zone}`
}
