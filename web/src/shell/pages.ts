/** Every page: where it is in the navigation, who may see it, and its code, which is loaded when it is opened. */
import type { Component } from 'svelte'
import { translation, type MessageKey } from '../i18n.svelte'
import { session, type Scope } from '../session.svelte'

export interface PageEntry {
  name: string
  title: MessageKey
  scope: Scope
  /** Another scope that will do. */
  or?: Scope
  load: () => Promise<{ default: Component }>
  /** The page of one of them, behind `/<id>`. */
  one?: () => Promise<{ default: Component }>
}

/** Loads the messages of all pages along with a page. Only the overview does without: its own are among the first. */
const withMessages = <T>(load: () => Promise<T>) => {
  return async (): Promise<T> => (await Promise.all([load(), translation.whole()]))[0]
}

export const pages: PageEntry[] = [
  {
    name: 'overview',
    title: 'common.overview',
    scope: 'quality:read',
    load: () => import('../pages/overview/Overview.svelte'),
  },
  {
    name: 'breakers',
    title: 'common.breakers',
    scope: 'quality:read',
    load: withMessages(() => import('../pages/breakers/Breakers.svelte')),
    one: withMessages(() => import('../pages/breakers/Breaker.svelte')),
  },
  {
    name: 'accounts',
    title: 'common.accounts',
    scope: 'quality:read',
    load: withMessages(() => import('../pages/accounts/Accounts.svelte')),
    one: withMessages(() => import('../pages/accounts/Account.svelte')),
  },
  {
    name: 'conversations',
    title: 'common.conversations',
    scope: 'quality:read',
    load: withMessages(() => import('../pages/conversations/Conversations.svelte')),
    one: withMessages(() => import('../pages/conversations/Conversation.svelte')),
  },
  {
    name: 'events',
    title: 'common.events',
    scope: 'quality:read',
    or: 'events:write',
    load: withMessages(() => import('../pages/events/Events.svelte')),
  },
  {
    name: 'ratings',
    title: 'common.ratings',
    scope: 'quality:read',
    load: withMessages(() => import('../pages/ratings/Ratings.svelte')),
  },
  {
    name: 'settings',
    title: 'common.settings',
    scope: 'quality:read',
    load: withMessages(() => import('../pages/settings/Settings.svelte')),
  },
  {
    name: 'webhooks',
    title: 'common.webhooks',
    scope: 'admin',
    load: withMessages(() => import('../pages/webhooks/Webhooks.svelte')),
    one: withMessages(() => import('../pages/webhooks/Webhook.svelte')),
  },
  {
    name: 'system',
    title: 'common.system',
    scope: 'server',
    load: withMessages(() => import('../pages/system/System.svelte')),
  },
  {
    name: 'keys',
    title: 'common.keys',
    scope: 'admin',
    or: 'server',
    load: withMessages(() => import('../pages/keys/Keys.svelte')),
  },
]

/** Pages of the server rather than of a workspace: `#/system`. */
export const global = new Set(['system', 'keys'])

export const maySee = ({ scope, or }: PageEntry) => session.may(scope) || (or !== undefined && session.may(or))
