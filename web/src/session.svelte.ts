/** Who is signed in, with what, and what that may do. The credential stays in tabs: sessionStorage, no cookie. */
import { ApiFailure, GET, body, credential, type Schemas } from './api/client'
import { live } from './live.svelte'
import * as tabs from './tabs'

export type Scope = Schemas['Scope']
export type Me = Schemas['Me']

const KEPT = 'tripswitch.credential'

/** The id of a workspace as the API gives it, however an address spells it. */
export const bare = (workspaceId: string) => workspaceId.replace(/^ws_/, '').toLowerCase()

class Session {
  me = $state.raw<Me | null>(null)
  /** Whether a kept credential is still being looked at. */
  starting = $state(true)
  /** Why the reader has to sign in again. */
  ended = $state<'refused' | null>(null)

  /** Why the credential of the address or of this tab could not be looked at. */
  failed = $state.raw<unknown>(null)

  /** Takes a key of the address (`#key=…`, R12.1), or what this tab has kept, or what another one has. */
  async start(): Promise<void> {
    credential.refused = () => {
      if (this.me) this.end('refused')
    }
    tabs.share(
      () => this.me && credential.bearer,
      () => this.end(),
    )
    await this.take(keyOf(location.href) ?? sessionStorage.getItem(KEPT) ?? (await tabs.ask()))
    this.starting = false
    // A link with a key may also be opened in a tab that has the page already.
    addEventListener('hashchange', ({ newURL }) => void this.take(keyOf(newURL || location.href)))
  }

  /** Signs in with what was found. A failure is shown where the reader signs in. */
  private async take(found: string | null): Promise<void> {
    if (!found) return
    if (this.me) this.end()
    await this.signIn(found).catch((cause) => (this.failed = cause))
  }

  /** Asks the server whom the credential stands for. Throws if it is not taken. */
  async signIn(bearer: string): Promise<void> {
    // What has other characters cannot stand in a header, and is no key.
    if (!/^[\x21-\x7e]+$/.test(bearer)) throw new ApiFailure(401, 'unauthorized', '', null)
    credential.bearer = bearer
    try {
      const me = await body(GET('/api/me'))
      sessionStorage.setItem(KEPT, bearer)
      this.ended = null
      this.failed = null
      this.me = me
    } catch (cause) {
      credential.bearer = null
      throw cause
    }
  }

  /** Signs out, in other tabs as well. */
  signOut(): void {
    if (credential.bearer) tabs.end(credential.bearer)
    this.end()
  }

  end(why: 'refused' | null = null): void {
    live.stop()
    sessionStorage.removeItem(KEPT)
    credential.bearer = null
    this.me = null
    this.ended = why
  }

  /** Its name, or else its id: only the first 1,000 are known by name. */
  workspaceName(id: string): string {
    return this.names.get(bare(id)) ?? id
  }
  private names = $derived(new Map(this.me?.workspaces.map(({ id, name }) => [id, name])))

  may(scope: Scope): boolean {
    return this.me?.scopes.includes(scope) ?? false
  }
  /** A server key administers, and sees no tenant's data. */
  get isServer(): boolean {
    return this.may('server')
  }
}

/** The key in the fragment, which is gone from the address then. */
function keyOf(address: string): string | null {
  const key = new URLSearchParams(new URL(address).hash.slice(1)).get('key')
  if (!key) return null
  sessionStorage.removeItem(KEPT)
  history.replaceState(null, '', `${location.pathname}${location.search}#/`)
  dispatchEvent(new HashChangeEvent('hashchange'))
  return key
}

export const session = new Session()
