// A real browser with an empty profile, and tabs that notice what must not happen on any page.
import { chromium } from 'playwright-core'

const { TRIPSWITCH_BROWSER: executablePath } = process.env
if (!executablePath) throw new Error('TRIPSWITCH_BROWSER has to name chromium: see scripts/check-dashboard')
const QUIET = ['gpu', 'quic', 'background-networking', 'component-update', 'sync'].map((name) => `--disable-${name}`)

export const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--no-first-run', ...QUIET] })

/** What a page says of itself that a test has to know of: its scripts' failures, and what its policy has refused. */
function watch(page, origins, faults) {
  page.on('pageerror', (error) => faults.push(`a script failed: ${error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`the console says: ${message.text()}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    const own = ['blob:', 'data:'].includes(url.protocol) || origins.includes(url.origin)
    if (!own) faults.push(`something was asked of ${url.origin}`)
  })
}

/** A time zone in which it is ten in the evening: times are then as wide as they get ("10:12 PM"), at every hour. */
function evening() {
  const ahead = (22 - new Date().getUTCHours() + 24) % 24
  // The signs of these names are those of POSIX, and there are fourteen to the east, twelve to the west.
  return ahead <= 14 ? `Etc/GMT-${ahead}` : `Etc/GMT+${24 - ahead}`
}

/** Opens the page in a tab of its own, signed in by the fragment; with `at` that address instead. */
export async function openTab(workspace, options = {}) {
  const {
    key = workspace.key,
    to,
    width = 1280,
    theme = 'light',
    language = 'en',
    origins = [],
    expected = [],
  } = options
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    locale: language,
    timezoneId: options.timeZone ?? evening(),
    javaScriptEnabled: options.scripts ?? true,
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  const faults = []
  watch(page, [workspace.url, ...origins], faults)
  if (options.at) await page.goto(options.at)
  else if (options.signedOut) await page.goto(`${workspace.url}/`)
  else {
    await page.goto(`${workspace.url}/#key=${key}`)
    await page.locator('#navigation').waitFor({ state: 'attached' })
    if (to !== undefined) await go(page, workspace, to)
    else await settled(page)
  }
  return { page, context, faults, expected }
}

/** Leads an open page to another one of the workspace, as a link does. */
export async function go(page, workspace, to) {
  await lead(page, `#/w/${workspace.id}/${to}`)
}

/** Leads an open page to where the fragment says; answers once that is shown. */
export async function lead(page, fragment) {
  await page.evaluate((fragment) => {
    if (location.hash === fragment) return
    const changed = new Promise((resolve) => {
      addEventListener('hashchange', () => requestAnimationFrame(resolve), { once: true })
    })
    location.hash = fragment
    return changed
  }, fragment)
  await settled(page)
}

/** Waits until the page has its content: nothing loads any more. */
export async function settled(page) {
  await page.waitForFunction(() => {
    const main = document.querySelector('main')
    return main?.querySelector('h1') && !main.querySelector('[aria-busy="true"], [data-loading]')
  })
}
