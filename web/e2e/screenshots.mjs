// Pictures of the demo: `DIRECTORY [all]`; see scripts/screenshots.
import { join } from 'node:path'
import { go, lead, openTab, settled } from './support/browser.mjs'
import { demo } from './support/server.mjs'

const [directory, all] = process.argv.slice(2)
const shown = await demo()
const { page, context } = await openTab(shown)
await page
  .getByRole('region', { name: 'Paused' })
  .getByRole('link', { name: 'Nordic Parts ApS' })
  .waitFor({ timeout: 100_000 })
const workspace = { ...shown, id: page.url().match(/#\/w\/([^/]+)/)[1] }

/** The address behind the first link to one of these in the page. */
async function first(list, of) {
  await go(page, workspace, list)
  const href = await page.locator(`main a[href*="/${of}/"]`).first().getAttribute('href')
  return href.split(`/${workspace.id}/`)[1].split('?')[0]
}

async function picture(name, options = {}) {
  await page.mouse.move(0, 0)
  await page.screenshot({ path: join(directory, `${name}.png`), ...options })
}

const breaker = await first('breakers', 'breakers')
const conversation = await first(breaker, 'conversations')
if (all) {
  const account = await first('accounts', 'accounts')
  const webhook = await first('webhooks', 'webhooks')
  const lists = ['overview', 'breakers', 'breakers?state=all', 'accounts', 'conversations', 'events', 'settings']
  for (const to of [...lists, 'webhooks', breaker, account, conversation, webhook, '#/keys']) await looks(to)
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
process.exit(0)

/** In both themes, and as on a telephone. */
async function looks(to) {
  const name = to.replace('#/', '').replace(/\/.*/, '-one').replace(/\?.*/, '-all')
  if (to.startsWith('#')) await lead(page, to)
  else await go(page, workspace, to)
  for (const [width, theme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [360, 'light'],
    [360, 'dark'],
  ]) {
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme: theme })
    await settled(page)
    await picture(`${name}-${width}-${theme}`, { fullPage: true })
  }
}
