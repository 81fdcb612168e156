// R13.2b and R13.3 at the page: ratings beside scores, what a calibration to them would bring, and what became of mails.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { settled } from './support/browser.mjs'
import { accessible, fitsAll, worded } from './support/looks.mjs'
import { Server } from './support/server.mjs'
import { walk } from './support/walk.mjs'
import { account, until } from './support/workspace.mjs'

// Nobody takes mails there.
const server = await Server.start({
  TRIPSWITCH__RATINGS__PUBLIC_URL: 'https://support.example.com',
  TRIPSWITCH__MAIL__SMTP_URL: 'smtp://127.0.0.1:9',
  TRIPSWITCH__MAIL__FROM: 'support@example.com',
})
after(() => server.stop())

const PLEASED = [
  ['customer', 'Hi, where is my order 4711?'],
  ['ai', 'It left the warehouse this morning and arrives tomorrow before noon.'],
  ['customer', 'Great, thank you, that was quick!'],
]
const LET_DOWN = [
  ['customer', 'You sent me the wrong parts again. This is the third time I am asking!'],
  ['ai', 'I am sorry to hear that. Have you tried to restart the device?'],
  ['customer', 'This is useless, I want to speak to a human.'],
]

/** A workspace whose customers rate higher than the model: `n` conversations of ten accounts, each rated. */
async function rated(n) {
  const workspace = await server.workspace()
  const accounts = Array.from({ length: 10 }, (_, i) => account(`Customer ${i}`))
  for (let i = 0; i < n; i++) {
    const [turns, rating] = i % 2 ? [PLEASED, 5] : [LET_DOWN, i % 4 ? 3 : 2]
    await workspace.talk(accounts[i % 10], turns, { rating })
  }
  return workspace
}

const CALIBRATION = {
  version: '3f2a91c4',
  model: 'support-2',
  level: { shift: 0.3, spread: 0.8, center: 3 },
  weights: { thanks: 1.2, agent_sorry: 0.4 },
  ratings: 240,
  accounts: 60,
  profileHash: '0123456789abcdef',
}

/** Lets the page be offered a calibration for which there would have to be more ratings than a test has patience for. */
async function offer(page, inForce) {
  await page.route(/\/quality\/calibration\?/, async (route) => {
    const report = await (await route.fetch()).json()
    const before = report.agreement
    const after = { ...before, bias: 0.01, meanAbsoluteError: 0.51 }
    const gain = { share: 0.41, interval: [0.22, 0.6], t: 4.2 }
    const low = { lowBefore: 12, lowAfter: 9, nothingKnownBefore: 3.6, nothingKnownAfter: 3.9 }
    Object.assign(report.offer, {
      verdict: 'offered',
      weights: { state: 'fitted', missingRatings: 0, missingAccounts: 0 },
      measured: { before, after, gain, weightsGain: gain, ...low },
      calibration: CALIBRATION,
      moved: [{ signal: 'agent_sorry', from: 1, to: 0.4 }],
    })
    await route.fulfill({ json: { ...report, inForce } })
  })
}

walk('r13_3 ratings stand beside scores that do not know them', async (open) => {
  const workspace = await rated(12)
  const page = await open(workspace, { to: 'ratings' })
  const main = page.getByRole('main')
  const report = await workspace.ask('quality/calibration')
  assert.equal(report.pairs.length, 12)
  await page.getByRole('heading', { name: 'What customers say' }).waitFor()
  const text = await main.innerText()
  assert.match(text, /12 of 12 scored conversations/)
  assert.match(text, /50%/)
  assert.match(text, /Only some answer/)
  assert.match(text, /Spearman \d\.\d\d, with 95% certainty between/)
  assert.equal(await page.getByRole('img', { name: '12 rated conversations' }).locator('circle').count(), 12)

  // What the picture shows is in a table, by keyboard, and leads to each conversation.
  const summary = page.getByText('As a table')
  await summary.focus()
  await page.keyboard.press('Enter')
  const pairs = page.getByRole('region', { name: 'Ratings and scores, one by one, as a table' })
  assert.equal(await pairs.getByRole('row').count(), 13)
  await pairs.getByRole('link').first().click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  assert.match(page.url(), new RegExp(`conversations/${report.pairs[0].conversationId}`))

  // Another period has no ratings, and says so.
  await page.goBack()
  await settled(page)
  await page.evaluate((id) => (location.hash = `#/w/${id}/ratings?from=2025-01-01&to=2025-01-31`), workspace.id)
  await page.getByText('No rating came in this period').waitFor()
})

walk('r13_3 what is missing until something is offered', async (open) => {
  const workspace = await rated(12)
  const page = await open(workspace, { to: 'ratings' })
  await page.getByText('Not enough ratings yet').waitFor()
  const parts = page.getByRole('table', { name: 'How far it has come' })
  await parts.getByRole('row', { name: /^Level missing: at least 8 more ratings$/ }).waitFor()
  await parts
    .getByRole('row', { name: /^Weights of signals missing: at least \d+ more ratings, ratings of 10 more/ })
    .waitFor()
  assert.equal(await page.getByRole('button', { name: 'Apply' }).count(), 0)
})

