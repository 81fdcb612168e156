// What a customer sees behind a satisfaction link: through a proxy with a prefix, as in production.
import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import { after } from 'node:test'
import { accessible, fits } from './support/looks.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

const PREFIX = '/support'
const ANSWERS = [
  'Very dissatisfied',
  'Dissatisfied',
  'Neither satisfied nor dissatisfied',
  'Satisfied',
  'Very satisfied',
]

/** Leads what comes below the prefix to the server. */
const proxy = createServer((asked, answer) => {
  if (!asked.url.startsWith(`${PREFIX}/s/`)) return answer.writeHead(404).end()
  const { hostname, port } = new URL(server.url)
  const { method, headers } = asked
  const onward = request({ hostname, port, method, headers, path: asked.url.slice(PREFIX.length) }, (answered) => {
    answer.writeHead(answered.statusCode, answered.headers)
    answered.pipe(answer)
  })
  onward.on('error', () => answer.destroy())
  asked.pipe(onward)
})
await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening))
const origin = `http://127.0.0.1:${proxy.address().port}`
const server = await Server.start({ TRIPSWITCH__RATINGS__PUBLIC_URL: origin + PREFIX })
after(async () => {
  proxy.closeAllConnections()
  proxy.close()
  await server.stop()
})

/** A customer who was helped, and the link that asks them. */
async function customer(name = 'Nordic Support') {
  const workspace = await server.workspace(name)
  const conversation = await workspace.please(account('Nordic Parts ApS'))
  const link = async () => (await workspace.post(`/api/conversations/${conversation}/satisfaction-link`)).url
  const rating = async () => {
    const { scoring } = await workspace.get(`/api/conversations/${conversation}/quality/explanation`)
    return scoring.dimensions[0].signals.find(({ signal }) => signal === 'rating')
  }
  return { workspace, link, rating }
}

/** Whether whoever uses the keyboard sees where they are: on the element, or on the label around it. */
const seen = (page) =>
  page.evaluate(() => {
    const at = document.activeElement
    return [at, at.closest('label') ?? at].some((one) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one)
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
    })
  })

walk('a customer answers, by the keyboard alone and without scripts', async (open) => {
  const { workspace, link, rating } = await customer()
  const page = await open(workspace, { at: await link(), origins: [origin], scripts: false })
  await page.getByRole('heading', { name: 'How satisfied are you with the help you received?' }).waitFor()
  const named = (name) => page.evaluate((name) => document.activeElement.name === name, name)
  const tabTo = async (fits, what) => {
    for (let n = 0; n < 20; n++) {
      await page.keyboard.press('Tab')
      assert.ok(await seen(page), `the focus on the way to ${what} cannot be seen`)
      if (await fits()) return
    }
    throw new Error(`the keyboard does not reach ${what}`)
  }
  await tabTo(() => named('rating'), 'the answers')
  await page.keyboard.press('Space')
  for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowDown')
  assert.equal(await page.getByRole('radio', { name: 'Satisfied', exact: true }).isChecked(), true)
  await tabTo(() => named('comment'), 'the comment')
  await page.keyboard.type('Quick & kind <b>')
  await tabTo(() => page.evaluate(() => document.activeElement.localName === 'button'), 'the button')
  assert.equal(await rating(), undefined)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Thank you!' }).waitFor()
  await page.getByText('Quick & kind <b>').waitFor()
  assert.ok(await rating())

  // A change within the day, which begins with what was said.
  await page.getByRole('link', { name: 'Change my answer' }).click()
  assert.equal(await page.getByRole('radio', { name: 'Satisfied', exact: true }).isChecked(), true)
  assert.equal(await page.getByRole('textbox').inputValue(), 'Quick & kind <b>')
  const before = (await rating()).goodness
  await page.getByRole('radio', { name: 'Very dissatisfied' }).check()
  await page.getByRole('button', { name: 'Send answer' }).click()
  await page.getByRole('heading', { name: 'Thank you!' }).waitFor()
  await until(async () => (await rating()).goodness !== before, 'the change')
})

walk('the pages have no finding, in every language, narrow and wide, light and dark', async (open) => {
  const { workspace, link } = await customer('Nordisk Kundeservice & Søn <i>')
  const address = await link()
  for (const theme of ['light', 'dark']) {
    const page = await open(workspace, {
      at: `${address}?rating=4`,
      origins: [origin],
      expected: ['status of 404'],
      theme,
      width: 320,
    })
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    assert.equal(background === 'rgb(255, 255, 255)', theme === 'light')
    for (const language of ['English', 'Dansk', 'Deutsch', 'Español', 'Français']) {
      const code = await page.getByRole('link', { name: language, exact: true }).getAttribute('lang')
      for (const to of [`?lang=${code}&rating=4`, `/opt-out?lang=${code}`, `x?lang=${code}`]) {
        await page.goto(address + to)
        assert.equal(await page.locator('html').getAttribute('lang'), code)
        await accessible(page, `${to} ${theme}`)
        for (const width of [320, 1280]) {
          await page.setViewportSize({ width, height: 800 })
          await fits(page, `${to} at ${width} px`)
        }
      }
    }
  }
})

walk('everything that is pressed is large enough for a finger', async (open) => {
  const { workspace, link } = await customer()
  const page = await open(workspace, { at: await link(), origins: [origin], width: 320 })
  assert.deepEqual(await page.locator('label.choice').allInnerTexts(), ANSWERS)
  const heights = await page
    .locator('label.choice, button, a')
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))
  assert.ok(heights.length >= 12 && heights.every((height) => height >= 44), `${heights}`)
})

walk('what was sent is told on a page without a finding, and so is that there is no answer', async (open) => {
  const { workspace, link, rating } = await customer()
  for (const theme of ['light', 'dark']) {
    const page = await open(workspace, {
      at: await link(),
      origins: [origin],
      expected: ['status of 400'],
      theme,
      width: 320,
    })
    // As a browser that does not know `required`.
    await page.locator('form').evaluate((form) => (form.noValidate = true))
    await page.locator('input[type=radio]').evaluateAll((all) => all.forEach((one) => (one.checked = false)))
    const refused = page.waitForResponse((answer) => answer.request().method() === 'POST')
    await page.getByRole('button', { name: 'Send answer' }).click()
    assert.equal((await refused).status(), 400)
    await page.getByRole('alert').waitFor()
    await accessible(page, `without an answer, ${theme}`)
    await page.getByRole('radio', { name: 'Very satisfied' }).check()
    await page.getByRole('textbox').fill('ø'.repeat(2000))
    await page.getByRole('button', { name: 'Send answer' }).click()
    await page.getByRole('heading', { name: 'Thank you!' }).waitFor()
    await accessible(page, `thanks, ${theme}`)
    await fits(page, `thanks, ${theme}`)
  }
  assert.ok(await rating())
})

walk('mail is stopped by a button', async (open) => {
  const { workspace, link } = await customer()
  const page = await open(workspace, { at: await link(), origins: [origin] })
  await page.getByRole('link', { name: 'No more questions by e-mail' }).click()
  await page.getByRole('heading', { name: 'No more questions by e-mail?' }).waitFor()
  await page.getByRole('button', { name: 'Stop asking me' }).click()
  await page.getByRole('heading', { name: /^(Done|Nothing to stop)$/ }).waitFor()
  await accessible(page, 'stopped')
})
