import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { start } from './i18n.svelte'
import { session } from './session.svelte'

const target = document.getElementById('app')!
try {
  await start()
} catch (cause) {
  // There are no messages to say it with, in any language.
  target.textContent = 'Tripswitch could not be loaded. Load the page again.'
  throw cause
}
void session.start()
mount(App, { target })
