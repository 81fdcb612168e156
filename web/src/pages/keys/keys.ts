import type { Schemas } from '../../api/client'

export type Key = Schemas['ApiKey']
/** What a key can be allowed to do; each has its words in the messages. */
export const scopes = ['quality:read', 'quality:write', 'events:write', 'admin'] as const

type KeyState = 'active' | 'expired' | 'revoked'
export function stateOf({ revokedAt, expiresAt }: Key, now: number): KeyState {
  if (revokedAt) return 'revoked'
  return expiresAt && Date.parse(expiresAt) <= now ? 'expired' : 'active'
}

export const actorOf = ({ id }: Key) => `api-key:${id}`
