// How soon each page shows its content on a large workspace: `BENCH ACCOUNTS CONVERSATIONS`; see
// scripts/measure-dashboard.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { go, lead, openTab } from './support/browser.mjs'
import { Workspace } from './support/workspace.mjs'

const [bench, accounts, conversations] = process.argv.slice(2)
const size = ['--accounts', accounts, '--facts', conversations]
const filled = spawn(bench, ['--binary', process.env.TRIPSWITCH_BIN, 'asked', '--hold', ...size], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
let workspace
for await (const line of createInterface({ input: filled.stdout })) {
  if (!line.startsWith('http')) console.log(line)
  else {
    const [url, id, key, server] = line.split(' ')
    workspace = Object.assign(new Workspace(), { id, key, server: { url, key: server } })
    break
  }
}

/** Milliseconds from when the page was asked for, once it has its content and loads nothing more. */
const shown = (page, since) =>
  page.evaluate(async (since) => {
    const isShown = () => {
      const main = document.querySelector('main')
      return main?.querySelector('h1') && !main.querySelector('[aria-busy="true"], [data-loading]')
    }
    while (!isShown()) await new Promise(requestAnimationFrame)
    return performance.now() - since
  }, since)

async function byAddress(page) {
  await page.reload({ waitUntil: 'commit' })
  return shown(page, 0)
}

async function byLink(page, fragment) {
  // From another page.
  await lead(page, fragment === '#/keys' ? `#/w/${workspace.id}/webhooks` : '#/keys')
  const since = await page.evaluate((fragment) => {
    const now = performance.now()
    const changed = new Promise((resolve) => addEventListener('hashchange', () => resolve(now), { once: true }))
    location.hash = fragment
    return changed
  }, fragment)
  return shown(page, since)
}

async function row(page, name, fragment) {
  const [addresses, links] = [[], []]
  await lead(page, fragment)
  for (let n = 0; n < 5; n++) addresses.push(await byAddress(page))
  for (let n = 0; n < 5; n++) links.push(await byLink(page, fragment))
  const cells = [addresses, links].flatMap((times) => [times[0], times.toSorted((a, b) => a - b)[2]])
  console.log([name.padEnd(16), ...cells.map((time) => (time / 1000).toFixed(2).padStart(8))].join(' '))
}

const { data } = await workspace.ask('conversations?limit=1')
const scopeKey = `account:${data[0].accountId}`
const breaker = await workspace.tell('quality/circuit-breakers', { scopeKey, reason: 'By hand' })
const hook = { url: 'https://example.com/hook', types: ['breaker.triggered'], enabled: false }
const webhook = await workspace.tell('webhooks', hook)
const details = [`breakers/${breaker.id}`, `accounts/${data[0].accountId}`, `webhooks/${webhook.id}`]
const lists = ['overview', 'breakers', 'accounts', 'conversations', 'events', 'ratings', 'settings', 'webhooks']

console.log('seconds          address: first median   link: first median')
const { page } = await openTab(workspace)
await go(page, workspace, 'overview')
for (const to of [...lists, ...details, `conversations/${data[0].conversationId}`])
  await row(page, to.replace(/\/.*/, ', one'), `#/w/${workspace.id}/${to}`)
await row(page, 'overview, 90 days', `#/w/${workspace.id}/overview?period=last_90d`)
await row(page, 'keys', '#/keys')
const system = await openTab(workspace, { key: workspace.server.key })
await row(system.page, 'system', '#/system')
filled.stdin.end()
await new Promise((resolve) => filled.once('exit', resolve))
process.exit(0)
