import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Script } from 'node:vm'

/**
 * What a CommonJS file exports that needs Node's own modules only. V8's code of the first run is kept in `folder`, with the
 * functions that were compiled while it ran; Node's own cache keeps what was compiled before (CPU of `validate`: 48 ms with this,
 * 75 with Node's, 24 of them a bare Node).
 * The file's name tells its content apart, since V8 compares the length only.
 */
export function loadCompiled(main: NodeJS.Process, file: string, folder: string): unknown {
  const kept = join(folder, `${basename(file)}-${main.version}-${main.arch}.bin`)
  const source = `(function (module, require) {${readFileSync(file, 'latin1')}\n})`
  const script = new Script(source, { filename: file, cachedData: readKept(kept) })
  if (script.cachedDataRejected !== false) main.once('exit', () => keep(kept, folder, script.createCachedData()))
  const module: { exports?: unknown } = {}
  script.runInThisContext()(module, main.getBuiltinModule)
  return module.exports
}

function readKept(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

/** Whole or not at all; a folder that cannot be written to is none. */
function keep(file: string, folder: string, data: Buffer): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const fresh = `${file}.${performance.timeOrigin}`
    writeFileSync(fresh, data, { mode: 0o600 })
    renameSync(fresh, file)
  } catch {}
}
