import { part, setText } from './dom.js';
import { createKeptOrder } from './kept-order.js';
import { createOrderLine } from './order-line.js';
import { createTicket } from './ticket.js';

const fewLeft = 20;
const announceEveryMs = 15_000;

/** One SKU: what is left of it, its button, and the shopper's order of it. */
export function createItemCard({ card, saleId, gateway, words, customer, announce }) {
  const { sku, limit } = card.dataset;
  const itemName = card.querySelector('h2').textContent;
  const form = part(card, 'form');
  const button = form.querySelector('button');
  const quantity = form.elements.quantity;
  const kept = createKeptOrder(saleId, sku);
  let saleState;
  let stockLeft;
  let phase = 'idle';
  let announcedAtMs = 0;
  let announcedPhase;

  const line = createOrderLine({ sku, gateway, kept, show });
  const ticket = createTicket({
    box: part(card, 'ticket'),
    words,
    itemName,
    canOrderAgain,
    onStop: () => line.stop(),
    onAgain() {
      line.again();
      button.focus();
    },
  });

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.disabled || !isQuantityRight() || !customer.isReady()) return;
    line.buy(Number(quantity.value), customer.id());
    ticket.focus();
  });
  quantity.addEventListener('input', () => quantity.setCustomValidity(''));
  window.addEventListener('storage', (event) => {
    if (event.key === kept.key && idOf(event.oldValue) !== idOf(event.newValue)) line.resume();
  });

  /** Not while staff have the order, nor where it was all that one customer may buy. */
  function canOrderAgain({ quantity: pieces, settled: { status } }) {
    return status === 'rejected' || (status === 'confirmed' && !(limit && pieces >= Number(limit)));
  }

  function isQuantityRight() {
    const right = quantity.validity.valid && Number.isInteger(Number(quantity.value));
    quantity.setCustomValidity(
      right ? '' : words.say('item.quantity.invalid', { n: limit || words.number(1_000) }),
    );
    return right || quantity.reportValidity();
  }

  function show(state) {
    phase = state.phase;
    ticket.show(state);
    update();
    speak(state);
  }

  /** A change of state at once; a place in line that moves only now and then. */
  function speak({ order, why, problem }) {
    if (phase === 'idle') return;
    const kind = `${phase} ${why ?? problem ?? order?.settled?.status ?? ''}`;
    const moved = phase === 'line' && Date.now() - announcedAtMs > announceEveryMs;
    if (kind === announcedPhase && !moved) return;
    announcedPhase = kind;
    announcedAtMs = Date.now();
    const place = phase === 'line' && order.position !== undefined;
    const inLine = place && {
      place: words.number(order.position),
      wait: words.wait(order.etaSeconds),
    };
    announce(`${itemName}: ${ticket.told()} ${inLine ? words.say('order.announce', inLine) : ''}`);
  }

  function update() {
    const underWay = ['sending', 'retrying', 'line', 'settled'].includes(phase);
    form.hidden = underWay;
    const canBuy = (saleState === 'open' || saleState === 'rebuilding') && stockLeft !== 0;
    button.disabled = !canBuy;
    setText(button, words.say(labelKey(canBuy)));
    card.classList.toggle('gone', stockLeft === 0 && saleState === 'open');
    const stock = part(card, 'stock');
    stock.classList.toggle('few', stockLeft > 0 && stockLeft <= fewLeft);
    setText(stock, saleState === undefined ? '' : stockText());
  }

  function labelKey(canBuy) {
    if (canBuy) return 'item.buy';
    if (saleState === 'closed') return 'item.closed';
    return saleState === 'upcoming' || saleState === undefined ? 'item.not-yet' : 'item.sold-out';
  }

  function stockText() {
    if (stockLeft === undefined) return words.say('item.stock-unknown');
    if (stockLeft === 0) {
      const hint = saleState === 'closed' ? '' : ` · ${words.say('item.sold-out.hint')}`;
      return words.say('item.sold-out') + hint;
    }
    const key = stockLeft <= fewLeft ? 'item.left-few' : 'item.left';
    return words.say(key, { n: words.number(stockLeft) });
  }

  return {
    sku,
    resume: () => line.resume(),
    tick: () => ticket.tick(),
    /** @param state of the sale, by the server's time; @param left pieces, `undefined` where nobody knows */
    see(state, left) {
      saleState = state;
      stockLeft = left;
      update();
    },
  };
}

function idOf(text) {
  return text ? JSON.parse(text)?.transactionId : undefined;
}
