/** Every page: where it is in the navigation, who may see it, and its code, which is loaded when it is opened. */
import type { Component } from 'svelte'
import type { MessageKey } from '../i18n.svelte'
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
    load: () => import('../pages/breakers/Breakers.svelte'),
    one: () => import('../pages/breakers/Breaker.svelte'),
  },
  {
    name: 'accounts',
    title: 'common.accounts',
    scope: 'quality:read',
    load: () => import('../pages/accounts/Accounts.svelte'),
    one: () => import('../pages/accounts/Account.svelte'),
  },
  {
    name: 'conversations',
    title: 'common.conversations',
    scope: 'quality:read',
    load: () => import('../pages/conversations/Conversations.svelte'),
    one: () => import('../pages/conversations/Conversation.svelte'),
  },
  {
    name: 'events',
    title: 'common.events',
    scope: 'quality:read',
    or: 'events:write',
    load: () => import('../pages/events/Events.svelte'),
  },
  {
    name: 'settings',
    title: 'common.settings',
    scope: 'quality:read',
    load: () => import('../pages/settings/Settings.svelte'),
  },
  {
    name: 'webhooks',
    title: 'common.webhooks',
    scope: 'admin',
    load: () => import('../pages/webhooks/Webhooks.svelte'),
    one: () => import('../pages/webhooks/Webhook.svelte'),
  },
  { name: 'keys', title: 'common.keys', scope: 'admin', or: 'server', load: () => import('../pages/keys/Keys.svelte') },
  { name: 'system', title: 'common.system', scope: 'server', load: () => import('../pages/system/System.svelte') },
]

/** Pages of the server rather than of a workspace: `#/system`. */
export const global = new Set(['system', 'keys'])

export const maySee = ({ scope, or }: PageEntry) => session.may(scope) || (or !== undefined && session.may(or))
