import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RegistryTokenService } from './cr/registry-auth.ts'
import { type Dispatcher, dispatch } from './dispatch.ts'
import { strike } from './faults.ts'
import type { Handler } from './http/listener.ts'
import { type ApiRequest, readRequest } from './http/request.ts'
import type { GithubOidc } from './sts/github-oidc.ts'
import type { MetadataService } from './sts/imds.ts'

export interface RouterParts extends Dispatcher {
  readonly github: GithubOidc
  readonly imds: MetadataService
}

export interface Router {
  readonly handle: Handler
  /** The same server with another instance's metadata. */
  handleWith(imds: MetadataService): Handler
  serveRegistryTokens(service: RegistryTokenService): void
}

/** One port for everything: metadata and OIDC by path, the registry's token server at `/auth`, the rest is the API. */
export function createRouter(parts: RouterParts): Router {
  let registry: RegistryTokenService | undefined

  const route = async (request: ApiRequest, response: ServerResponse, imds: MetadataService): Promise<void> => {
    if (/^\/(latest|2016-01-01)\//.test(request.path)) {
      const fault = parts.faults.take({ product: 'imds', action: request.method, path: request.path, instanceId: '' })
      if (fault !== undefined && (await strikePlainly(fault, response, parts.signal))) return
      parts.record(imds.serve(request, response))
      return
    }
    const base = `${request.secure ? 'https' : 'http'}://${request.headers.host ?? ''}`
    if (parts.github.serve(request, response, base)) return
    if (request.path !== '/auth' || registry === undefined) return dispatch(parts, request, response)
    const fault = parts.faults.take({ product: 'registry', action: 'token', path: request.path, instanceId: '' })
    if (fault !== undefined && (await strikePlainly(fault, response, parts.signal))) return
    parts.record(registry.serve(request, response))
  }

  const handleWith = (imds: MetadataService): Handler => {
    return (message: IncomingMessage, response: ServerResponse): void => {
      readRequest(message)
        .then((request) => route(request, response, imds))
        .catch(() => response.destroy())
    }
  }

  return {
    handle: handleWith(parts.imds),
    handleWith,
    serveRegistryTokens: (service) => {
      registry = service
    },
  }
}

/** Outside of the API an API error is only a status. */
async function strikePlainly(
  fault: Parameters<typeof strike>[0],
  response: ServerResponse,
  signal: AbortSignal,
): Promise<boolean> {
  if (fault.kind !== 'throttle' && fault.kind !== 'status') return strike(fault, response, signal)
  response.writeHead(fault.status ?? 429).end()
  return true
}
