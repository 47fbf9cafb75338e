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
const cancel = /** @type {HTMLButtonElement} */ (find('.cancel', dialog));
const submit = /** @type {HTMLButtonElement} */ (find('[type=submit]', dialog));
const said = find('#said');
/** The question that the dialog holds. @type {Question | undefined} */
let asked;
let hideSaid = 0;
/** @type {() => void} */
let afterAction = () => {};

/** What to refresh after each action, done or refused. */
export function onAction(/** @type {() => void} */ refresh) {
  afterAction = refresh;
}

cancel.onclick = () => dialog.close();
dialog.addEventListener('cancel', (event) => {
  if (cancel.disabled) event.preventDefault();
});

/** What is under way can't be called off: no way out pretends that it could. */
function setUnderWay(/** @type {boolean} */ underWay, /** @type {string} */ verb) {
  submit.disabled = underWay;
  cancel.disabled = underWay;
  setText(submit, underWay ? `${verb}: under way…` : verb);
}

/** Asks before anything is changed; what is refused is said where it was asked. */
export function ask(/** @type {Question} */ question) {
  const { title, text, fields = [], verb, danger = false, run } = question;
  const form = /** @type {HTMLFormElement} */ (find('form', dialog));
  const error = find('.error', dialog);
  asked = question;
  setText(find('h2', dialog), title);
  setText(find('.text', dialog), text);
  setText(error, '');
  setUnderWay(false, verb);
  submit.className = danger ? 'danger' : 'primary';
  find('.fields', dialog).replaceChildren(...fields.map(fieldOf));
  // A browser may let the second Escape through: the dialog is closed then, or holds another question.
  const isShown = () => dialog.open && asked === question;

  form.onsubmit = async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    setUnderWay(true, verb);
    setText(error, '');
    try {
      const done = await run(values);
      if (isShown()) dialog.close();
      say(done);
    } catch (failure) {
      const message = failure instanceof Error ? failure.message : String(failure);
      if (isShown()) setText(error, message);
      else say(`${title} ${message}`);
    } finally {
      if (asked === question) setUnderWay(false, verb);
      afterAction();
    }
  };
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
