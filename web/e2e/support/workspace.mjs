// A workspace of a test, filled through the public API: by events as a helpdesk sends them.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

const ALL = ['quality:read', 'quality:write', 'events:write', 'admin']
const MINUTE = 60_000
export const DAY = 24 * 60 * MINUTE

async function call(url, key, method, path, body) {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

export class Workspace {
  keys = new Map()

  static async make(server, name) {
    const tenant = `tenant-${randomUUID()}`
    const made = new Workspace()
    made.server = server
    made.name = name
    made.tenant = tenant
    made.id = (
      await call(server.url, server.key, 'POST', '/api/admin/workspaces', { name, tenant, id: randomUUID() })
    ).id
    made.key = await made.keyWith(ALL)
    return made
  }

  get url() {
    return this.server.url
  }

  /** A key of this workspace with these scopes. */
  async keyWith(scopes) {
    const wanted = { name: 'e2e', workspaceId: this.id, scopes }
    const { id, key } = await call(this.url, this.server.key, 'POST', '/api/admin/keys', wanted)
    this.keys.set(key, id)
    return key
  }

  revoke = (key) => call(this.url, this.server.key, 'DELETE', `/api/admin/keys/${this.keys.get(key)}`)

  get = (path) => call(this.url, this.key, 'GET', path)
  post = (path, body) => call(this.url, this.key, 'POST', path, body)
  /** The same within this workspace. */
  ask = (path) => this.get(`/api/workspaces/${this.id}/${path}`)
  tell = (path, body) => this.post(`/api/workspaces/${this.id}/${path}`, body)

  change = (path, body) => call(this.url, this.key, 'PATCH', `/api/workspaces/${this.id}/${path}`, body)

  /** Sends what is no event. */
  refuse = () => this.tell('events', [{ specversion: '1.0', id: '1' }]).catch(() => {})

  /** Sends `[type, time, data]`, a thousand at a time. */
  async send(events) {
    const made = events.map(([type, time, data]) => {
      const when = new Date(time).toISOString()
      return { specversion: '1.0', id: randomUUID(), source: 'e2e', type, time: when, data }
    })
    for (let first = 0; first < made.length; first += 1000) await this.tell('events', made.slice(first, first + 1000))
  }

  /** A conversation, message by message; `[who, text]` each. Returns its id. */
  async talk(account, turns, options = {}) {
    const { end = 'human_resolved', rating, contactEmail, at = Date.now(), channel = 'chat' } = options
    const { id: accountId, name: accountName } = account
    const data = { conversationId: randomUUID(), accountId, accountName, channel, contactEmail }
    const begin = at - (turns.length + 2) * MINUTE
    const events = turns.map(([who, text], n) => {
      const sent = who === 'customer' ? ['message.received', {}] : ['message.sent', { sender: who }]
      return [sent[0], begin + n * MINUTE, { ...data, ...sent[1], text }]
    })
    if (rating) events.push(['survey.responded', at - MINUTE, { ...data, rating }])
    events.push(['conversation.resolved', at, { ...data, resolution: end }])
    await this.send(events)
    return data.conversationId
  }

  /** A scoring from elsewhere. */
  scored(account, score, at = Date.now(), more = {}) {
    const [outcomeScore, processScore, environmentScore] = [score, score, score]
    const names = { conversationId: randomUUID(), accountId: account.id, accountName: account.name, channel: 'email' }
    const data = {
      ...names,
      outcomeScore,
      processScore,
      environmentScore,
      resolved: score >= 3,
      confidence: 0.8,
      ...more,
    }
    return ['conversation.scored', at, data]
  }

  /** A customer who is let down. Three of them, and the account's breaker trips. */
  disappoint = (account) =>
    this.talk(
      account,
      [
        ['customer', 'Quillfeather sent me the wrong parts again. This is the third time I am asking!'],
        ['ai', 'I am sorry to hear that. Have you tried to restart the device?'],
        ['customer', 'That has nothing to do with it. This is useless, I want to speak to a human.'],
        ['ai', 'I am sorry to hear that. Have you tried to restart the device?'],
        ['customer', 'Unbelievable. I am cancelling the contract.'],
      ],
      { end: 'abandoned', rating: 1 },
    )

  /** A customer who is helped. */
  please = (account, at) =>
    this.talk(
      account,
      [
        ['customer', 'Hi, where is my order Quillfeather 4711?'],
        ['ai', 'It left the warehouse this morning and arrives tomorrow before noon.'],
        ['customer', 'Great, thank you, that was quick!'],
      ],
      { at },
    )

  /** Lets the account's breaker trip; the breaker. */
  async trip(account) {
    for (let n = 0; n < 3; n++) await this.disappoint(account)
    const { items } = await this.ask('quality/circuit-breakers')
    return items.find(({ scopeKey }) => scopeKey === `account:acc_${account.id}`)
  }

  /** Six weeks of scorings of these accounts, the later the worse for the last of them. */
  async history(accounts, days = 42) {
    const now = Date.now()
    const events = []
    for (let day = days; day > 0; day--)
      accounts.forEach((account, n) => {
        const falls = n === accounts.length - 1 ? (days - day) / days : 0
        const score = 4.4 - 0.2 * ((day + n) % 4) - 1.2 * falls
        events.push(this.scored(account, Math.round(score * 100) / 100, now - day * DAY + n * MINUTE))
      })
    await this.send(events)
  }
}

export const account = (name) => ({ id: randomUUID(), name })

/** Asks until the answer is something; that. */
export async function until(ask, what = 'it', patience = 60_000) {
  const end = Date.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    await pause(50)
  }
}
