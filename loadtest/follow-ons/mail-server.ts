import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail as a server took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Of the event it is about; '' where it has none. */
  readonly eventId: string;
  readonly source: string;
}

export interface MailServer {
  readonly url: string;
  /** In order of their being taken. */
  readonly mails: readonly TakenMail[];
  readonly connections: number;
  /** Mails that were on their way at once, at most. */
  readonly mostAtOnce: number;
  /** Ends all connections and listens no more. */
  kill(): Promise<void>;
  /** Listens again on the same port. */
  restart(): Promise<void>;
}

export interface MailServerOptions {
  /** How long it thinks about each mail before it has taken it, milliseconds. 0 by default. */
  readonly thinkMs?: number;
  /** An SMTP reply that refuses this recipient; `undefined` takes it. */
  readonly refuse?: (to: string) => { readonly code: number; readonly text: string } | undefined;
  /** Whether it hangs up in the middle of this mail. */
  readonly hangUp?: (to: string) => boolean;
  /** Called with each mail before it is taken. Where it returns `false` the mail is not kept in `mails`. */
  readonly onMail?: (mail: TakenMail) => unknown;
}

/** A real SMTP server that keeps the mails it takes in memory. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { thinkMs = 0, refuse, hangUp, onMail } = options;
  const mails: TakenMail[] = [];
  let connections = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  let port = 0;
  let server: SMTPServer | undefined = await listen();

  async function listen(): Promise<SMTPServer> {
    const started = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      // It goes down as a dead one does, without waiting for its clients.
      closeTimeout: 1,
      logger: false,
      onConnect(_session, done) {
        connections += 1;
        done();
      },
      onRcptTo({ address }, _session, done) {
        const refused = refuse?.(address);
        done(refused && Object.assign(new Error(refused.text), { responseCode: refused.code }));
      },
      onData(stream, session, done) {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        atOnce += 1;
        mostAtOnce = Math.max(mostAtOnce, atOnce);
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          setTimeout(() => {
            atOnce -= 1;
            if (server !== started || to.some((one) => hangUp?.(one))) {
              for (const one of started.connections) if (one.session === session) one._socket.destroy();
              return;
            }
            const source = Buffer.concat(chunks).toString('utf8');
            const { mailFrom } = session.envelope;
            const mail = {
              from: mailFrom ? mailFrom.address : '',
              to,
              eventId: headerOf(source, 'Sluice-Event-Id'),
              source,
            };
            if (onMail?.(mail) !== false) mails.push(mail);
            done();
          }, thinkMs);
        });
      },
    });
    started.on('error', () => undefined);
    started.listen(port, '127.0.0.1');
    await once(started.server, 'listening');
    port = (started.server.address() as AddressInfo).port;
    return started;
  }

  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    get connections() {
      return connections;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    async kill() {
      const dying = server;
      server = undefined;
      if (!dying) return;
      for (const one of dying.connections) one._socket.destroy();
      await new Promise<void>((resolve) => dying.close(() => resolve()));
    },
    async restart() {
      server ??= await listen();
    },
  };
}

/** A header's value, unfolded. */
export function headerOf(source: string, name: string): string {
  const head = source.split('\r\n\r\n')[0]!.replace(/\r\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1] ?? '';
}
