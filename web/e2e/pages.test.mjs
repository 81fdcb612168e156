// Every page: for everybody (WCAG 2.2 AA by axe, both themes), on a telephone, in three languages, with a clean console.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { go, lead, settled } from './support/browser.mjs'
import { accessible, fits, fitsAll, worded } from './support/looks.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

const server = await Server.start({ TRIPSWITCH__WEBHOOKS__ALLOW_PRIVATE: 'true' })
after(() => server.stop())

/** A workspace with something on every page. */
async function lively() {
  const workspace = await server.workspace('Support at Quillfeather')
  const accounts = ['Harbour Coffee Roasters', 'Maple Street Dental', 'Nordic Parts ApS'].map(account)
  await workspace.history(accounts)
  const pleased = await workspace.please(accounts[0])
  await workspace.tell('quality/circuit-breakers', {
    scopeKey: `workspace:${workspace.id}`,
    reason: 'A wrong price list',
  })
  const breaker = await workspace.trip(accounts[2])
  const { evidence } = await workspace.ask(`quality/circuit-breakers/${breaker.id}`)
  const overridden = evidence[1].conversationId
  const word = { outcomeScore: 2, processScore: 2.5, environmentScore: 2, reason: 'Not that bad' }
  await workspace.post(`/api/conversations/${overridden}/quality/override`, word)
  await workspace.refuse()
  const types = ['breaker.triggered', 'breaker.acknowledged', 'breaker.resolved']
  const webhook = await workspace.tell('webhooks', { url: 'http://127.0.0.1:9/hook', types, description: 'Paging' })
  await workspace.change('csat-config', { baselineOutcome: 3.8 })
  const ofOne = [`breakers/${breaker.id}`, `accounts/${accounts[2].id}`, `webhooks/${webhook.id}`]
  const ofConversations = [pleased, overridden].map((id) => `conversations/${id}`)
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
  workspace.pages = [...lists, 'webhooks', ...ofOne, ...ofConversations]
  return workspace
}
const workspace = await lively()
const empty = await server.workspace('Nothing yet')

/** Looks at what the page shows in both themes, and on a telephone. */
async function look(page, where) {
  await worded(page, where)
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme)
    await accessible(page, `${where}, ${colorScheme}`)
  }
  await page.setViewportSize({ width: 360, height: 780 })
  await fits(page, `${where} at 360 px`)
  await accessible(page, `${where} at 360 px`)
  await fitsAll(page, where)
}

for (const to of workspace.pages)
  walk(`${to.replace(/[0-9a-f-]{36}/, '<id>')} is for everybody`, async (open) => {
    const page = await open(workspace, { to })
    await look(page, to)
  })

walk('keys and system are for everybody', async (open) => {
  const page = await open(workspace, { to: 'overview' })
  await lead(page, '#/keys')
  await look(page, 'keys')
  const system = await open(workspace, { key: server.key })
  await look(system, 'keys of a server key')
  await lead(system, '#/system')
  await system.getByRole('heading', { level: 1, name: 'System' }).waitFor()
  await look(system, 'system')
})

walk('signing in, first use and missing permission are for everybody', async (open) => {
  const page = await open(workspace, { signedOut: true })
  await page.getByLabel('API key').waitFor()
  await look(page, 'sign-in')
  for (const to of ['overview', 'breakers', 'accounts', 'conversations', 'events', 'ratings', 'settings', 'webhooks']) {
    const unused = await open(empty, { to })
    await look(unused, `${to} of an empty workspace`)
  }
  const key = await workspace.keyWith(['quality:read'])
  const reader = await open(workspace, { key, to: 'webhooks' })
  await look(reader, 'webhooks without permission')
})

walk('what is gone or never was says so on its page', async (open) => {
  const none = '00000000-0000-4000-8000-000000000000'
  const page = await open(workspace, { expected: ['status of 404'] })
  for (const to of [`accounts/${none}`, `breakers/${none}`, `webhooks/${none}`]) {
    await go(page, workspace, to)
    const alert = page.getByRole('alert').filter({ hasText: 'Request' })
    await alert.first().waitFor()
    await look(page, to)
  }
  await go(page, workspace, `conversations/${none}`)
  await page.getByText('Not scored yet').waitFor()
  await look(page, 'a conversation that is not scored')
  // An address of nothing leads to the first page.
  await lead(page, '#/nowhere')
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
})

walk('three languages have every page', async (open) => {
  const page = await open(workspace, { to: 'overview' })
  const main = page.getByRole('main')
  const titles = { da: 'Overblik', de: 'Überblick', en: 'Overview' }
  for (const [language, name] of Object.entries(titles)) {
    await go(page, workspace, 'overview')
    await page.locator('nav select').first().selectOption(language)
    await page.locator(`html[lang="${language}"]`).waitFor()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    // Numbers are written as the language does.
    assert.match(await main.innerText(), language === 'en' ? /\d\.\d\d/ : /\d,\d\d/)
    for (const to of workspace.pages) {
      await go(page, workspace, to)
      await worded(page, `${to} in ${language}`)
    }
    await lead(page, '#/keys')
    await worded(page, `keys in ${language}`)
  }
  // The choice stays.
  await page.locator('nav select').first().selectOption('da')
  await page.reload()
  await page.locator('html[lang="da"]').waitFor()
  await settled(page)
})

walk('a chart has the colours of the theme, however that came to be', async (open) => {
  const page = await open(workspace, { to: 'overview' })
  const drawn = () =>
    page
      .locator('main canvas')
      .first()
      .evaluate((canvas) => canvas.toDataURL())
  const light = await drawn()
  await page.emulateMedia({ colorScheme: 'dark' })
  const changed = await until(async () => (await drawn()) !== light && drawn(), 'another drawing')
  await page.reload()
  await settled(page)
  await until(async () => (await drawn()) === changed, 'the same drawing after a reload')
})

walk('the first load of the overview is small', async (open) => {
  const page = await open(workspace, { signedOut: true })
  await page.goto('about:blank')
  const protocol = await page.context().newCDPSession(page)
  await protocol.send('Network.enable')
  await protocol.send('Network.setCacheDisabled', { cacheDisabled: true })
  const files = new Map()
  const api = new Set()
  protocol.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (new URL(request.url).pathname.startsWith('/api/')) api.add(requestId)
    else files.set(requestId, { url: request.url, bytes: 0 })
  })
  protocol.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (files.has(requestId)) files.get(requestId).bytes = encodedDataLength
  })
  await page.goto(`${workspace.url}/#key=${workspace.key}`)
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await settled(page)
  const bytes = [...files.values()].reduce((sum, file) => sum + file.bytes, 0)
  console.log(`first load of the overview: ${bytes} bytes in ${files.size} files`)
  for (const { url, bytes } of files.values()) assert.ok(bytes > 0, `${url} was not measured`)
  assert.ok(bytes <= 90_000, `${bytes} bytes`)
})
