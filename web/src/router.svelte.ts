/**
 * Where the reader is, in the fragment of the address: `#/w/<workspace>/accounts/<id>?period=last_7d`. A fragment never
 * reaches a server or its logs, and needs no rule in a proxy; going back, reloading and sending a link all work.
 */
class Route {
  private path = $state('')
  /** The parts of the path, decoded. A change of the query alone is none of them, so the page stays as it is. */
  parts = $derived(this.path.split('/').filter(Boolean).map(decoded))
  query = $state.raw(new URLSearchParams())

  constructor() {
    this.read()
    addEventListener('hashchange', () => this.read())
  }

  private read(): void {
    const [path = '', query = ''] = location.hash.slice(1).split(/\?(.*)/s)
    this.path = path
    this.query = new URLSearchParams(query)
  }

  /** The workspace that the path names. */
  get workspace(): string | null {
    return this.parts[0] === 'w' ? (this.parts[1] ?? null) : null
  }

  /** The page's name: `overview`, `breakers`, …; and what stands behind it. */
  get page(): string {
    return (this.parts[0] === 'w' ? this.parts[2] : this.parts[0]) ?? ''
  }
  get id(): string | null {
    return (this.parts[0] === 'w' ? this.parts[3] : this.parts[1]) ?? null
  }

  /** A filter of the query that says yes or no. */
  flag(name: string): boolean | undefined {
    const value = this.query.get(name)
    return value === 'true' || value === 'false' ? value === 'true' : undefined
  }

  /** Changes members of the query and stays on the page; `null` takes one away. No new entry of the history. */
  set(changes: Record<string, string | null>): void {
    const query = new URLSearchParams(this.query)
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') query.delete(name)
      else query.set(name, value)
    }
    const path = location.hash.slice(1).split('?')[0] ?? ''
    const text = query.toString()
    history.replaceState(history.state, '', `#${path}${text && `?${text}`}`)
    this.read()
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export const route = new Route()

export const go = (hash: string) => {
  location.hash = hash
}

/** A link's address within a workspace. */
export function link(workspace: string, ...parts: string[]): string {
  return `#/w/${[workspace, ...parts].map(encodeURIComponent).join('/')}`
}
