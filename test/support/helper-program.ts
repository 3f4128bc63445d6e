import { copyFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { bundleHelper } from '../../scripts/build/bundles.ts'

/** Names the helper's bundle that a run has built for all of its files; a file that runs alone builds its own. */
export const HELPER_VARIABLE = 'ACR_NOPASS_TEST_HELPER'

/** Puts the helper, as its image has it, at `file`. */
export async function writeHelperProgram(file: string): Promise<void> {
  const built = process.env[HELPER_VARIABLE]
  if (built) await copyFile(built, file)
  else await bundleHelper(resolve(import.meta.dirname, '../..'), file)
}
