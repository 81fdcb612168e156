// Tests in a real browser.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { browser, openTab } from './browser.mjs'

after(() => browser.close())

/**
 * A test with tabs: `open(workspace, options)` opens the page there, signed in by the fragment. At the end no tab may
 * have had a fault that was not expected.
 */
export function walk(name, body) {
  test(name, { timeout: 150_000 }, async () => {
    const opened = []
    const open = async (workspace, options = {}) => {
      const tab = await openTab(workspace, options)
      opened.push(tab)
      return tab.page
    }
    try {
      await body(open)
      const faults = opened.flatMap(({ faults, expected }) =>
        faults.filter((fault) => !expected.some((text) => fault.includes(text))),
      )
      assert.deepEqual(faults, [])
      for (const { page, context } of opened) {
        if (page.isClosed()) continue
        assert.equal(await page.evaluate(() => document.documentElement.dataset.ran ?? null), null, 'a name was run')
        assert.deepEqual(await context.cookies(), [])
      }
    } catch (failure) {
      for (const { page, faults } of opened) await describe(page, faults)
      throw failure
    } finally {
      for (const { context } of opened) await context.close()
    }
  })
}

/** Shows whoever reads a failure what the page showed. */
async function describe(page, faults) {
  if (page.isClosed()) return
  const tree = await page.locator('main').ariaSnapshot({ timeout: 5000 }).catch(String)
  console.error(`--- ${page.url()}\n${[...new Set(faults)].join('\n')}\n${tree}\n---`)
}
