import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RegistryTokenService } from './cr/registry-auth.ts'
import { type Dispatcher, dispatch } from './dispatch.ts'
import { type Fault, injectFault } from './faults.ts'
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
  /** The same handler with another instance's metadata service. */
  handleWith(imds: MetadataService): Handler
  serveRegistryTokens(service: RegistryTokenService): void
}

/** Routes by path: metadata, OIDC, the registry's token server at `/auth`, and all other requests to the API. */
export function createRouter(parts: RouterParts): Router {
  let registry: RegistryTokenService | undefined

  const route = async (request: ApiRequest, response: ServerResponse, imds: MetadataService): Promise<void> => {
    if (/^\/(latest|2016-01-01)\//.test(request.path)) {
      const fault = parts.faults.take({ product: 'imds', action: request.method, path: request.path, instanceId: '' })
      if (fault !== undefined && (await injectPlainFault(fault, response, parts.signal))) return
      parts.record(imds.serve(request, response))
      return
    }
    const base = `${request.secure ? 'https' : 'http'}://${request.headers.host ?? ''}`
    if (parts.github.serve(request, response, base)) return
    if (request.path !== '/auth' || registry === undefined) return dispatch(parts, request, response)
    const fault = parts.faults.take({ product: 'registry', action: 'token', path: request.path, instanceId: '' })
    if (fault !== undefined && (await injectPlainFault(fault, response, parts.signal))) return
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

/** Outside the API, faults that would be API errors are only an HTTP status. */
async function injectPlainFault(fault: Fault, response: ServerResponse, signal: AbortSignal): Promise<boolean> {
  if (fault.kind !== 'throttle' && fault.kind !== 'status') return injectFault(fault, response, signal)
  response.writeHead(fault.status ?? 429).end()
  return true
}
