// Takes the slow connections as a gateway does, and has no other work: what they cost the machine, whoever serves them.
//   node idle-server.mjs
// Says `listening PORT`.
import { createServer } from 'node:http';

const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request) => request.resume());
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
  process.stdout.write(`listening ${server.address().port}\n`);
});
