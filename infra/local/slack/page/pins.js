import { morph } from './morph.js';

/** The channel's tabs. What is pinned lies behind one of them, as in Slack: nothing of it stays on screen. */

const byId = (id) => document.getElementById(id);
const TABS = ['messages', 'pins'];

export function startTabs(jump) {
  for (const tab of TABS) byId(`tab-${tab}`).addEventListener('click', () => openTab(tab));
  byId('pins').addEventListener('click', (event) => {
    const ts = event.target.closest('[data-jump]')?.dataset.jump;
    if (ts === undefined) return;
    openTab('messages');
    jump(ts);
  });
}

export function openTab(wanted) {
  for (const tab of TABS) byId(`tab-${tab}`).setAttribute('aria-selected', String(tab === wanted));
  byId('scroller').hidden = wanted !== 'messages';
  byId('pins').hidden = wanted !== 'pins';
}

/** `pinned`: newest first. A pin shows what its message says; it is pressed where it stands. */
export function showPins(pinned, nameOf) {
  byId('tab-pins').textContent = pinned.length === 0 ? 'Pins' : `Pins ${pinned.length}`;
  byId('no-pins').hidden = pinned.length > 0;
  const list = byId('pin-list');
  const rows = new Map([...list.children].map((row) => [row.dataset.pin, row]));
  for (const [ts, row] of rows) if (!pinned.some((message) => message.ts === ts)) row.remove();
  for (const message of pinned) {
    const row = rows.get(message.ts) ?? newPin(message);
    row.querySelector('.who').textContent = nameOf(message.user);
    morph(row.querySelector('.message-body'), message.html);
    list.append(row);
  }
}

function newPin(message) {
  const row = document.createElement('li');
  row.className = 'pin';
  row.dataset.pin = message.ts;
  row.innerHTML =
    '<div class="message-head"><strong class="who"></strong><time></time></div><div class="message-body" inert></div><button type="button" class="button">View message</button>';
  row.querySelector('time').textContent = new Date(Number(message.ts) * 1000).toLocaleString('en-US', {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  row.querySelector('.button').dataset.jump = message.ts;
  return row;
}
