/**
 * Removes the seccomp profile from an OCI bundle, because a runc that was built without libseccomp
 * rejects it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [bundle] = process.argv.slice(2)
if (bundle === undefined) throw new Error('usage: main.ts BUNDLE')
const file = join(bundle, 'config.json')
const spec = JSON.parse(readFileSync(file, 'utf8')) as { linux?: { seccomp?: unknown } }
if (spec.linux) delete spec.linux.seccomp
writeFileSync(file, JSON.stringify(spec))
