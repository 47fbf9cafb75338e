import type { OrderEvent } from '../../../order/events.ts';
import { isMailAddress } from '../../../platform/mail-address.ts';
import { EffectError, each, type Follower } from '../../follower.ts';
import { createMailer } from './mailer.ts';
import { loadMailTemplates, type MailText } from './template.ts';

export interface MailOptions {
  readonly smtpUrl: string;
  /** Sender's address. */
  readonly from: string;
  /** Recipient, with `{{customerId}}` in it. */
  readonly to: string;
  /** Folder of the shop's own templates; absent: those that come with Sluice. */
  readonly templates?: string | undefined;
  /** Connections to the mail server, and so mails on their way at once. */
  readonly connections: number;
}

/** Remembered together: few, so that a slow mail keeps few others from being remembered. */
const mailsPerCall = 10;

/**
 * Sends each customer a mail on a confirmed order: HTML and text, with the event's ID in a header.
 *
 * The event is remembered right after the server has taken the mail. The window in which a crash makes a second
 * mail, with the same Message-ID and the same event ID, is from the server's answer to the commit of that memory:
 * as long as the slowest mail of the same call, and a round trip to the database.
 *
 * @throws MailTemplateError where a template is missing or names what there is not
 */
export function createMail(options: MailOptions): Follower & { stop(): Promise<void> } {
  const render = loadMailTemplates(options.templates);
  const mailer = createMailer({
    smtpUrl: options.smtpUrl,
    from: options.from,
    maxConnections: options.connections,
  });

  async function send(event: OrderEvent): Promise<void> {
    const to = options.to.replaceAll('{{customerId}}', () => event.data.customerId);
    // Whoever orders chooses the customer ID, where nobody is asked for a token.
    if (!isMailAddress(to)) throw new EffectError('effect-refused', 'the customer has no mail address');
    const sent = await mailer.send({ to, eventId: event.id, ...textOf(event) });
    if (sent.outcome !== 'sent') throw new EffectError(codeOf[sent.outcome], sent.reason);
  }

  function textOf({ data }: OrderEvent): MailText {
    return render({ ...data, quantity: String(data.quantity) });
  }

  return {
    name: 'mail',
    bindings: ['orders.confirmed'],
    ordersAtOnce: Math.min(options.connections, mailsPerCall),
    callsAtOnce: Math.ceil(options.connections / mailsPerCall),
    effect: { within: 'outside', apply: each(send) },
    async stop() {
      mailer.close();
    },
  };
}

const codeOf = { refused: 'effect-refused', deferred: 'effect-failed', away: 'neighbour-away' } as const;
