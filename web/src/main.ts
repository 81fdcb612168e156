import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { start } from './i18n.svelte'
import { session } from './session.svelte'

await start()
void session.start()
mount(App, { target: document.getElementById('app')! })
