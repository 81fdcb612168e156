import account from './account.json'
import accounts from './accounts.json'
import breakers from './breakers.json'
import common from './common.json'
import conversation from './conversation.json'
import conversations from './conversations.json'
import events from './events.json'
import keys from './keys.json'
import overview from './overview.json'
import settings from './settings.json'
import signals from './signals.json'
import signin from './signin.json'
import system from './system.json'
import webhooks from './webhooks.json'

export default {
  account,
  accounts,
  breakers,
  common,
  conversation,
  conversations,
  events,
  keys,
  overview,
  settings,
  signals,
  signin,
  system,
  webhooks,
}
