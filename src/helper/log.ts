/** One line an event: fields first, then what happened; never a secret (pino fits). */
export interface Log {
  /** Whether it is worth the while to put the fields together. */
  isLevelEnabled(level: 'debug'): boolean
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
