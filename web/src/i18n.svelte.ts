/** What the page says, in the reader's language: `t('overview.title')`, from `messages/<language>/overview.json`. */
import type first from './messages/en'
import type more from './messages/en/more'

export const languages = { en: 'English', da: 'Dansk', de: 'Deutsch' } as const
export type Language = keyof typeof languages
type Messages = typeof first & typeof more
type Keys = { [N in keyof Messages]: `${N}.${Extract<keyof Messages[N], string>}` }[keyof Messages]
/** Of a message with forms for numbers (`events_one`, `events_other`) the name without the form. */
export type MessageKey = Keys | (Keys extends infer K ? (K extends `${infer Stem}_other` ? Stem : never) : never)
type Values = Record<string, string | number>

/** Those of the page that opens first, and the others, which come with any other page. */
const loaders = {
  en: { first: () => import('./messages/en'), more: () => import('./messages/en/more') },
  da: { first: () => import('./messages/da'), more: () => import('./messages/da/more') },
  de: { first: () => import('./messages/de'), more: () => import('./messages/de/more') },
}
const KEPT = 'tripswitch.language'

class Translation {
  language = $state<Language>('en')
  messages = $state.raw<Partial<Messages>>({})
  plural = $derived(new Intl.PluralRules(this.language))
  private wanted: Language = 'en'
  private needsMore = false
  private loaded = ''

  async use(language: Language): Promise<void> {
    this.wanted = language
    try {
      await this.load()
    } catch (cause) {
      this.wanted = this.language
      throw cause
    }
  }

  /** Makes sure that the messages of every page are there. */
  async whole(): Promise<void> {
    this.needsMore = true
    await this.load()
  }

  private async load(): Promise<void> {
    const [language, needsMore] = [this.wanted, this.needsMore]
    const asked = `${language} ${needsMore}`
    if (asked === this.loaded) return
    const { first, more } = loaders[language]
    const [some, others] = await Promise.all([first(), needsMore ? more() : undefined])
    // Meanwhile another language was chosen, or another page opened.
    if (language !== this.wanted || needsMore !== this.needsMore) return this.load()
    this.loaded = asked
    this.messages = { ...some.default, ...others?.default }
    this.language = language
    document.documentElement.lang = language
  }
}
export const translation = new Translation()

/** Uses the language that was chosen before, or else the browser's. */
export async function start(): Promise<void> {
  const wanted = [localStorage.getItem(KEPT) ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2))
  await translation.use((wanted.find((tag) => tag in languages) as Language | undefined) ?? 'en')
}

export async function choose(language: Language): Promise<void> {
  await translation.use(language)
  localStorage.setItem(KEPT, language)
}

/** A message with `{name}` replaced by the values; `n` also chooses the form of a message that has forms. */
export function t(key: MessageKey, values: Values = {}): string {
  return lookUp(key, values) ?? key
}

/** As `t`, for a name that the server has given: what has no message is shown as it is. */
export function named(prefix: keyof Messages, name: string, values: Values = {}): string {
  return lookUp(`${prefix}.${name}`, values) ?? name
}

function lookUp(key: string, values: Values): string | undefined {
  const [namespace = '', name = ''] = key.split(/\.(.*)/s)
  const all = (translation.messages[namespace as keyof Messages] ?? {}) as Record<string, string>
  // Names come from the server and the address as well: `constructor` is no message.
  const own = (name: string) => (Object.hasOwn(all, name) ? all[name] : undefined)
  const form = typeof values.n === 'number' ? own(`${name}_${translation.plural.select(values.n)}`) : undefined
  const message = form ?? own(name) ?? own(`${name}_other`)
  return message?.replace(/\{(\w+)\}/g, (whole, value: string) => {
    const given = values[value]
    return given === undefined ? whole : typeof given === 'number' ? given.toLocaleString(translation.language) : given
  })
}
