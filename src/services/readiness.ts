import { get } from 'node:http';
import { connect } from 'node:net';

const CHECK_TIMEOUT_MS = 1000;

/** Connects on loopback, sends bytes, and tells whether the answer so far satisfies `isGood` before the server closes or a second is over. */
export function answers(port: number, send: Buffer | string, isGood: (answer: Buffer) => boolean) {
  return new Promise<boolean>((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (good: boolean) => {
      socket.destroy();
      resolve(good);
    };
    socket.setTimeout(CHECK_TIMEOUT_MS, () => end(false));
    socket.once('connect', () => socket.write(send));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (isGood(answer)) end(true);
    });
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

/** Whether a connection on loopback is accepted. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (good: boolean) => {
      socket.destroy();
      resolve(good);
    };
    socket.setTimeout(CHECK_TIMEOUT_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Whether a GET on loopback is answered 200. */
export function answersOk(port: number, path: string, auth?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      { port, path, host: '127.0.0.1', agent: false, timeout: CHECK_TIMEOUT_MS, auth },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
