"""Lets a browser read the stream from a page of another origin, with EventSource and with fetch:
`BROWSER PORT URL WORKSPACE KEY`."""
import functools
import http.server
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading

BROWSER, PORT, URL, WORKSPACE, KEY = sys.argv[1:]
PATIENCE = 60

PAGE = """<!doctype html><script type="module">
import { follow } from './browser.js';
import { effects } from './built/stream.js';
const [url, workspace, key] = %s;
const base = `${url}/api/workspaces/${workspace}`;
const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
const post = async (path, body) => (await fetch(`${base}/${path}`, { method: 'POST', headers, body })).json();
try {
  const seen = { source: [], fetch: [] };
  const scored = (n) => ({ specversion: '1.0', id: `b${n}`, source: 'browser', type: 'conversation.scored', data: {
    conversationId: `ext:browser-${n}`, accountId: 'ext:browser', resolved: false,
    outcomeScore: 1.5, processScore: 1.5, environmentScore: 1.5 } });
  await post('events', JSON.stringify([0, 1, 2].map(scored)));
  const { items: [{ id }] } = await (await fetch(`${base}/quality/circuit-breakers`, { headers })).json();
  for (const step of ['acknowledge', 'resolve']) await post(`quality/circuit-breakers/${id}/${step}`, '{}');
  const ticket = async () => (await post('quality/stream/ticket')).ticket;
  const add = (to) => (type, { data }) => data.id === id && to.push(type);
  follow(url, workspace, ticket, add(seen.source), '0-0.0');
  for await (const { type, data } of effects(url, workspace, key, '', '0-0.0')) {
    add(seen.fetch)(type, data);
    if (type === 'breaker.resolved' && data.data.id === id) break;
  }
  while (seen.source.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  await fetch('/result', { method: 'POST', body: JSON.stringify(seen) });
} catch (error) {
  await fetch('/result', { method: 'POST', body: JSON.stringify(String(error)) });
}
</script>""" % json.dumps([URL, WORKSPACE, KEY])

results = queue.Queue()


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def do_POST(self):
        results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), functools.partial(Handler, directory="."))
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    arguments = ["--headless", "--disable-gpu", f"--user-data-dir={profile}", *sandbox, "--remote-debugging-port=0"]
    process = subprocess.Popen([BROWSER, *arguments, f"http://127.0.0.1:{PORT}/"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        seen = results.get(timeout=PATIENCE)
    except queue.Empty:
        seen = "nothing"
    finally:
        process.kill()
        process.wait()
expected = ["breaker.triggered", "breaker.acknowledged", "breaker.resolved"]
if seen != {"source": expected, "fetch": expected}:
    sys.exit(f"check_browser.py: the browser saw {seen}")
