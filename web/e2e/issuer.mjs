// An issuer on this machine, as the page and the server need one: OpenID Connect discovery, an authorisation endpoint
// that sends everybody back at once, a token endpoint that wants the proof of PKCE, and RS256 tokens as Kinde makes
// them.
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'

export const AUDIENCE = 'https://tripswitch.example.com'
export const CLIENT = '0123456789abcdef'
const base64 = (value) => Buffer.from(value).toString('base64url')

export class Issuer {
  /** Who signs in is a member of this organisation, with these permissions. */
  person = { org: '', sub: 'kp_ada', permissions: ['quality:read'] }
  /** What authorisation and token endpoint were asked. */
  asked = []
  codes = new Map()
  keys = generateKeyPairSync('rsa', { modulusLength: 2048 })

  static async start() {
    const issuer = new Issuer()
    issuer.server = createServer((request, response) => void issuer.answer(request, response))
    await new Promise((resolve) => issuer.server.listen(0, '127.0.0.1', resolve))
    issuer.url = `http://127.0.0.1:${issuer.server.address().port}`
    return issuer
  }

  /** What a server needs to take its tokens, and to send people here. */
  get settings() {
    return {
      TRIPSWITCH__AUTH__ISSUER: this.url,
      TRIPSWITCH__AUTH__AUDIENCE: JSON.stringify([AUDIENCE]),
      TRIPSWITCH__AUTH__CLIENT_ID: CLIENT,
      TRIPSWITCH__AUTH__JWKS_URL: `${this.url}/jwks`,
    }
  }

  stop() {
    this.server.closeAllConnections()
    this.server.close()
  }

  async answer(request, response) {
    const url = new URL(request.url, this.url)
    const json = (status, body) => {
      const headers = { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' }
      response.writeHead(status, { ...headers, 'Cache-Control': 'no-store' }).end(JSON.stringify(body))
    }
    if (url.pathname === '/.well-known/openid-configuration') json(200, this.discovery())
    else if (url.pathname === '/jwks') json(200, { keys: [this.jwk()] })
    else if (url.pathname === '/authorize')
      response.writeHead(302, { Location: this.authorize(url.searchParams) }).end()
    else if (url.pathname === '/token') json(...this.token(new URLSearchParams(await text(request))))
    else json(404, {})
  }

  discovery() {
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
    }
  }

  jwk() {
    return { ...this.keys.publicKey.export({ format: 'jwk' }), kid: 'e2e', use: 'sig', alg: 'RS256' }
  }

  /** Signs in whoever comes, without a question: where the browser goes next. */
  authorize(query) {
    const asked = Object.fromEntries(query)
    this.asked.push(asked)
    const back = new URL(asked.redirect_uri)
    const code = randomUUID()
    this.codes.set(code, asked)
    back.searchParams.set('code', code)
    back.searchParams.set('state', asked.state)
    return back.href
  }

  /** A code is good once, for the client that has begun, and for who knows what the challenge was made of. */
  token(form) {
    const begun = this.codes.get(form.get('code'))
    this.codes.delete(form.get('code'))
    const proof = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const good =
      begun?.response_type === 'code' &&
      begun.client_id === CLIENT &&
      begun.code_challenge_method === 'S256' &&
      begun.code_challenge === proof &&
      form.get('grant_type') === 'authorization_code' &&
      form.get('client_id') === CLIENT &&
      form.get('redirect_uri') === begun.redirect_uri
    if (!good) return [400, { error: 'invalid_grant' }]
    const access_token = this.sign({
      aud: [begun.audience ?? ''],
      azp: CLIENT,
      org_code: this.person.org,
      scp: ['openid'],
    })
    const id_token = this.sign({ aud: [CLIENT], at_hash: 'x' })
    return [200, { access_token, id_token, token_type: 'bearer', expires_in: 3600 }]
  }

  sign(claims) {
    const { sub, permissions } = this.person
    const now = Math.floor(Date.now() / 1000)
    const whole = { iss: this.url, sub, iat: now, exp: now + 3600, permissions, ...claims }
    const head = base64(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'e2e' }))
    const message = `${head}.${base64(JSON.stringify(whole))}`
    return `${message}.${sign('sha256', message, this.keys.privateKey).toString('base64url')}`
  }
}

async function text(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}
