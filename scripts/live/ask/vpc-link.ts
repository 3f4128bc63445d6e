import { enterpriseDomains } from '../../../src/acr/registry-domains.ts'
import { listInstanceEndpoint, listLinkedVpcs } from '../../../src/alibaba/cr.ts'
import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import { type LiveDeps, targetOf } from '../live-deps.ts'
import type { Stage } from '../stage.ts'

const ISSUE = 'NO_PRIVATE_ZONE_AUTHORIZED'
const TIMEOUT = 10_000

/**
 * Reads the instance's links. A link with the issue can only be checked from inside its VPC,
 * because its domain resolves nowhere else.
 */
export async function askVpcLink(stage: Stage): Promise<Verdict> {
  const { deps, enterprise, signal } = stage
  const { region, instanceId } = enterprise
  const target = targetOf(deps, 'cr', deps.caller, { region, signal })
  const links = (await listLinkedVpcs(target, instanceId)).filter(({ issue }) => issue === ISSUE)
  if (links.length === 0) return notAnswered('no VPC link of the instance has this issue', { links: 0 })
  const vpcId = await readOwnVpc(deps, signal)
  const here = links.find((link) => link.vpcId === vpcId)
  if (here === undefined) {
    const where = vpcId === undefined ? 'outside of a VPC' : 'in a VPC without such a link'
    return notAnswered(`the program runs ${where}: run it on an ECS instance in the linked VPC`, {
      links: links.length,
    })
  }
  const facts = { links: links.length, defaultAccess: here.defaultAccess, status: here.status }
  const session = targetOf(deps, 'cr', await stage.openSession(), { region, signal })
  const domains = enterpriseDomains(await listInstanceEndpoint(session, instanceId))
  const domain = domains.find(({ kind }) => kind === 'vpc')?.domain
  if (domain === undefined) return notAnswered('the instance has no VPC domain', facts)
  if ((await deps.resolve(domain)).length === 0) {
    return no('the VPC domain does not resolve in the linked VPC', { ...facts, resolves: false })
  }
  const url = new URL('/v2/', deps.endpoints.registry() ?? `https://${domain}`)
  try {
    const { status } = await deps.transport.send({ url, method: 'GET', headers: {}, timeout: TIMEOUT }, signal)
    const all = { ...facts, resolves: true, http: status }
    // A registry asks for a login. Anything else does not come from one.
    if (status === 401 || status === 200)
      return yes(`the registry responded with HTTP ${status} in the linked VPC`, all)
    return notAnswered(`the VPC domain responded with HTTP ${status}, which is not a registry's`, all)
  } catch (error) {
    if (signal.aborted) throw error
    return no('the VPC domain resolves in the linked VPC, and nothing responds', { ...facts, resolves: true })
  }
}

/**
 * Returns the VPC of the machine from ECS instance metadata, or undefined outside of ECS. The item
 * `vpc-id` is listed by cloud-init
 * (https://github.com/canonical/cloud-init/blob/21.3/doc/rtd/topics/datasources/aliyun.rst).
 */
async function readOwnVpc({ transport, endpoints }: LiveDeps, signal: AbortSignal): Promise<string | undefined> {
  const request = (method: string, path: string, headers: Record<string, string>) => {
    const url = new URL(`/latest/${path}`, endpoints.url('imds'))
    return transport.send({ url, method, headers, timeout: 2000, direct: true }, signal)
  }
  try {
    const token = await request('PUT', 'api/token', { 'x-aliyun-ecs-metadata-token-ttl-seconds': '60' })
    if (token.status !== 200) return undefined
    const vpc = await request('GET', 'meta-data/vpc-id', { 'x-aliyun-ecs-metadata-token': token.text.trim() })
    return vpc.status === 200 && /^vpc-[a-z0-9]+$/.test(vpc.text.trim()) ? vpc.text.trim() : undefined
  } catch (error) {
    if (signal.aborted) throw error
    return undefined
  }
}
