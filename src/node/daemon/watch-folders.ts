import { watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { orElse } from '../../lib/or-else.ts'
import { HOME, PROFILES, type ProfileName, RANCHER_PATHS } from '../script/profiles.ts'

/** Other programs write a file in several steps (milliseconds). */
const SETTLE_MS = 2_000

/** The folders of a host in which a change may take the program from the kubelet. */
export function foldersOf(name: ProfileName): readonly string[] {
  const profile = PROFILES[name]
  const settings =
    profile.kind === 'flags' ? Object.values(profile.flagFile).map(dirname) : [dirname(RANCHER_PATHS.config)]
  return [...new Set([...settings, HOME])]
}

/**
 * Waits for a time, or until a file in one of these folders changes. A folder that is missing, or
 * that is replaced, is noticed only by the time.
 */
export function pauseOrChange(
  root: string,
  folders: readonly string[],
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const watchers = folders.flatMap((folder) => orElse(() => [watch(join(root, folder), changed)], []))
    let timer = setTimeout(end, milliseconds)
    let isSettling = false
    function changed(): void {
      if (isSettling) return
      isSettling = true
      clearTimeout(timer)
      timer = setTimeout(end, Math.min(SETTLE_MS, milliseconds))
    }
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      for (const watcher of watchers) watcher.close()
      resolve()
    }
    for (const watcher of watchers) watcher.on('error', changed)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
