import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Cloud } from '../../../sandbox/cloud/start-cloud.ts'
import { buildArtifacts } from '../../../scripts/release/build-artifacts.ts'
import { pushChart } from '../../../scripts/release/push-chart.ts'
import { VERSION } from '../../../src/version.ts'
import { writeHelperProgram } from '../../support/helper-program.ts'
import { ROOT, writeLogin } from '../../support/registry/release-registry.ts'

/**
 * Serves the artifacts of this version as readers get them: an npm registry, an OCI registry; and
 * GitHub's API.
 */
export interface Published extends AsyncDisposable {
  readonly npm: string
  readonly github: string
  /** `127.0.0.1:PORT` in place of ghcr.io, with the login that Helm needs there. */
  readonly charts: { readonly host: string; readonly loginFile: string }
}

export interface PublishOptions {
  readonly cloud: Cloud
  /** The OCI registry's URL. */
  readonly registry: string
  readonly helm: string
  /** A folder for the files. */
  readonly folder: string
}

/** Packs a release as its workflow does, and serves it. */
export async function publish(options: PublishOptions, signal: AbortSignal): Promise<Published> {
  const { cloud, registry, helm, folder } = options
  const out = join(folder, 'release')
  const helperFile = join(folder, 'helper.mjs')
  await writeHelperProgram(helperFile)
  const made = { root: ROOT, out, helm, imageDigest: undefined, helperFile, nodeFiles: undefined, env: process.env }
  await buildArtifacts(made, signal)
  const { host } = new URL(registry)
  const loginFile = await writeLogin(folder, host, cloud.registryPush)
  const env = { ...process.env, HELM_REGISTRY_CONFIG: loginFile }
  const archive = join(out, `acr-nopass-chart-${VERSION}.tgz`)
  await pushChart({ helm, archive, to: `oci://${host}/acr-nopass/charts`, env }, signal)
  const server = await serve(await readFile(join(out, `acr-nopass-npm-${VERSION}.tgz`)), cloud)
  return { ...server, charts: { host, loginFile } }
}

/**
 * The two responses of a registry that `npm install` needs, and the response of GitHub that `policy
 * --github` needs.
 */
async function serve(
  tarball: Buffer,
  cloud: Cloud,
): Promise<Pick<Published, 'npm' | 'github' | typeof Symbol.asyncDispose>> {
  const server = createServer((request, response) => {
    const base = `http://${request.headers.host}`
    const respond = (body: object): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const repository = /^\/repos\/([^/]+\/[^/]+)$/.exec(request.url ?? '')?.[1]
    if (request.url === '/acr-nopass') respond(packument(tarball, base))
    else if (request.url === '/acr-nopass.tgz') response.writeHead(200).end(tarball)
    else if (repository !== undefined) respond(idsOf(repository, cloud))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    npm: url,
    github: url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
function packument(tarball: Buffer, base: string): object {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  const version = {
    name: 'acr-nopass',
    version: VERSION,
    bin: { 'acr-nopass': 'bin/acr-nopass' },
    dist: { tarball: `${base}/acr-nopass.tgz`, integrity },
  }
  return { name: 'acr-nopass', 'dist-tags': { latest: VERSION }, versions: { [VERSION]: version } }
}

/**
 * https://docs.github.com/en/rest/repos/repos#get-a-repository: the ids that are in its ID tokens.
 */
function idsOf(repository: string, cloud: Cloud): object {
  const [, payload = ''] = cloud.issueGithubToken({ repository, audience: 'sts.aliyuncs.com' }).split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return { id: Number(claims.repository_id), owner: { id: Number(claims.repository_owner_id) } }
}

/** A temporary folder for one reader, deleted when the test ends. */
export async function openFolder(parent: string): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(parent, 'acr-nopass-quick-start-'))
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
