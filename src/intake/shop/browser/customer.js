import { element } from './dom.js';

const key = 'sluice:customer';
const pattern = /^[!-~]{1,128}$/;

/** Who orders while nobody has to sign in: a name that the shopper may change, kept in the browser. */
export function createNamedCustomer({ input, words }) {
  input.value = kept(localStorageOf()) ?? newName();
  keep(localStorageOf(), input.value);
  input.addEventListener('input', () => {
    input.setCustomValidity('');
    if (pattern.test(input.value)) keep(localStorageOf(), input.value);
  });
  return {
    id: () => input.value,
    token: () => undefined,
    isReady() {
      const right = pattern.test(input.value);
      input.setCustomValidity(right ? '' : words.say('customer.invalid'));
      return right || input.reportValidity();
    },
  };
}

/**
 * Who orders while orders need a token. The shop that signs its customers in opens this page with the token behind
 * `#token=`: what stands there is sent to no server and logged nowhere. It is kept for this tab alone.
 */
export function createTokenCustomer({ notice, words }) {
  const handed = new URLSearchParams(location.hash.slice(1)).get('token');
  const storage = sessionStorageOf();
  if (handed) {
    keep(storage, handed, 'sluice:token');
    history.replaceState(null, '', location.pathname + location.search);
  }
  const token = handed ?? kept(storage, 'sluice:token');
  notice.hidden = false;
  notice.replaceChildren(
    ...(token
      ? [words.say('token.held')]
      : [element('b', {}, `${words.say('token.missing')}. `), words.say('token.missing.text')]),
  );
  notice.tabIndex = -1;
  return {
    id: () => undefined,
    token: () => token,
    isReady() {
      if (!token) notice.focus();
      return Boolean(token);
    },
  };
}

function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(4));
  return `shopper-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function kept(storage, name = key) {
  return storage?.getItem(name) ?? undefined;
}

function keep(storage, value, name = key) {
  try {
    storage?.setItem(name, value);
  } catch {}
}

/** Browsers may forbid it, and say so by throwing. */
function localStorageOf() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function sessionStorageOf() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}
