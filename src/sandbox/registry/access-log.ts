import { readFileSync } from 'node:fs'

/** One request that reached the registry. */
export interface RegistryRequest {
  readonly method: string
  readonly path: string
  readonly status: number
}

const LINE = /"(?<method>[A-Z]+) (?<path>\S+) HTTP\/[\d.]+" (?<status>\d{3}) /

/** The access log, which distribution writes in Apache's combined form between its own lines. */
export function readAccessLog(file: string): RegistryRequest[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const { method, path, status } = LINE.exec(line)?.groups ?? {}
      return method && path && status ? [{ method, path, status: Number(status) }] : []
    })
}
