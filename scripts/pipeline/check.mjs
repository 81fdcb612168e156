// Lets the examples in TypeScript watch an account that goes bad: `URL WORKSPACE KEY SERVER_PID`. At the end the server
// is killed.
import { createHmac } from 'node:crypto';
import { Gate } from './built/gate.js';
import { decisions } from './built/held.js';
import { effects } from './built/stream.js';
import { verify } from './built/webhook.js';
import { follow } from './browser.js';

const [url, workspace, key, server] = process.argv.slice(2);
const account = '0191b5a2-7c3e-7d11-9f00-00000000acc3';

async function call(path, body) {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  const sent = { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${url}/api/workspaces/${workspace}/${path}`, sent);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const low = (n) => ({
  specversion: '1.0', id: String(n), source: 'check.mjs', type: 'conversation.scored',
  data: { conversationId: `ext:node-${n}`, accountId: account, resolved: false, outcomeScore: 1.5, processScore: 1.5, environmentScore: 1.5 },
});

function expect(found, expected) {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value));
  if (a !== b) {
    console.error(`check.mjs: ${a} where ${b} was expected`);
    process.exit(1);
  }
}

setTimeout(() => expect('a hang', 'an end'), 60_000).unref();
const [open, closed] = [true, false].map((failOpen) => new Gate(url, workspace, key, failOpen));
const held = decisions(url, workspace, key, account);
const next = async (source) => (await source.next()).value;
const isOurs = (effect) => effect.data.scopeKey === `account:acc_${account}`;

// From the beginning on, as far as it is about our account.
async function* ours(source) {
  for await (const told of source) if (isOurs(told.data)) yield told;
}
const told = ours(effects(url, workspace, key, 'breaker.triggered,breaker.acknowledged,breaker.resolved', '0-0.0'));

expect([await open.mayAnswer(account), await closed.mayAnswer(account)], [true, true]);
expect(await next(held), 'proceed');
const [paused, tripped] = [next(held), next(told)];
const seen = [];
const ticket = async () => (await call('quality/stream/ticket')).ticket;
const stop = follow(url, workspace, ticket, (type, effect) => isOurs(effect) && seen.push(type), '0-0.0');
await call('events', [0, 1, 2].map(low));
expect([await open.mayAnswer(account), await closed.mayAnswer(account)], [false, false]);
expect(await paused, 'pause');
const { type, data, id } = await tripped;
expect([type, data.data.scopeKey], ['breaker.triggered', `account:acc_${account}`]);
for (const step of ['acknowledge', 'resolve']) await call(`quality/circuit-breakers/${data.data.id}/${step}`);
expect([(await next(told)).type, (await next(told)).type], ['breaker.acknowledged', 'breaker.resolved']);
expect(await next(held), 'proceed');
expect([await open.mayAnswer(account), await closed.mayAnswer(account)], [true, true]);
const again = effects(url, workspace, key, 'breaker.resolved', id);
expect((await next(again)).type, 'breaker.resolved');
const wrong = new Gate(url, workspace, `sf_live_v1_${'x'.repeat(32)}`, true);
expect(await wrong.mayAnswer(account).catch((error) => error.message), 'the gate answered 401');
while (seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
expect(seen, ['breaker.triggered', 'breaker.acknowledged', 'breaker.resolved']);
stop();

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const [body, now] = ['{"type":"breaker.triggered"}', String(Math.floor(Date.now() / 1_000))];
const signature = createHmac('sha256', Buffer.alloc(32, 7)).update(`msg_1.${now}.${body}`).digest('base64');
const signed = { 'webhook-id': 'msg_1', 'webhook-timestamp': now, 'webhook-signature': `v1,AAAA v1,${signature}` };
expect(await verify(secret, new Headers(signed), body), { type: 'breaker.triggered' });
for (const wrong of [{ 'webhook-id': 'msg_2' }, { 'webhook-timestamp': '1614265330' }, { 'webhook-signature': 'v1,AAAA' }]) {
  const taken = await verify(secret, new Headers({ ...signed, ...wrong }), body).catch(() => 'refused');
  expect([wrong, taken], [wrong, 'refused']);
}

process.kill(Number(server), 'SIGKILL');
expect([await open.mayAnswer(account), await closed.mayAnswer(account)], [true, true]); // the last answer, for a minute
const other = '0191b5a2-7c3e-7d11-9f00-00000000acc4';
expect([await open.mayAnswer(other), await closed.mayAnswer(other)], [true, false]);
process.exit(0);
