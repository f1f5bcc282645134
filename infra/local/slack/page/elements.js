import { askConfirm } from './dialogs.js';

/** Reads and watches the interactive elements that the server rendered (render/elements.ts). */

/** The element's value in the form of `state.values`. */
export function valueOf(control) {
  const type = control.dataset.element;
  const text = control.value === '' ? null : control.value;
  switch (type) {
    case 'static_select':
    case 'external_select':
      return { type, selected_option: text === null ? null : optionOf(control.selectedOptions[0].textContent, text) };
    case 'users_select':
      return { type, selected_user: text };
    case 'channels_select':
      return { type, selected_channel: text };
    case 'conversations_select':
      return { type, selected_conversation: text };
    case 'checkboxes':
    case 'multi_static_select':
      return {
        type,
        selected_options: checked(control).map((input) => optionOf(input.parentElement.innerText, input.value)),
      };
    case 'multi_users_select':
      return { type, selected_users: checked(control).map((input) => input.value) };
    case 'radio_buttons': {
      const [input] = checked(control);
      return {
        type,
        selected_option: input === undefined ? null : optionOf(input.parentElement.innerText, input.value),
      };
    }
    case 'datepicker':
      return { type, selected_date: text };
    case 'timepicker':
      return { type, selected_time: text };
    case 'datetimepicker':
      return { type, selected_date_time: text === null ? null : Math.round(new Date(text).getTime() / 1000) };
    default:
      return { type, value: text };
  }
}

/** What the client API wants as `selected` for a press. */
function selectedOf(control) {
  const value = valueOf(control);
  if ('selected_option' in value) return value.selected_option?.value ?? null;
  if ('selected_options' in value) return value.selected_options.map((option) => option.value);
  return Object.values(value)[1];
}

function optionOf(text, value) {
  return { text: { type: 'plain_text', text: text.trim(), emoji: true }, value };
}

function checked(control) {
  return [...control.querySelectorAll('input:checked')];
}

/** All values of a modal, by block and action id. */
export function formValues(root) {
  const values = {};
  for (const control of root.querySelectorAll('[data-element]')) {
    const { block, action, element } = control.dataset;
    if (element === 'button' || element === 'overflow') continue;
    values[block] = { ...values[block], [action]: valueOf(control) };
  }
  return values;
}

/** The datetime inputs carry seconds since the epoch; their own value is the person's local time. */
export function fillDateTimes(root) {
  for (const input of root.querySelectorAll('input[data-epoch-s]')) {
    const epochS = input.dataset.epochS;
    if (epochS === '' || input.value !== '') continue;
    const local = new Date(Number(epochS) * 1000);
    input.value = new Date(local.getTime() - local.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }
}

/**
 * Watches a container for presses and choices. `perform(control, pressed)` sends one; the element is
 * marked busy meanwhile. Inputs of a modal count only if their block dispatches actions.
 */
export function watchElements(root, perform) {
  root.addEventListener('click', (event) => {
    const control = event.target.closest('[data-element="button"], [data-element="overflow"]');
    if (control === null || !root.contains(control)) return;
    control.closest('details')?.removeAttribute('open');
    press(control, control.dataset.element === 'overflow' ? { selected: control.dataset.value } : {}, perform);
  });
  root.addEventListener('change', (event) => {
    const control = event.target.closest('[data-element]');
    if (control === null || !dispatches(control)) return;
    press(control, { selected: selectedOf(control) }, perform);
  });
  root.addEventListener('keydown', (event) => {
    const control = event.target.closest('[data-element$="_input"]');
    if (event.key === 'Enter' && control !== null && control.nodeName !== 'TEXTAREA' && dispatches(control))
      press(control, { selected: control.value }, perform);
  });
}

function dispatches(control) {
  const input = control.closest('[data-input]');
  return input === null || input.hasAttribute('data-dispatch');
}

async function press(control, pressed, perform) {
  if (control.getAttribute('aria-busy') === 'true') return;
  if (control.dataset.confirm !== undefined && !(await askConfirm(JSON.parse(control.dataset.confirm)))) return;
  control.setAttribute('aria-busy', 'true');
  try {
    await perform(control, { action_id: control.dataset.action, block_id: control.dataset.block, ...pressed });
  } finally {
    control.removeAttribute('aria-busy');
  }
}
