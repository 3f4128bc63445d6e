import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sha256 } from '../../src/lib/text.ts'

interface Bill {
  serialNumber?: string
  readonly metadata: { timestamp?: string; readonly component: Readonly<Record<string, unknown>> }
  readonly components: readonly { readonly 'bom-ref': string }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { version: string; dev?: boolean; optional?: boolean }>>
}

const run = promisify(execFile)
// `--omit dev` is not used, because npm 11 would also omit a package of ours that any other package
// lists as a development dependency.
const ARGS = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--offline', '--logs-max=0']

/**
 * Returns the components of the bundles (CycloneDX JSON), from the lockfile only, without network
 * access.
 */
export async function billOfMaterials(root: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await run('npm', ARGS, { cwd: root, maxBuffer: 64 * 1024 * 1024, signal })
  return settleBill(stdout, await readFile(join(root, 'package-lock.json'), 'utf8'))
}

/**
 * Keeps only packages that the lockfile marks neither as for development nor as for one platform.
 * Removes npm's time, random number and folder name, so that the result is reproducible.
 */
export function settleBill(text: string, lockfile: string): string {
  const { serialNumber: _random, metadata, components, dependencies, ...rest } = JSON.parse(text) as Bill
  const { timestamp: _now, component, ...tools } = metadata
  const shipped = shippedPackages(JSON.parse(lockfile) as Lockfile)
  const bill = {
    ...rest,
    metadata: { ...tools, component: { ...component, name: 'acr-nopass', type: 'application' } },
    components: components.filter((one) => shipped.has(one['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => shipped.has(ref) || ref === component['bom-ref'])
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => shipped.has(on)) })),
  }
  const hash = sha256(JSON.stringify(bill))
  // RFC 9562: version 8 and variant 10. All other digits come from the hash.
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  return `${JSON.stringify({ ...bill, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`
}

function shippedPackages({ packages }: Lockfile): ReadonlySet<string> {
  const shipped = Object.entries(packages).filter(([path, { dev, optional }]) => path !== '' && !dev && !optional)
  return new Set(shipped.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`))
}
