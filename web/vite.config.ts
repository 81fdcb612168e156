import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// `npm run dev` speaks to a server that runs on its default address.
const server = process.env.TRIPSWITCH_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [svelte()],
  // Addresses are relative: a proxy may put a prefix before them.
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The parts that the overview has come in one file: many small ones pack worse.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'parts',
              test: /\/web\/src\/(ui\/(?!chart|copylink|csv|labelinput|more|paged|secret)|api\/|[\w.]+\.ts$)/i,
            },
          ],
        },
      },
    },
    // Whoever gets the page gets the notices of what is in it.
    license: { fileName: 'licenses.txt' },
  },
  server: { proxy: { '/api': server } },
})
