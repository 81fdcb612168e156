/**
 * The stream of a workspace (R8.2): what happens, as it happens, and how fresh the page is. It comes back with the last
 * id it has seen, so nothing is missed; after a gap every query loads again.
 */
import { createParser } from 'eventsource-parser'
import { ApiFailure, base, request, type Schemas } from './api/client'

export type Effect = Schemas['Effect']
type Listener = (effect: Effect | null) => void

/** The server says something every 15 s, if only that it is there. */
const SILENCE = 35_000
/** More effects than this in a second, and the stream goes on without those of single conversations. */
const MANY = 200
/** So many milliseconds later it is tried whether they have become fewer. */
const NARROW_FOR = 60_000
const FEW_TYPES = 'breaker.triggered,breaker.acknowledged,breaker.resolved,breaker.forgotten,settings.changed'

class Live {
  status = $state<'off' | 'connecting' | 'live' | 'reconnecting'>('off')
  /** When the server was last heard, milliseconds since 1970. */
  heardAt = $state(0)
  /** Whether single conversations are left out, because there are too many; then queries load every few seconds. */
  narrow = $state(false)
  /** Ticks once a second, for everything that says how long ago something was. */
  now = $state(Date.now())

  private listeners = new Set<Listener>()
  private workspace: string | null = null
  private stopping = new AbortController()
  private lastId = ''
  private second = 0
  private inSecond = 0

  constructor() {
    setInterval(() => (this.now = Date.now()), 1000)
  }

  /** Hears every effect; null says that some may have been missed. Returns how to stop. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  start(workspace: string): void {
    if (workspace === this.workspace) return
    this.stop()
    this.workspace = workspace
    this.lastId = ''
    this.narrow = false
    this.heardAt = Date.now()
    this.stopping = new AbortController()
    void this.run(workspace, this.stopping.signal)
  }

  stop(): void {
    this.stopping.abort()
    this.workspace = null
    this.status = 'off'
  }

  private async run(workspace: string, stop: AbortSignal): Promise<void> {
    let pause = 500
    this.status = 'connecting'
    for (let isFirst = true; !stop.aborted; isFirst = false) {
      const connection = new AbortController()
      const end = () => connection.abort()
      stop.addEventListener('abort', end)
      const begunAt = Date.now()
      const watch = setInterval(() => {
        if (Date.now() - Math.max(begunAt, this.heardAt) > SILENCE) end()
        else if (this.narrow && Date.now() - begunAt > NARROW_FOR) this.widen(end)
      }, 5000)
      const wasNarrow = this.narrow
      try {
        await this.read(workspace, connection, () => {
          pause = 500
          // What happened in between may be missing.
          if (!isFirst) this.tell(null)
        })
      } catch (cause) {
        // A server that refuses is there: asking again would change nothing.
        if (cause instanceof ApiFailure && (cause.status === 403 || cause.status === 404)) {
          if (!stop.aborted) this.status = 'off'
          return
        }
      } finally {
        clearInterval(watch)
        stop.removeEventListener('abort', end)
      }
      if (stop.aborted) return
      // It was ended to be asked for with other types.
      if (this.narrow !== wasNarrow) continue
      this.status = 'reconnecting'
      await new Promise((resume) => setTimeout(resume, pause * (0.75 + Math.random() / 2)))
      pause = Math.min(pause * 2, 8000)
    }
  }

  private async read(workspace: string, connection: AbortController, connected: () => void): Promise<void> {
    const url = `${base}/api/workspaces/${encodeURIComponent(workspace)}/quality/stream${this.narrow ? `?types=${FEW_TYPES}` : ''}`
    const headers: HeadersInit = this.lastId ? { 'Last-Event-ID': this.lastId } : {}
    const response = await request(url, { headers, signal: connection.signal, cache: 'no-store' })
    const parser = createParser({
      onEvent: ({ id, event, data }) => {
        if (id) this.lastId = id
        if (event === 'reset') this.tell(null)
        else if (data && event !== 'end') this.heard(JSON.parse(data) as Effect, connection)
      },
    })
    this.heardAt = Date.now()
    this.status = 'live'
    connected()
    const decoder = new TextDecoder()
    const reader = response.body!.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      this.heardAt = Date.now()
      parser.feed(decoder.decode(value, { stream: true }))
    }
  }

  private heard(effect: Effect, connection: AbortController): void {
    const second = Math.floor(this.heardAt / 1000)
    this.inSecond = second === this.second ? this.inSecond + 1 : 1
    this.second = second
    if (this.inSecond > MANY && !this.narrow) {
      this.narrow = true
      connection.abort()
    }
    this.tell(effect)
  }

  /** From now on, as what was left out meanwhile is too much to hear of. */
  private widen(end: () => void): void {
    this.narrow = false
    this.lastId = ''
    end()
  }

  private tell(effect: Effect | null): void {
    for (const listener of this.listeners) listener(effect)
  }
}

export const live = new Live()
