/** What a breaker is called and why it tripped, in the reader's language. */
import { score, shortId } from '../format'
import { t } from '../i18n.svelte'
import { session } from '../session.svelte'

type Scoped = { scopeKey: string; accountName?: string | null }

/** The account that it pauses; none where it pauses something else. */
export const accountOf = (scopeKey: string): string | null => /^account:acc_(.*)$/s.exec(scopeKey)?.[1] ?? null

/** A name may be of nothing but spaces and marks that nobody sees: then it could not be read, nor clicked. */
const isSeen = (name: string) => /[^\p{Z}\p{C}\p{M}]/u.test(name)

export const accountName = (name: string | null | undefined, id: string): string =>
  name && isSeen(name) ? name : t('common.unnamed', { id: shortId(id) })

/** Whom or what it pauses. */
export function scopeName({ scopeKey, accountName: name }: Scoped): string {
  const account = accountOf(scopeKey)
  if (account) return accountName(name, account)
  if (scopeKey.startsWith('workspace:')) return t('common.scope_workspace')
  const [kind, label = ''] = scopeKey.split(/:(.*)/s)
  return t(kind === 'channel' ? 'common.scope_channel' : 'common.scope_intent', { name: label })
}

/** The server's own reason is an English sentence of a known form; what people wrote stays as it is. */
export function reasonOf({ reason }: { reason: string }): string {
  const [, run, threshold] =
    /^(\d+) consecutive conversations scored below composite threshold \((\d\.\d+)\) /.exec(reason) ?? []
  return run ? t('common.reason_low', { n: Number(run), threshold: score(Number(threshold)) }) : reason
}

/** Who did something. Keys have ids for names. */
export function actorName(actor: string): string {
  if (actor === session.me?.actor) return t('common.you')
  const key = /^api-key:(.*)$/s.exec(actor)?.[1]
  return key ? t('common.key_named', { id: shortId(key) }) : actor
}
