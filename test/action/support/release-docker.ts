import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Installs a program `docker` that knows the calls with which the release workflow finds and pushes
 * images; every other call fails. The program puts an image together from its Containerfile,
 * without the base image. It uses crane to read and write the registry.
 */
export function installReleaseDocker(folder: string, crane: string): void {
  mkdirSync(folder, { recursive: true })
  const main = join(import.meta.dirname, 'release-docker-main.ts')
  const program = join(folder, 'docker')
  const node = `'${process.execPath}' --disable-warning=ExperimentalWarning`
  writeFileSync(program, `#!/bin/sh\nCRANE='${crane}' exec ${node} '${main}' "$@"\n`)
  chmodSync(program, 0o755)
}
