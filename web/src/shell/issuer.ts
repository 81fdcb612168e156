/**
 * Signing people in at the issuer: OAuth 2.0's authorisation code with PKCE (RFC 7636), as a client that keeps no
 * secret. The page leaves for the issuer and comes back with a code, which is good for an access token.
 */
import * as oauth from 'oauth4webapi'
import { base } from '../api/client'

export interface Issuer {
  url: string
  clientId: string
  audience: string | null
}
interface Begun {
  verifier: string
  state: string
  /** Where in the page the reader was. */
  hash: string
}

const KEPT = 'tripswitch.sign-in'
const redirect = `${base}/`

/** An issuer on this machine may speak plain HTTP, for tests. */
const options = (issuer: Issuer) => ({
  [oauth.allowInsecureRequests]: ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(issuer.url).hostname),
})

async function server(issuer: Issuer): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer.url)
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options(issuer)))
}

/** Leaves for the issuer's page. */
export async function begin(issuer: Issuer): Promise<void> {
  const { authorization_endpoint } = await server(issuer)
  const begun: Begun = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    hash: location.hash,
  }
  const url = new URL(authorization_endpoint!)
  const parameters: Record<string, string> = {
    client_id: issuer.clientId,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid profile',
    code_challenge: await oauth.calculatePKCECodeChallenge(begun.verifier),
    code_challenge_method: 'S256',
    state: begun.state,
  }
  if (issuer.audience) parameters.audience = issuer.audience
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  sessionStorage.setItem(KEPT, JSON.stringify(begun))
  location.assign(url)
}

/** Back from the issuer: the access token that the code in the address is good for. */
export async function finish(issuer: Issuer): Promise<string> {
  const kept = sessionStorage.getItem(KEPT)
  const address = new URL(location.href)
  sessionStorage.removeItem(KEPT)
  const { verifier, state, hash } = JSON.parse(kept ?? '{}') as Partial<Begun>
  history.replaceState(null, '', `${location.pathname}${hash ?? ''}`)
  dispatchEvent(new HashChangeEvent('hashchange'))
  if (!verifier || !state) throw new Error('the sign-in was not begun in this tab')
  const [at, client] = [await server(issuer), { client_id: issuer.clientId }]
  const parameters = oauth.validateAuthResponse(at, client, address, state)
  const response = await oauth.authorizationCodeGrantRequest(
    at,
    client,
    oauth.None(),
    parameters,
    redirect,
    verifier,
    options(issuer),
  )
  return (await oauth.processAuthorizationCodeResponse(at, client, response)).access_token
}
