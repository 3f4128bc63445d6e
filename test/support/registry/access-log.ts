import { readFileSync } from 'node:fs'

const LINE = /"(?<method>[A-Z]+) (?<path>\S+) HTTP\/[\d.]+" (?<status>\d{3}) /

/**
 * Reads all requests up to now. Distribution writes them in Apache's combined format, between its
 * other log lines.
 */
export function readAccessLog(file: string) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const { method, path, status } = LINE.exec(line)?.groups ?? {}
      return method && path && status ? [{ method, path, status: Number(status) }] : []
    })
}
