// Holds slow connections open, as a process of its own, so that they cost the test nothing:
//   node slow-connections.mjs HOST PORT COUNT
// Half of them trickle a head, half a body, a byte every 250 ms. Says `open` once all are connected, then `closed
// ANSWERED` once the server has ended all of them, with the number that was told why (408). Never ends one itself.
import { connect } from 'node:net';

const [host, port, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const everyMs = 250;
const opening = 100;

const head = 'POST /sales/slow/orders HTTP/1.1\r\nHost: slow\r\nX-Slow: ';
const bodied =
  'POST /sales/slow/orders HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{';
let closed = 0;
let answered = 0;
const sockets = new Set();

function open(number) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress: `127.0.0.${1 + (number % 200)}` });
    let said = '';
    socket.on('connect', () => {
      sockets.add(socket);
      socket.write(number % 2 ? head : bodied);
      resolve();
    });
    socket.on('data', (data) => {
      said += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      closed += 1;
      if (said.startsWith('HTTP/1.1 408')) answered += 1;
      if (closed === count) {
        process.stdout.write(`closed ${answered}\n`);
        clearInterval(trickle);
      }
      resolve();
    });
  });
}

const trickle = setInterval(() => {
  for (const socket of sockets) if (socket.writable) socket.write('x');
}, everyMs);

let next = 0;
await Promise.all(
  Array.from({ length: opening }, async () => {
    while (next < count) await open(next++);
  }),
);
process.stdout.write('open\n');
