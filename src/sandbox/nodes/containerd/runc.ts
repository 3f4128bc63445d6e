import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** $0: this script; the rest of the line after `--bundle` is the folder. */
const WRAPPER = (node: string, strip: string, runc: string): string => `#!/bin/sh
previous=
for argument in "$@"; do
  if [ "$previous" = --bundle ]; then "${node}" "${strip}" "$argument" || exit 1; fi
  previous=$argument
done
exec "${runc}" "$@"
`

/**
 * The runtime that containerd shall call. The kubelet asks for a seccomp profile for each Pod's sandbox, and a runc built without libseccomp (whose
 * headers few machines have) refuses it: then a wrapper takes the profile out first.
 */
export async function prepareRunc(runc: string, folder: string, node: string = process.execPath): Promise<string> {
  const { stdout } = await run(runc, ['features'])
  const features = JSON.parse(stdout) as { linux?: { seccomp?: { enabled?: boolean } } }
  if (features.linux?.seccomp?.enabled) return runc
  const file = join(folder, 'runc')
  writeFileSync(file, WRAPPER(node, fileURLToPath(new URL('strip-seccomp/main.ts', import.meta.url)), runc), {
    mode: 0o755,
  })
  return file
}
