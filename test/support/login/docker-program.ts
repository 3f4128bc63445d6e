import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tarParts } from '../../../tools/tar.ts'

/**
 * Installs a program `docker` whose `docker build --push --tag TAG .` pushes an image with crane.
 * crane finds the login with the code of Docker's own command line, but needs no daemon. Every
 * other call fails.
 * @param environment how crane reaches the registry; the job itself does not see it
 */
export function installDocker(
  folder: string,
  { crane, environment }: { readonly crane: string; readonly environment: Readonly<Record<string, string>> },
): void {
  mkdirSync(folder, { recursive: true })
  const layer = join(folder, 'layer.tar')
  const content = Buffer.from('built here')
  writeFileSync(layer, Buffer.concat([...tarParts([{ path: 'built', kind: 'file', content }])]))
  const variables = Object.entries(environment).map(([name, value]) => `${name}='${value}'`)
  const program = join(folder, 'docker')
  writeFileSync(
    program,
    `#!/bin/sh
test "$1 $2 $3" = 'build --push --tag' && test "$5" = . || exit 9
exec env ${variables.join(' ')} '${crane}' append --new_layer '${layer}' --new_tag "$4"
`,
  )
  chmodSync(program, 0o755)
}
