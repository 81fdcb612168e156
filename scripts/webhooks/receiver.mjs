// A receiver of webhooks: takes what is signed with its secret, each message once.
//
//   WEBHOOK_SECRET=whsec_… node receiver.mjs [PORT]
//
// Needs the library `standardwebhooks` from npm. Prints a line for each message that it takes.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const seen = new Set(); // in earnest: where it survives a restart, for a week

const server = createServer(async (request, response) => {
  // The body as it came: another spelling of the same JSON has another signature.
  const parts = [];
  for await (const part of request) parts.push(part);
  let message;
  try {
    message = webhook.verify(Buffer.concat(parts).toString(), request.headers);
  } catch {
    response.writeHead(401).end();
    return;
  }
  // A message may come more than once; its id stays the same.
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) {
    seen.add(id);
    console.log(JSON.stringify({ id, type: message.type }));
  }
  response.writeHead(204).end();
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
