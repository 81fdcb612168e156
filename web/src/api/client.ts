/** The API of the server that this page came from, typed by its OpenAPI document. */
import createClient from 'openapi-fetch'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

/** Where the server is: the page's own address, behind whatever prefix a proxy has put before it. */
export const base = new URL('.', location.href.replace(/[?#].*$/, '')).href.replace(/\/$/, '')

/** What the server has refused (R2.7), or that it could not be reached (`status` 0). */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly details: Schemas['Detail'][] = [],
    /** Seconds after which another attempt makes sense, if the server has said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message)
  }
}

/** What every request carries, and who hears that the credential is no longer good. */
export const credential = {
  bearer: null as string | null,
  refused: (): void => {},
}

/** What a failed answer says. */
async function failure(response: Response): Promise<ApiFailure> {
  const retryAfter = Number(response.headers.get('retry-after')) || null
  const requestId = response.headers.get('x-request-id')
  try {
    const body = (await response.clone().json()) as Schemas['Failure']
    return new ApiFailure(response.status, body.code, body.error, body.requestId, body.details ?? [], retryAfter)
  } catch {
    // A proxy has answered in its own words.
    return new ApiFailure(response.status, 'no_json', response.statusText, requestId, [], retryAfter)
  }
}

/** `fetch` with the credential; throws an [ApiFailure] for everything that is no success. */
export async function request(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init)
  const { bearer } = credential
  if (bearer) request.headers.set('Authorization', `Bearer ${bearer}`)
  let response: Response
  try {
    response = await fetch(request)
  } catch (cause) {
    if (request.signal.aborted) throw cause
    throw new ApiFailure(0, 'unreachable', '', null)
  }
  if (response.ok || response.status === 304) return response
  // Meanwhile the reader may have signed in with another one.
  if (response.status === 401 && bearer && bearer === credential.bearer) credential.refused()
  throw await failure(response)
}

// Several values of one parameter have commas between them (R6.6).
const client = createClient<paths, 'application/json'>({
  baseUrl: base,
  fetch: request,
  querySerializer: { array: { style: 'form', explode: false } },
})

/** An answer's body: failures are thrown by [request], so there always is one. */
type Answer<T> = Promise<{ data?: T; response: Response }>
export async function body<T>(answer: Answer<T>): Promise<T> {
  return (await answer).data as T
}

/** The address of a list with its query, for what is no call of the client: CSV. */
export function addressOf(path: string, query: object): string {
  const members = Object.entries(query).filter(([, value]) => value !== undefined)
  return `${path}?${new URLSearchParams(members.map(([name, value]) => [name, String(value)]))}`
}

export const { GET, POST, PATCH, DELETE } = client