walk('r5_10 what is offered is looked at, applied by its version, and reverted', async (open) => {
  const workspace = await rated(40)
  const offered = async () => (await workspace.ask('quality/calibration')).offer.calibration.version
  const first = await offered()
  const page = await open(workspace, { to: 'ratings', expected: ['status of 409'] })
  await page.getByText('your customers rate higher than the model').waitFor()

  await page.getByRole('button', { name: 'Show what the backtest says' }).click()
  await page.getByText('40 conversations were scored anew').waitFor()

  // Ratings come while the reader is asked: what they have not seen is not applied.
  const apply = async (version) => {
    await page.getByRole('button', { name: 'Apply' }).click()
    return page.getByRole('dialog', { name: `Apply calibration ${version}?` })
  }
  const old = await apply(first)
  for (let n = 0; n < 4; n++) await workspace.talk(account('Late'), PLEASED, { rating: 4 })
  await old.getByRole('button', { name: 'Apply' }).click()
  await old.getByText('what is offered is another calibration. Nothing was applied.').waitFor()
  assert.equal((await workspace.ask('quality/calibration')).inForce, null)
  await old.getByRole('button', { name: 'Look again' }).click()
  const version = await offered()
  assert.notEqual(version, first)
  await page.getByText('Ratings used, whatever the period: 44.').waitFor()
  const dialog = await apply(version)
  await dialog.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('heading', { name: `In force: calibration ${version}` }).waitFor()
  await page.getByText('What is offered is in force already.').waitFor()
  assert.equal((await workspace.ask('quality/calibration')).inForce.version, version)

  // The history of settings tells.
  await page.evaluate((id) => (location.hash = `#/w/${id}/settings`), workspace.id)
  const history = page.getByRole('table', { name: 'History' })
  await history.getByText('Calibration, on the page Ratings').waitFor()
  assert.match(await history.innerText(), new RegExp(`Calibration: none.*${version}`, 's'))

  await page.evaluate((id) => (location.hash = `#/w/${id}/ratings`), workspace.id)
  await page.getByRole('button', { name: 'Revert' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revert' }).click()
  await page.getByRole('heading', { name: /In force/ }).waitFor({ state: 'detached' })
  assert.equal((await workspace.ask('quality/calibration')).inForce, null)
})

walk('r13_3 what would change is shown, for everybody; an offer that is old is not applied', async (open) => {
  const workspace = await rated(12)
  const page = await open(workspace, { expected: ['status of 409'] })
  await offer(page, { ...CALIBRATION, version: '00c0ffee' })
  await page.evaluate((id) => (location.hash = `#/w/${id}/ratings`), workspace.id)
  await page.getByText('Another profile is offered').waitFor()
  const text = await page.getByRole('main').innerText()
  assert.match(text, /Level \+0\.30: your customers rate higher than the model\./)
  assert.match(text, /A score of 2\.00 becomes 2\.50, one of 4\.00 becomes 4\.10\./)
  assert.match(text, /Less squared error: 41% \(95%: 22% to 60%\)/)
  await page.getByRole('row', { name: /^Support apologises without doing anything 1\.00 0\.40$/ }).waitFor()
  await page.getByRole('row', { name: /^Rated conversations below 3\.00 12 9$/ }).waitFor()
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme)
    await accessible(page, `ratings, ${colorScheme}`)
  }
  await fitsAll(page, 'ratings')

  // In truth nothing is offered.
  await page.getByRole('button', { name: 'Apply' }).click()
  const dialog = page.getByRole('dialog', { name: 'Apply calibration 3f2a91c4?' })
  await accessible(page, 'apply')
  await dialog.getByRole('button', { name: 'Apply' }).click()
  await dialog.getByText('Meanwhile nothing is offered any more.').waitFor()
  await dialog.getByRole('button', { name: 'Look again' }).click()
  await dialog.waitFor({ state: 'detached' })

  for (const language of ['da', 'de']) {
    await page.locator('nav select').first().selectOption(language)
    await page.locator(`html[lang="${language}"]`).waitFor()
    await worded(page, `ratings in ${language}`)
    await fitsAll(page, `ratings in ${language}`)
  }
})

walk('r12_2 who may only read sees what is offered, and why there is no button', async (open) => {
  const workspace = await rated(12)
  const key = await workspace.keyWith(['quality:read'])
  const page = await open(workspace, { key })
  await offer(page, { ...CALIBRATION, version: '00c0ffee' })
  await page.evaluate((id) => (location.hash = `#/w/${id}/ratings`), workspace.id)
  await page.getByText('Another profile is offered').waitFor()
  for (const name of ['Apply', 'Revert']) assert.equal(await page.getByRole('button', { name }).count(), 0)
  assert.equal(await page.getByText('lacks the scope quality:write').count(), 2)
})

walk('r13_2b a mail that could not be sent says why, and leads to its conversation', async (open) => {
  const workspace = await server.workspace()
  await workspace.change('csat-config', { emailFollowupEnabled: true, followUpDelayMinutes: 0 })
  const contactEmail = 'ann@example.com'
  const conversation = await workspace.talk(account('Nordic Parts ApS'), PLEASED, { contactEmail })
  await until(async () => (await workspace.ask('quality/follow-ups')).failures.length, 'an attempt that failed')
  const page = await open(workspace, { to: 'ratings' })
  const failures = page.getByRole('table', { name: 'Mails that could not be sent' })
  await failures.getByText('The mail server could not be reached').waitFor()
  await failures.getByText('tried again').waitFor()
  assert.doesNotMatch(await page.getByRole('main').innerText(), /ann@example/)
  await failures.getByRole('link').click()
  await page.waitForURL((url) => url.hash.endsWith(`conversations/${conversation}`))
})
