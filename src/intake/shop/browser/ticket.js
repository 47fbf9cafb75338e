import { element, setText } from './dom.js';

/** What an order's state looks like: a heading, what it means, place and wait, and what can be done about it. */
export function createTicket({ box, words, itemName, canOrderAgain, onAgain, onStop }) {
  const { say } = words;
  let shownKind;
  let heading;
  let firstPosition;
  let nextTryAtMs = 0;

  /** Builds the ticket anew for another kind of state; numbers within one are changed in place. */
  function build(kind, className, ...children) {
    if (shownKind === kind) return;
    const hadFocus = box.contains(document.activeElement);
    shownKind = kind;
    box.className = `ticket ${className}`;
    box.replaceChildren(...children.flat().filter(Boolean));
    heading = box.querySelector('h3');
    if (hadFocus) heading?.focus();
  }

  const title = (text) => element('h3', { tabindex: '-1' }, text);
  const text = (words_) => element('p', {}, words_);
  const action = (label, onclick) => element('button', { type: 'button', class: 'second', onclick }, label);

  function number(order) {
    return element(
      'dl',
      { class: 'number' },
      element('dt', { class: 'unseen' }, say('form.item')),
      element('dd', {}, say('order.item', { n: words.number(order.quantity ?? 1), name: itemName })),
      element('dt', {}, say('order.number')),
      element('dd', { class: 'id' }, order.transactionId),
    );
  }

  const shows = {
    sending() {
      build('sending', 'busy', title(say('order.sending')), text(say('order.sending.text')));
    },
    retrying({ why, untilMs, canStop }) {
      build(
        `retrying ${why} ${canStop}`,
        'busy retrying',
        title(say(why)),
        text(say(`${why}.text`)),
        element('p', { class: 'next' }),
        canStop && action(say('order.stop'), onStop),
      );
      nextTryAtMs = untilMs;
      tick();
    },
    line({ order, lost }) {
      build(
        'line',
        'line',
        title(say('order.line')),
        text(say('order.line.text')),
        element(
          'dl',
          { class: 'line' },
          element('div', {}, element('dt', {}, say('order.place')), element('dd', { class: 'place' })),
          element('div', {}, element('dt', {}, say('order.wait')), element('dd', { class: 'wait' })),
        ),
        element('progress', { max: '1', value: '0', 'aria-label': say('order.progress') }),
        element('p', { class: 'lost', role: 'status' }),
        number(order),
      );
      const { position } = order;
      firstPosition = Math.max(firstPosition ?? 0, position ?? 0);
      setText(heading, say(order.status === 'pending' ? 'order.pending' : 'order.line'));
      setText(box.querySelector('.place'), position === undefined ? '…' : words.number(position));
      setText(box.querySelector('.wait'), words.wait(order.etaSeconds));
      setText(box.querySelector('.lost'), lost ? say('order.lost') : '');
      box.classList.toggle('stale', lost);
      box.querySelector('progress').value = firstPosition > 0 ? 1 - (position - 1) / firstPosition : 0;
    },
    settled({ order }) {
      const { status } = order.settled;
      build(
        `settled ${order.transactionId} ${status}`,
        status,
        title(say(`order.${status}`)),
        text(settledText(order.settled)),
        number(order),
        canOrderAgain(order) && action(say('order.again'), onAgain),
      );
    },
    refused({ problem }) {
      build(
        `refused ${problem}`,
        'refused',
        title(say(`problem.${problem}`)),
        text(say(`problem.${problem}.text`)),
      );
    },
    stopped() {
      build('stopped', 'refused', title(say('order.stopped')), text(say('order.stopped.text')));
    },
  };

  function settledText({ status, reason }) {
    if (status === 'confirmed') return say('order.confirmed.text');
    if (status === 'failed') return say(reason === 'purged' ? 'order.failed.purged' : 'order.failed.text');
    const known = reason === 'sold-out' || reason === 'customer-limit' ? reason : 'other';
    return say(`order.rejected.${known}`);
  }

  /** Once a second: the time to the next try. */
  function tick() {
    const next = box.querySelector('.next');
    if (!next) return;
    const seconds = Math.ceil((nextTryAtMs - Date.now()) / 1_000);
    setText(next, seconds > 0 ? say('order.retry-in', { n: words.number(seconds) }) : say('order.retry-now'));
  }

  return {
    tick,
    show(state) {
      box.hidden = state.phase === 'idle';
      if (box.hidden) {
        shownKind = undefined;
        firstPosition = undefined;
        box.replaceChildren();
      } else shows[state.phase](state);
    },
    focus: () => heading?.focus(),
    /** What is said aloud of a state. */
    told: () => (heading ? `${heading.textContent}. ${heading.nextElementSibling?.textContent ?? ''}` : ''),
  };
}
