import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Cloud, startCloud } from '../../../sandbox/cloud/start-cloud.ts'
import { signJwt } from '../../../sandbox/cloud/sts/jwt.ts'
import { bundleProvider } from '../../../scripts/build/bundles.ts'
import { type NodeConfig, type NodeValues, toNodeConfig } from '../../../src/node/node-config.ts'
import { loadValues } from '../../../src/values/load-values.ts'
import { INSTANCE, teamSeed } from '../cloud/team-seed.ts'
import { trustHelper } from '../cloud/trust-helper.ts'
import { WORKER_ROLE } from '../registry/private-registry.ts'

const ISSUER = 'https://oidc.example.com/c0ffee'
export const DOMAIN = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const ROOT = resolve(import.meta.dirname, '../../..')

export interface ProviderRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly milliseconds: number
}

export type ProviderBench = Awaited<ReturnType<typeof openProviderBench>>

/** The program on a node as the kubelet runs it, with the emulated cloud. */
export async function openProviderBench() {
  const folder = await mkdtemp(join(tmpdir(), 'provider-'))
  const program = join(folder, 'provider.mjs')
  await bundleProvider(ROOT, program)
  const patient = join(folder, 'patient.mjs')
  await writeFile(patient, withLongerDeadline(await readFile(program, 'utf8')))
  const cloud = await startCloud({ seed: await teamSeed() })
  const imds = await cloud.imdsFor(WORKER_ROLE)
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = async () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] })
  let folders = 0
  return {
    cloud,
    program,
    folder,
    /** Creates a role that a ServiceAccount may assume, and returns its ARN. */
    trust(namespace: string, serviceAccount: string, role = `${namespace}-${serviceAccount}`): string {
      trustHelper(cloud, { issuer: ISSUER, jwks }, { role, namespace, serviceAccount })
      return `acs:ram::${cloud.accountId}:role/${role}`
    },
    /** A token as the kubelet requests it. */
    token(namespace: string, name: string, uid = `uid-of-${namespace}-${name}`): string {
      const seconds = Math.floor(Date.now() / 1000)
      const subject = `system:serviceaccount:${namespace}:${name}`
      const claims = { 'kubernetes.io': { namespace, serviceaccount: { name, uid } } }
      const times = { iat: seconds, exp: seconds + 3600 }
      return signJwt({ iss: ISSUER, sub: subject, aud: ['sts.aliyuncs.com'], ...times, ...claims }, privateKey, {
        kid: 'k1',
      })
    },
    /** Writes the configuration of values. Returns the arguments, and the folder of its logins. */
    async node(node: object, registries: readonly object[] = [{}], change: Partial<NodeConfig> = {}) {
      const loaded = nodeValues({ cloud, imds, node, registries })
      folders += 1
      const file = join(folder, `provider-${folders}.json`)
      await writeFile(file, JSON.stringify({ ...toNodeConfig(loaded), ...change }))
      return {
        args: ['credential-provider', '--config', file, '--cache-dir', join(folder, `cache-${folders}`)],
        cache: join(folder, `cache-${folders}`),
      }
    },
    async [Symbol.asyncDispose]() {
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
    /**
     * Runs the program with a request, like the kubelet: no HOME, and the root folder. Only its
     * deadline is longer, because a busy machine may not start fifty processes in three seconds.
     */
    run(args: readonly string[], request: object | string): Promise<ProviderRun> {
      const input = typeof request === 'string' ? request : requestOf(request)
      return runProgram(process.execPath, [patient, ...args], input)
    },
    /** Runs the program as it is, with its own deadline. */
    runInTime(args: readonly string[], request: object): Promise<ProviderRun> {
      return runProgram(process.execPath, [program, ...args], requestOf(request))
    },
  }
}

/** Replaces the deadline of three seconds in the bundle by one of half a minute. */
function withLongerDeadline(bundle: string): string {
  const longer = bundle.replace('LATEST_CALL_MS=2700,LATEST_END_MS=2950', 'LATEST_CALL_MS=30000,LATEST_END_MS=32000')
  if (longer === bundle) throw new Error('the bundle has no deadline of three seconds')
  return longer
}

interface NodeSettings {
  readonly cloud: Cloud
  readonly imds: string
  readonly node: object
  /** What differs from an entry of the demo's Enterprise instance. */
  readonly registries: readonly object[]
}

/** Values for a node of the demo's account. */
export function nodeValues({ cloud, imds, node, registries }: NodeSettings): NodeValues {
  const entries = registries.map((entry, index) => {
    return { name: `entry-${index}`, edition: 'enterprise', instanceId: INSTANCE, region: cloud.regionId, ...entry }
  })
  const oidcProviderArn = `acs:ram::${cloud.accountId}:oidc-provider/ack-rrsa`
  const values = {
    registries: entries,
    identity: { type: 'rrsa', rrsa: { roleArn: `acs:ram::${cloud.accountId}:role/helper`, oidcProviderArn } },
    endpoints: { sts: cloud.endpoints.sts, cr: cloud.endpoints.cr, imds },
    node,
  }
  const loaded = loadValues({ files: [{ name: 'values.yaml', text: JSON.stringify(values) }] })
  if (loaded.values === undefined) throw new Error(loaded.errors.map(({ message }) => message).join())
  return loaded.values
}

export function requestOf(request: object): string {
  const kind = { kind: 'CredentialProviderRequest', apiVersion: 'credentialprovider.kubelet.k8s.io/v1' }
  return `${JSON.stringify({ ...kind, ...request })}\n`
}

export function runProgram(
  command: string,
  args: readonly string[],
  input: string | undefined,
  env: Record<string, string> = {},
): Promise<ProviderRun> {
  const begin = performance.now()
  const child = spawn(command, [...args], { cwd: '/', env: { PATH: '/usr/bin:/bin', ...env } })
  const text = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    text.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    text.stderr += chunk
  })
  child.stdin.on('error', () => undefined)
  if (input !== undefined) child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...text, milliseconds: performance.now() - begin }))
  })
}
