/**
 * Tabs of one browser. A tab that is opened beside one where somebody is signed in is signed in as well: it asks the
 * others, and nothing is kept outside of tabs. Who signs out does so in all that have the same credential.
 */
type Message = { ask: true } | { have: string } | { end: string }

const channel = new BroadcastChannel('tripswitch')
const send = (message: Message) => channel.postMessage(message)

/** Milliseconds that other tabs have to answer. */
const PATIENCE = 200

/** The credential of another tab, if one has any. */
export function ask(): Promise<string | null> {
  return new Promise((resolve) => {
    const done = (found: string | null) => {
      channel.removeEventListener('message', heard)
      resolve(found)
    }
    const heard = ({ data }: MessageEvent<Message>) => 'have' in data && done(data.have)
    channel.addEventListener('message', heard)
    setTimeout(done, PATIENCE, null)
    send({ ask: true })
  })
}

/** Answers other tabs with what `held` says, and hears when one of them signs out. */
export function share(held: () => string | null, ended: () => void): void {
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    const bearer = held()
    if (!bearer) return
    if ('ask' in data) send({ have: bearer })
    if ('end' in data && data.end === bearer) ended()
  })
}

/** Tells the others that who has this credential signs out. */
export const end = (bearer: string) => send({ end: bearer })
