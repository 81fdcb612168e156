// Everything that a mouse reaches, a keyboard reaches, and whoever uses it sees where they are.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { settled } from './support/browser.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

const server = await Server.start()
after(() => server.stop())

/** What has the focus: its role and name for the reader, and whether it can be seen to have it. */
const focused = (page) =>
  page.evaluate(() => {
    const at = document.activeElement
    const { outlineStyle, outlineWidth } = getComputedStyle(at)
    const box = at.getBoundingClientRect()
    const onScreen = box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth
    const covered = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 10))
    return {
      name: (at.getAttribute('aria-label') ?? at.labels?.[0]?.innerText ?? at.innerText ?? '').trim(),
      tag: at.localName,
      href: at.getAttribute('href'),
      isVisible: onScreen && outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1,
      isOnTop: covered === null || at.contains(covered) || covered.contains(at),
    }
  })

/** Tabs on until the focus is on something that `fits`; every stop on the way has to be seen. */
async function tabTo(page, fits, what) {
  const way = []
  for (let n = 0; n < 150; n++) {
    await page.keyboard.press('Tab')
    const at = await focused(page)
    if (at.tag === 'body') continue
    way.push(at.name || at.tag)
    assert.ok(at.isVisible, `the focus on ${at.tag} "${at.name}" cannot be seen`)
    assert.ok(at.isOnTop, `the focus on ${at.tag} "${at.name}" is covered`)
    if (fits(at)) return
  }
  throw new Error(`the keyboard does not reach ${what}: ${way.join(', ')}`)
}

walk('a breaker is found and acknowledged with a note by the keyboard alone', async (open) => {
  const workspace = await server.workspace()
  const nordic = account('Nordic Parts ApS')
  await workspace.history([account('Harbour Coffee Roasters'), account('Bluefin Logistics')], 5)
  const breaker = await workspace.trip(nordic)
  const page = await open(workspace, { to: 'overview' })
  await page.getByRole('region', { name: 'Paused' }).waitFor()

  await page.keyboard.press('Tab')
  assert.equal((await focused(page)).name, 'Skip to the content')
  assert.equal((await focused(page)).isVisible, true)
  await page.keyboard.press('Enter')
  assert.equal((await focused(page)).tag, 'main')
  await tabTo(page, ({ href }) => href?.includes(`breakers/${breaker.id}`), 'the breaker')
  await page.keyboard.press('Enter')
  await settled(page)
  await until(async () => (await focused(page)).tag === 'h1', 'the focus to be on the heading')

  const detail = () => workspace.ask(`quality/circuit-breakers/${breaker.id}`)
  const press = async (name) => {
    await tabTo(page, (at) => at.tag === 'button' && at.name === name, name)
    await page.keyboard.press('Enter')
  }
  await tabTo(page, ({ tag }) => tag === 'textarea', 'the note')
  await page.keyboard.type('By keyboard')
  await press('Acknowledge')
  await until(async () => (await detail()).history.at(-1).note === 'By keyboard', 'the note')
  // The focus is not lost with the button, and the way on is not far.
  await page.getByText('By keyboard').waitFor()
  assert.notEqual((await focused(page)).tag, 'body')
  await press('Resolve')
  await until(async () => (await detail()).state === 'resolved', 'the breaker to be resolved')
})

walk('a dialog takes the focus, keeps it and gives it back', async (open) => {
  const workspace = await server.workspace()
  await workspace.trip(account('Nordic Parts ApS'))
  const page = await open(workspace, { to: 'overview' })
  const opener = page.getByRole('region', { name: 'Paused' }).getByRole('button', { name: 'Acknowledge' })
  await opener.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Acknowledge' })
  await dialog.waitFor()
  for (let n = 0; n < 8; n++) {
    const isInside = await dialog.evaluate((box) => box.contains(document.activeElement))
    const isNone = await page.evaluate(() => document.activeElement === document.body)
    assert.ok(isInside || isNone, 'the focus has left the dialog')
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  assert.equal(await opener.evaluate((button) => button === document.activeElement), true)
})

walk('every stop of the keyboard on every page can be seen', async (open) => {
  const workspace = await server.workspace()
  const nordic = account('Nordic Parts ApS')
  const breaker = await workspace.trip(nordic)
  const { evidence } = await workspace.ask(`quality/circuit-breakers/${breaker.id}`)
  const details = [`breakers/${breaker.id}`, `accounts/${nordic.id}`, `conversations/${evidence[0].conversationId}`]
  const lists = ['overview', 'breakers', 'accounts', 'conversations', 'events', 'ratings', 'settings', 'webhooks']
  for (const to of [...lists, ...details]) {
    const page = await open(workspace, { to })
    const stops = await page.locator('a[href], button, input, select, textarea, summary, [tabindex="0"]').count()
    let last = null
    for (let n = 0; n < stops + 5; n++) {
      await page.keyboard.press('Tab')
      const at = await focused(page)
      if (at.tag === 'body') break
      assert.ok(at.isVisible && at.isOnTop, `${to}: the focus on ${at.tag} "${at.name}" cannot be seen`)
      last = at
    }
    assert.ok(last, `${to}: nothing takes the focus`)
  }
})
