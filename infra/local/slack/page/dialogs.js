const byId = (id) => document.getElementById(id);

/** Asks with the app's own confirm dialog; true if the person agrees. */
export function askConfirm({ title, text, confirm, deny, style }) {
  const dialog = byId('confirm');
  byId('confirm-title').textContent = title;
  byId('confirm-text').textContent = text;
  byId('confirm-deny').textContent = deny;
  byId('confirm-yes').textContent = confirm;
  byId('confirm-yes').className = `button button-${style === 'danger' ? 'danger' : 'primary'}`;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'confirm'), { once: true });
  });
}

/** A short note at the bottom of the page, for troubles that belong to no message. */
export function toast(text) {
  const note = document.createElement('p');
  note.textContent = text;
  byId('toasts').append(note);
  setTimeout(() => note.remove(), 6000);
}
