import account from './account.json'
import breakers from './breakers.json'
import conversation from './conversation.json'
import conversations from './conversations.json'
import events from './events.json'
import keys from './keys.json'
import ratings from './ratings.json'
import settings from './settings.json'
import signals from './signals.json'
import system from './system.json'
import webhooks from './webhooks.json'

export default {
  account,
  breakers,
  conversation,
  conversations,
  events,
  keys,
  ratings,
  settings,
  signals,
  system,
  webhooks,
}
