import { get, send } from './api.js';
import { fillDateTimes, formValues, watchElements } from './elements.js';
import { morph } from './morph.js';

/** The person's stack of modals; the top one is shown. */

const dialog = document.getElementById('modal');
const body = document.getElementById('modal-body');
const trouble = document.getElementById('modal-trouble');
const submit = document.getElementById('modal-submit');
let stack = [];
let shownId = null;

export function startModals() {
  watchElements(body, async (_control, pressed) => {
    report(await send('POST', `views/${shownId}/actions`, { ...pressed, values: formValues(body) }));
  });
  dialog.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.setAttribute('aria-busy', 'true');
    submit.disabled = true;
    const answer = await send('POST', `views/${shownId}/submit`, { values: formValues(body) });
    submit.removeAttribute('aria-busy');
    submit.disabled = false;
    report(answer);
    body.querySelector('.block-input:has(.field-error) [data-element]')?.focus();
  });
  for (const control of dialog.querySelectorAll('[data-modal-close]')) control.addEventListener('click', close);
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    close();
  });
}

/** Reads the stack anew: after a change of person, or when the stream came back. */
export async function loadModals() {
  const { views } = await get('views');
  stack = views ?? [];
  show();
}

export function onViewEvent(event) {
  if (event.type === 'view_closed') stack = stack.filter((view) => view.id !== event.view_id);
  else if (event.view !== null) {
    const at = stack.findIndex((view) => view.id === event.view.id);
    if (at >= 0) stack[at] = event.view;
    else stack.push(event.view);
  }
  show();
}

async function close() {
  const id = shownId;
  stack = stack.filter((view) => view.id !== id);
  show();
  await send('POST', `views/${id}/close`);
}

function report(answer) {
  trouble.textContent =
    answer.ok || answer.errors !== undefined ? '' : `We had some trouble connecting (${answer.error}). Try again?`;
}

function show() {
  const view = stack.at(-1);
  if (view === undefined) {
    shownId = null;
    if (dialog.open) dialog.close();
    return;
  }
  document.getElementById('modal-title').textContent = view.title?.text ?? '';
  document.getElementById('modal-close').textContent = view.close?.text ?? (stack.length > 1 ? 'Back' : 'Cancel');
  submit.textContent = view.submit?.text ?? '';
  submit.hidden = view.submit === null;
  const isNew = shownId !== view.id;
  if (isNew) {
    trouble.textContent = '';
    body.innerHTML = view.html;
  } else {
    morph(body, view.html);
  }
  shownId = view.id;
  fillDateTimes(body);
  if (!dialog.open) dialog.showModal();
  if (isNew) (body.querySelector('[data-focus]') ?? body.querySelector('input, select, textarea'))?.focus();
}
