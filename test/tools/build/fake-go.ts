import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../../tools/host.ts'
import { readHost } from '../../../tools/host.ts'

/**
 * A machine whose Go is a script, which records its builds, writes into its cache, and obeys the
 * file `mode` (`ok`, `fail TEXT`, `hang`). It has no network.
 */
export interface FakeMachine {
  readonly host: Host
  readonly cache: string
  /** The packages that were built, in order. */
  builds(): string[]
  /** How many builds had begun when the standard library was compiled, each time. */
  standard(): number[]
  /**
   * Holds the compilation of the standard library until the returned function is called. It then
   * succeeds, and its packages are in the cache. Without this, it fails.
   */
  holdStandard(): () => void
  /** How each build collects garbage. */
  memory(): string[]
  setMode(mode: string): void
  setCompiler(command: string): void
  /** Lets the hanging build of a package fail. */
  stop(packageName: string): void
  /** Whether a hanging build is running. */
  isBuilding(): boolean
  end(): void
}

const SCRIPT = `#!/bin/sh
here=\${0%/*}
case "$1" in
version) echo "go version go$(cat "$here/version") linux/amd64" ;;
env) if [ "$2" = CC ]; then cat "$here/cc"; else printf '%s\\n%s\\n' "$here" "$here"; fi ;;
build)
  while [ $# -gt 1 ]; do [ "$1" = -o ] && output=$2; shift; done
  if [ "$1" = std ]; then
    if [ -e "$GOCACHE/std" ]; then exit 0; fi
    echo "$(cat "$here/builds" 2> /dev/null | wc -l)" >> "$here/standard"
    if [ ! -e "$here/held" ]; then exit 1; fi
    while [ -e "$here/held" ]; do sleep 0.1; done
    mkdir -p "$GOCACHE" && echo compiled > "$GOCACHE/std"
    exit 0
  fi
  read -r mode text < "$here/mode"
  echo "$1 GOTOOLCHAIN=$GOTOOLCHAIN CGO_ENABLED=$CGO_ENABLED" >> "$here/builds"
  echo "GOGC=$GOGC GOMEMLIMIT=$GOMEMLIMIT" >> "$here/memory"
  echo "go: downloading example.com/x v1.0.0" >&2
  echo "example.com/x" >&2
  if [ "$mode" = fail ]; then echo "$text" >&2; exit 1; fi
  mkdir -p "$GOCACHE" && echo compiled > "$GOCACHE/$(basename "$1")"
  printf 'half' > "$output"
  if [ "$mode" = hang ]; then
    touch "$here/building"
    while ! grep -qxF "$1" "$here/stopped" 2> /dev/null; do sleep 0.1; done
    echo "stopped" >&2
    exit 1
  fi
  printf '#!/bin/sh\\necho built %s\\n' "$1" > "$output"
  ;;
esac
`

export function makeFakeMachine(goVersion = '1.99.0'): FakeMachine {
  const folder = mkdtempSync(join(tmpdir(), 'fake-go-'))
  const bin = join(folder, 'bin')
  const cache = join(folder, 'cache')
  mkdirSync(bin)
  const file = (name: string) => join(bin, name)
  writeFileSync(file('go'), SCRIPT)
  chmodSync(file('go'), 0o755)
  writeFileSync(file('version'), goVersion)
  writeFileSync(file('mode'), 'ok\n')
  writeFileSync(file('cc'), '/bin/sh -O2\n')
  const { toolsFolder } = readHost()
  const env = { PATH: `${bin}:/usr/bin:/bin`, ACR_NOPASS_CACHE: cache, ACR_NOPASS_RELEASES: 'off' }
  const lines = (name: string): string[] =>
    existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n') : []
  return {
    host: { env, platform: 'linux', arch: 'x64', home: folder, toolsFolder },
    cache,
    builds: () => lines('builds'),
    standard: () => lines('standard').map(Number),
    holdStandard: () => {
      writeFileSync(file('held'), '')
      return () => rmSync(file('held'))
    },
    memory: () => lines('memory'),
    setMode: (mode) => writeFileSync(file('mode'), `${mode}\n`),
    setCompiler: (command) => writeFileSync(file('cc'), `${command}\n`),
    stop: (packageName) => writeFileSync(file('stopped'), `${packageName}\n`),
    isBuilding: () => existsSync(file('building')),
    end: () => rmSync(folder, { recursive: true, force: true }),
  }
}
