import { copyFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { bundleHelper } from '../../scripts/build/bundles.ts'

/**
 * The variable with the path of the helper's bundle in a test run. A test file that runs alone
 * builds its own bundle.
 */
export const HELPER_VARIABLE = 'ACR_NOPASS_TEST_HELPER'

/** Writes the helper's bundle, as in its image, to `file`. */
export async function writeHelperProgram(file: string): Promise<void> {
  const built = process.env[HELPER_VARIABLE]
  if (built) await copyFile(built, file)
  else await bundleHelper(resolve(import.meta.dirname, '../..'), file)
}
