import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach } from 'node:test'
import { parse } from 'yaml'
import { startInitCloud } from './init-cloud.ts'

/** The cloud of a test file about `init`, and the folder of the test that runs. */
export interface InitTests extends Pick<Awaited<ReturnType<typeof startInitCloud>>, 'cloud' | 'endpoints' | 'keyOf'> {
  readonly folder: string
  readonly readYaml: (name: string) => Promise<ReturnType<typeof parse>>
}

/**
 * Starts the cloud once for the test file, and makes an empty folder for each test. The result can
 * be used inside of tests only.
 */
export function useInitCloud(): InitTests {
  let at: Awaited<ReturnType<typeof startInitCloud>>
  let folder: string
  before(async () => {
    at = await startInitCloud()
  })
  after(() => at[Symbol.asyncDispose]())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'acr-nopass-init-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  return {
    get cloud() {
      return at.cloud
    },
    get endpoints() {
      return at.endpoints
    },
    get folder() {
      return folder
    },
    keyOf: (...user) => at.keyOf(...user),
    readYaml: async (name) => parse(await readFile(join(folder, name), 'utf8')),
  }
}
