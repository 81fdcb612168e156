// Pictures of the demo: `DIRECTORY [all]`; see scripts/screenshots.
import { join } from 'node:path'
import { go, lead, openTab, settled } from './support/browser.mjs'
import { demo, Server } from './support/server.mjs'

const [directory, all] = process.argv.slice(2)
const shown = await demo()
const { page, context } = await openTab(shown)
await page
  .getByRole('region', { name: 'Paused' })
  .getByRole('link', { name: 'Nordic Parts ApS' })
  .waitFor({ timeout: 100_000 })
const workspace = { ...shown, id: page.url().match(/#\/w\/([^/]+)/)[1] }

/** The address behind the first link to one of these in the page, or behind the last. */
async function first(list, of, at = 0) {
  await go(page, workspace, list)
  const href = await page.locator(`main a[href*="/${of}/"]`).nth(at).getAttribute('href')
  return href.split(`/${workspace.id}/`)[1].split('?')[0]
}

async function picture(name) {
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(directory, `${name}.png`) })
}

const breaker = await first('breakers', 'breakers')
const conversation = await first(breaker, 'conversations', -1)
if (all) {
  const account = await first('accounts', 'accounts')
  const webhook = await first('webhooks', 'webhooks')
  const lists = [
    'overview',
    'breakers',
    'breakers?state=all',
    'accounts',
    'conversations',
    'events',
    'ratings',
    'settings',
  ]
  for (const to of [...lists, 'webhooks', breaker, account, conversation, webhook]) {
    await go(page, workspace, to)
    await looks(page, to.replace(/\/.*/, '-one').replace(/\?.*/, '-all'))
  }
  await lead(page, '#/keys')
  await looks(page, 'keys')
} else {
  await page.setViewportSize({ width: 1280, height: 800 })
  await go(page, workspace, 'overview')
  await picture('overview')
  await go(page, workspace, breaker)
  await picture('breaker')
  await go(page, workspace, conversation)
  const sum = page.getByRole('heading', { name: 'The exact sum' })
  await sum.evaluate((heading) => heading.closest('section').scrollIntoView())
  await picture('conversation')
}
await context.close()
await shown.stop()
if (all) await apart()
process.exit(0)

/** What the demo does not show: the page of the server itself, signing in, and a workspace without an event. */
async function apart() {
  const server = await Server.start()
  const unused = await server.workspace()
  const system = await openTab(unused, { key: server.key })
  await lead(system.page, '#/system')
  await looks(system.page, 'system')
  const signIn = await openTab(unused, { signedOut: true })
  await signIn.page.getByLabel('API key').waitFor()
  await looks(signIn.page, 'sign-in')
  await looks((await openTab(unused)).page, 'first-use')
  await server.stop()
}

/** In both themes, and as on a telephone. */
async function looks(page, name) {
  for (const [width, theme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [360, 'light'],
    [360, 'dark'],
  ]) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: theme })
    await settled(page)
    await page.screenshot({ path: join(directory, `${name}-${width}-${theme}.png`), fullPage: true })
  }
}
