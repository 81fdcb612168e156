// The System page of a node of a cluster. Its answers stand in for those of a cluster, which would need servers of NATS.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { lead } from './support/browser.mjs'
import { accessible, fitsAll, worded } from './support/looks.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'

const server = await Server.start()
after(() => server.stop())

const node = (name, partitions, draining = false) => ({
  name,
  url: `https://${name}.tripswitch.example:8080`,
  version: '0.1.0',
  draining,
  partitions,
})
const served = (partition, node, epoch) => ({ partition, node, epoch, ready: true })

/** Two nodes, one of which leaves; one partition that is being taken over, one that nobody has. */
function moving() {
  const names = ['berlin-1', 'a-node-with-the-longest-name-that-anybody-would-ever-give-to-a-n']
  const partitions = Array.from({ length: 65 }, (_, number) => served(number, names[number % 2], 1000 + number))
  partitions[7] = { ...partitions[7], ready: false }
  partitions[12] = { partition: 12, node: null, epoch: 0, ready: false }
  return { nodes: [node(names[0], 32), node(names[1], 32, true)], partitions }
}

/** Lets the page of the server think that it is a node of what `answer` says. */
async function cluster(page, answer) {
  await lead(page, '#/keys')
  await page.route('**/api/admin/status', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), node: 'berlin-1' } })
  })
  await page.route('**/api/admin/cluster', (route) => route.fulfill({ json: answer() }))
}

walk('r11_4 a node of a cluster shows nodes and partitions, those first that nobody serves', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace, { key: server.key })
  let now = moving()
  await cluster(page, () => now)
  await lead(page, '#/system')
  const section = page.getByRole('region', { name: 'Cluster' })
  await section.getByText('As node berlin-1 sees it.').waitFor()
  const nodes = section.getByRole('table', { name: 'Nodes' })
  await nodes.getByRole('row', { name: /berlin-1 .*Takes part 32 https:\/\/berlin-1/ }).waitFor()
  await nodes.getByRole('row', { name: /a-node-with.* Gives its partitions back 32/ }).waitFor()
  const first = section.getByRole('table', { name: '2 partitions are not served' })
  assert.deepEqual(await first.locator('tbody tr').allInnerTexts().then(words), [
    ['007', 'Being taken over', now.partitions[7].node, '1,007'],
    ['012', 'Nobody has it', '–', '–'],
  ])
  await section.locator('summary', { hasText: '63 partitions are served' }).click()
  const rest = section.getByRole('table', { name: '63 partitions are served' })
  assert.equal(await rest.locator('tbody tr').count(), 63)
  await rest.getByRole('row', { name: /000 tenants, workspaces, keys .*Served berlin-1 1,000/ }).waitFor()
  await worded(page, 'the system page of a node')
  await accessible(page, 'the system page of a node')
  await fitsAll(page, 'the system page of a node')

  // What a node does not have for itself.
  for (const name of ['Journal', 'Snapshots', 'If the server were started now'])
    assert.equal(await page.getByRole('region', { name }).count(), 0, name)

  now = { ...now, partitions: now.partitions.map(({ partition }) => served(partition, 'berlin-1', 2000)) }
  await section.getByText('All partitions are served').waitFor()
  assert.equal(await first.count(), 0)
})

walk('a server that is alone shows nothing of a cluster, and asks for none', async (open) => {
  const workspace = await server.workspace()
  const page = await open(workspace, { key: server.key })
  await lead(page, '#/keys')
  const asked = []
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  await lead(page, '#/system')
  await page.getByRole('region', { name: 'Snapshots' }).waitFor()
  assert.equal(await page.getByRole('region', { name: 'Cluster' }).count(), 0)
  assert.ok(asked.includes('/api/admin/status') && !asked.includes('/api/admin/cluster'))
})

for (const language of ['da', 'de'])
  walk(`a cluster is shown in ${language}`, async (open) => {
    const workspace = await server.workspace()
    const page = await open(workspace, { key: server.key, language, theme: 'dark', width: 360 })
    await cluster(page, moving)
    await lead(page, '#/system')
    await page.getByRole('table', { name: { da: 'Noder', de: 'Knoten' }[language] }).waitFor()
    await worded(page, language)
    await accessible(page, language)
    await fitsAll(page, language)
  })

/** The words of each row's cells; a badge has a mark before its word. */
function words(rows) {
  return rows.map((row) =>
    row
      .split(/[\t\n]+/)
      .map((cell) => cell.replace(/^[✓▲■]\s*/, '').trim())
      .filter(Boolean),
  )
}
