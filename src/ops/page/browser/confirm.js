import { el, find, setText } from './dom.js';

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} [type] of the input
 * @property {string} [value]
 * @property {string} [hint]
 */

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text what will happen
 * @property {readonly Field[]} [fields]
 * @property {string} verb on the button that does it
 * @property {boolean} [danger]
 * @property {(values: Record<string, string>) => Promise<string>} run does it, and resolves with what was done
 */

const dialog = /** @type {HTMLDialogElement} */ (find('#confirm'));
const said = find('#said');
let hideSaid = 0;
/** @type {() => void} */
let afterAction = () => {};

/** What to refresh after each action, done or refused. */
export function onAction(/** @type {() => void} */ refresh) {
  afterAction = refresh;
}

/** Asks before anything is changed; what is refused is said where it was asked. */
export function ask(/** @type {Question} */ { title, text, fields = [], verb, danger = false, run }) {
  const form = /** @type {HTMLFormElement} */ (find('form', dialog));
  const error = find('.error', dialog);
  const submit = /** @type {HTMLButtonElement} */ (find('[type=submit]', dialog));
  setText(find('h2', dialog), title);
  setText(find('.text', dialog), text);
  setText(error, '');
  setText(submit, verb);
  submit.className = danger ? 'danger' : 'primary';
  find('.fields', dialog).replaceChildren(...fields.map(fieldOf));

  form.onsubmit = async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    setText(error, '');
    try {
      const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
      const done = await run(values);
      dialog.close();
      say(done);
    } catch (failure) {
      setText(error, failure instanceof Error ? failure.message : String(failure));
    } finally {
      submit.disabled = false;
      afterAction();
    }
  };
  find('.cancel', dialog).onclick = () => dialog.close();
  dialog.showModal();
  const first = /** @type {HTMLInputElement | null} */ (dialog.querySelector('.fields input'));
  first?.select();
}

function fieldOf(/** @type {Field} */ { name, label, type = 'text', value = '', hint }) {
  const id = `field-${name}`;
  return el(
    'div',
    {},
    el('label', { for: id }, label),
    el('input', {
      id,
      name,
      type,
      value,
      autocomplete: 'off',
      ...(hint ? { 'aria-describedby': `${id}-hint` } : {}),
    }),
    ...(hint ? [el('p', { id: `${id}-hint`, class: 'hint' }, hint)] : []),
  );
}

/** Says what was done, for eyes and screen readers. */
export function say(/** @type {string} */ text) {
  setText(said, text);
  said.hidden = false;
  clearTimeout(hideSaid);
  hideSaid = setTimeout(() => {
    said.hidden = true;
  }, 8_000);
}
