import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { archiveEntries, type ImageLayout, writeArchive } from '../../image/oci-layout.ts'
import type { NodeFiles } from './node-config.ts'

/** The images of a node. */
export interface ImageStore {
  /** Returns the references of all images. */
  list(): Promise<string[]>
  /** Imports an image so that it need not be pulled. */
  add(layout: ImageLayout, reference: string): Promise<void>
  /** Removes all images whose reference starts with `prefix` so that the next Pod has to pull them. */
  remove(prefix: string): Promise<void>
}

const run = promisify(execFile)

export function imageStore(ctr: string, files: NodeFiles): ImageStore {
  const images = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(ctr, ['-a', files.containerdSocket, '-n', 'k8s.io', 'images', ...args])
    return stdout
  }
  const list = async (): Promise<string[]> => (await images('ls', '-q')).split('\n').filter(Boolean)
  return {
    list,
    async add(layout, reference) {
      const archive = join(files.folder, `import-${layout.manifest.digest.slice(-12)}.tar`)
      writeArchive(archive, archiveEntries(layout, reference))
      try {
        await images('import', archive)
      } finally {
        rmSync(archive, { force: true })
      }
    },
    async remove(prefix) {
      const matching = (await list()).filter((reference) => reference.startsWith(prefix))
      if (matching.length > 0) await images('rm', '--sync', ...matching)
    },
  }
}
