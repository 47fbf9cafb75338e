import { isSettled, type OrderReply } from '../order-reply.ts';
import type { ProblemName } from '../problems.ts';
import { html, type Markup } from './html.ts';
import { address, layout, type Shop } from './layout.ts';
import type { Words } from './words.ts';

/**
 * Where an order stands, for shoppers without JavaScript. It does not reload of itself, for whoever has it read aloud
 * would hear its beginning again and again: there is a link for that.
 *
 * @param itemName absent where the sale is not served any more
 */
export function orderPage(
  shop: Shop,
  words: Words,
  options: { order: OrderReply; itemName: string | undefined },
): string {
  const { order, itemName } = options;
  const settled = isSettled(order.status);
  const { title, text } = told(words, order);
  return layout(shop, words, {
    title,
    path: `/shop/orders/${order.saleId}/${order.transactionId}`,
    body: html`<section class="ticket alone ${order.status}">
<h1>${title}</h1>
<p>${text}</p>
${settled ? undefined : line(words, order)}
<dl class="number">
${itemName === undefined ? undefined : html`<dt class="unseen">${words.say('form.item')}</dt><dd>${words.say('order.item', { n: words.number(order.quantity ?? 1), name: itemName })}</dd>`}
<dt>${words.say('order.number')}</dt><dd>${order.transactionId}</dd>
</dl>
${settled ? undefined : lookAgain(words)}
${backTo(words, order.saleId)}
</section>
`,
  });
}

function told(words: Words, { status, reason }: OrderReply): { title: string; text: string } {
  switch (status) {
    case 'pending':
      return { title: words.say('order.pending'), text: words.say('order.line.text') };
    case 'accepted':
      return { title: words.say('order.line'), text: words.say('order.line.text') };
    case 'confirmed':
      return { title: words.say('order.confirmed'), text: words.say('order.confirmed.text') };
    case 'rejected': {
      const known = reason === 'sold-out' || reason === 'customer-limit' ? reason : 'other';
      return { title: words.say('order.rejected'), text: words.say(`order.rejected.${known}`) };
    }
    case 'failed':
      return {
        title: words.say('order.failed'),
        text: words.say(reason === 'purged' ? 'order.failed.purged' : 'order.failed.text'),
      };
  }
}

function line(words: Words, { position, etaSeconds }: OrderReply): Markup | undefined {
  if (position === undefined) return undefined;
  return html`<dl class="line">
<div><dt>${words.say('order.place')}</dt><dd>${words.number(position)}</dd></div>
<div><dt>${words.say('order.wait')}</dt><dd>${wait(words, etaSeconds)}</dd></div>
</dl>`;
}

function wait(words: Words, etaSeconds: number | undefined): string {
  if (etaSeconds === undefined) return words.say('order.wait.paused');
  if (etaSeconds <= 2) return words.say('order.wait.moment');
  if (etaSeconds < 90) return words.say('order.wait.seconds', { n: words.number(etaSeconds) });
  return words.say('order.wait.minutes', { n: words.number(Math.round(etaSeconds / 60)) });
}

/** What was sent with the form, to be sent again as it is. */
export type SentForm = Readonly<Record<string, string>>;

/**
 * A refusal in words.
 *
 * @param again present where the same order may be sent again, with the seconds to wait first
 */
export function refusalPage(
  shop: Shop,
  words: Words,
  options: {
    problem: ProblemName;
    detail: string | undefined;
    saleId: string | undefined;
    again: { readonly form: SentForm; readonly afterSeconds: number } | undefined;
    /** Whether the page itself may be asked for again. */
    isPassing: boolean;
  },
): string {
  const { problem, detail, saleId, again, isPassing } = options;
  const text = again
    ? words.say('form.retry', { n: words.number(again.afterSeconds) })
    : words.say(`problem.${problem}.text`);
  return layout(shop, words, {
    title: words.say(`problem.${problem}`),
    path: '/shop/form',
    ...(saleId === undefined ? {} : { query: { sale: saleId } }),
    body: html`<section class="ticket alone refused">
<h1>${words.say(`problem.${problem}`)}</h1>
<p>${text}</p>
${detail === undefined || problem !== 'invalid' ? undefined : html`<p class="hint">${words.say('problem.reference', { detail })}</p>`}
${again === undefined ? undefined : sendAgain(words, again.form)}
${isPassing ? lookAgain(words) : undefined}
${backTo(words, saleId)}
</section>
`,
  });
}

function sendAgain(words: Words, form: SentForm): Markup {
  return html`<form method="post" action="/shop/orders">
${Object.entries(form).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">\n`)}<button type="submit">${words.say('order.send-again')}</button>
</form>`;
}

/** A link to the page that it is on. */
function lookAgain(words: Words): Markup {
  return html`<p><a href="">${words.say('order.look-again')}</a></p>`;
}

function backTo(words: Words, saleId: string | undefined): Markup {
  const query = { ...(saleId === undefined ? {} : { sale: saleId }), lang: words.language };
  const path = saleId === undefined ? '/' : '/shop/form';
  return html`<p><a href="${address(path, query)}">${words.say('order.back')}</a></p>`;
}
