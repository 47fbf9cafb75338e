import { createTransport } from 'nodemailer';
import type { MailText } from './template.ts';

export interface Mail extends MailText {
  /** One address; the caller has checked it. */
  readonly to: string;
  /** ID of the event that the mail is about: goes into the header `Sluice-Event-Id` and makes the Message-ID. */
  readonly eventId: string;
}

export type SendOutcome =
  /** The server has taken it. */
  | { readonly outcome: 'sent' }
  /** The server refuses this mail, now and later. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The server wants this mail again later. */
  | { readonly outcome: 'deferred'; readonly reason: string }
  /** No mail can be handed over at the moment: no connection, no login, too slow. This one may have been taken. */
  | { readonly outcome: 'away'; readonly reason: string };

export interface MailerOptions {
  readonly smtpUrl: string;
  /** Sender's address. */
  readonly from: string;
  /** Connections at most, and so mails on their way at once. */
  readonly maxConnections: number;
}

/** The name of the header that holds an event's ID. */
const eventIdHeader = 'Sluice-Event-Id';

const connectionTimeoutMs = 10_000;
/** A server may think long about a mail it scans; it is given up after this silence. */
const socketTimeoutMs = 30_000;
const mailsPerConnection = 1_000;

/** Hands mails to an SMTP server over a pool of kept connections. What goes wrong is an outcome, never thrown. */
export function createMailer({ smtpUrl, from, maxConnections }: MailerOptions) {
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections,
    maxMessages: mailsPerConnection,
    connectionTimeout: connectionTimeoutMs,
    greetingTimeout: connectionTimeoutMs,
    socketTimeout: socketTimeoutMs,
    // Texts come from templates and orders: neither may make it read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  });

  let sent = 0;
  /** Mails on their way; these promises never reject. */
  const underWay = new Set<Promise<unknown>>();

  function handOver({ to, eventId, subject, text, html }: Mail): Promise<unknown> {
    return transport.sendMail({
      from,
      // As an object it is one address, whatever it contains.
      to: { name: '', address: to },
      envelope: { from, to: [to] },
      subject,
      text,
      html,
      // The same for a mail sent twice, so that a mail server or reader can tell.
      messageId: `<${messageIdOf(eventId)}@${domainOf(from)}>`,
      headers: { [eventIdHeader]: eventId, 'Auto-Submitted': 'auto-generated' },
    });
  }

  return {
    async send(mail: Mail): Promise<SendOutcome> {
      const sentBefore = sent;
      const handedOver = handOver(mail).then(
        () => {
          sent += 1;
          return { outcome: 'sent' } as const;
        },
        (error: SmtpError) => outcomeOf(error),
      );
      underWay.add(handedOver);
      const outcome = await handedOver;
      underWay.delete(handedOver);
      if (outcome.outcome !== 'away') return outcome;
      // A server that takes other mails meanwhile is not away: this mail must not hold them up.
      await Promise.all(underWay);
      return sent > sentBefore ? { ...outcome, outcome: 'deferred' } : outcome;
    },
    /** Ends the connections; mails under way are cut and come back as `away`. */
    close(): void {
      transport.close({ force: true });
    },
  };
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly command?: string;
}

/** A refusal is one mail's fault only where the server has spoken about its recipient or its content. */
function outcomeOf(error: SmtpError): Exclude<SendOutcome, { outcome: 'sent' }> {
  const { responseCode = 0, command } = error;
  const reason = error.message.replace(/\s+/g, ' ').slice(0, 500);
  const isAboutMail = (command === 'RCPT TO' || command === 'DATA') && responseCode !== 421;
  if (isAboutMail && responseCode >= 500) return { outcome: 'refused', reason };
  if (isAboutMail && responseCode >= 400) return { outcome: 'deferred', reason };
  return { outcome: 'away', reason };
}

/** What may stand left of the @ of a Message-ID. */
function messageIdOf(eventId: string): string {
  return eventId.replace(/[^A-Za-z0-9._-]/g, '.');
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}
