import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NopassError } from '../../errors.ts'
import { runGoBuild } from '../tools/go-build.ts'
import { findGo } from '../tools/go-program.ts'
import { cacheFolder, goArchitecture, readHost } from '../tools/host.ts'
import { type ImageLayout, writeLayout } from './oci-layout.ts'

/** Writes an image with only the static program, which prints `running <name>` and waits. */
export function writeProgramImage(folder: string, program: string, name: string, arch: string): ImageLayout {
  return writeLayout(folder, {
    arch,
    layers: [[{ path: 'app', kind: 'file', mode: 0o755, content: { file: program } }]],
    config: {
      Entrypoint: ['/app', name],
      User: '65532:65532',
      // Makes images with different names different, so that one in the cache cannot hide the pull of another.
      Labels: { 'org.opencontainers.image.title': name },
    },
  })
}

/**
 * Returns the path of the static program for pause and application images, which is built once with Go (2 s) into the
 * cache.
 * @throws GO_MISSING, GO_TOO_OLD, TOOL_BUILD_FAILED
 */
export async function ensureStaticProgram(signal: AbortSignal): Promise<string> {
  const host = readHost()
  const source = fileURLToPath(new URL('program', import.meta.url))
  const text = ['main.go', 'go.mod'].map((name) => readFileSync(join(source, name), 'utf8')).join('')
  const key = createHash('sha256').update(`${text}\0${host.arch}`).digest('hex').slice(0, 16)
  const folder = join(cacheFolder(host), 'images')
  const file = join(folder, `program-${key}`)
  if (existsSync(file)) return file
  const go = await findGo(host, signal)
  await mkdir(folder, { recursive: true })
  // The name contains the process id: concurrent runs each build their own, and the last rename wins.
  const draft = `${file}-${process.pid}`
  const { code, output } = await runGoBuild(
    {
      go: go.path,
      cwd: source,
      arguments: ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', draft, '.'],
      env: {
        ...host.env,
        CGO_ENABLED: '0',
        GOOS: 'linux',
        GOARCH: goArchitecture(host.arch),
        GOWORK: 'off',
        GOFLAGS: '-mod=readonly',
      },
      logFile: join(folder, 'program.log'),
    },
    signal,
  )
  if (code !== 0) throw new NopassError('TOOL_BUILD_FAILED', `the sandbox's program cannot be built: ${output}`)
  await rename(draft, file)
  return file
}
