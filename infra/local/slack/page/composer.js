import { send, session } from './api.js';
import { showNotice } from './messages.js';

/** Where a person types: messages, and `/go` with suggestions. */

const form = document.getElementById('composer');
const text = document.getElementById('text');
const suggestions = document.getElementById('suggestions');
const sendButton = document.getElementById('send');

/** As the app's own `/go help` has them; the page only helps to type. */
const SUBCOMMANDS = [
  ['help', 'what there is to say'],
  ['status', 'where the launch stands'],
  ['ready', 'every gate, green or not'],
  ['scale', 'bring the workers up'],
  ['test', 'send a copy to yourselves'],
  ['fire', 'ask for GO; a second person presses it'],
  ['halt', 'stop sending now'],
  ['resume', 'lift a halt, with a second person'],
  ['stats', 'figures of the shot'],
  ['steps', 'what the runbook does when'],
  ['zombie', 'quiet the client apps'],
  ['pace', 'the send rate of a platform'],
  ['switch', "one of the runbook's own switches"],
  ['move', 'another target time'],
  ['campaign', 'the words of the push'],
  ['people', 'who may do what'],
  ['note', 'a line into the record'],
  ['timeline', 'the record as Markdown'],
  ['create', 'begin a launch in this channel'],
  ['close', 'end the launch'],
];

let chosen = 0;
let matches = [];
/** What was sent, newest last, for the Up key. */
const sent = [];

export function startComposer() {
  text.addEventListener('input', () => {
    chosen = 0;
    refresh();
  });
  text.addEventListener('keydown', onKey);
  text.addEventListener('blur', () => setTimeout(hide, 150));
  suggestions.addEventListener('mousedown', (event) => {
    const item = event.target.closest('[role=option]');
    if (item === null) return;
    event.preventDefault();
    take(matches[Number(item.dataset.at)]);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    sendTyped();
  });
}

export async function sendCommand(line) {
  const [command, ...rest] = line.split(' ');
  const answer = await send('POST', 'commands', { channel: session.channel, command, text: rest.join(' ').trim() });
  if (!answer.ok) showNotice(answer.error);
  else if (answer.notice !== undefined) showNotice(answer.notice);
}

function onKey(event) {
  if (!suggestions.hidden && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    chosen = (chosen + (event.key === 'ArrowDown' ? 1 : -1) + matches.length) % matches.length;
    refresh();
  } else if (!suggestions.hidden && event.key === 'Tab') {
    event.preventDefault();
    take(matches[chosen]);
  } else if (event.key === 'Escape') {
    hide();
  } else if (event.key === 'ArrowUp' && text.value === '' && sent.length > 0) {
    event.preventDefault();
    text.value = sent.at(-1);
    refresh();
  } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    sendTyped();
  }
}

async function sendTyped() {
  const typed = text.value.trim();
  if (typed === '') return;
  text.value = '';
  sent.push(typed);
  refresh();
  if (typed.startsWith('/')) {
    await sendCommand(typed);
  } else {
    const answer = await send('POST', 'messages', { channel: session.channel, text: typed });
    if (!answer.ok) {
      text.value = typed;
      refresh();
      showNotice(`Your message was not sent: ${answer.error}`);
    }
  }
}

function take([subcommand]) {
  text.value = `/go ${subcommand} `;
  text.focus();
  refresh();
}

function refresh() {
  text.style.height = 'auto';
  text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
  sendButton.disabled = text.value.trim() === '';
  const typed = /^\/(g|go|go ([a-z]*))?$/.exec(text.value);
  matches = typed === null ? [] : SUBCOMMANDS.filter(([name]) => name.startsWith(typed[2] ?? ''));
  if (matches.length === 0) return hide();
  chosen = Math.min(chosen, matches.length - 1);
  suggestions.replaceChildren(...matches.map(([name, what], at) => option(name, what, at)));
  suggestions.hidden = false;
  suggestions.children[chosen].scrollIntoView({ block: 'nearest' });
  text.setAttribute('aria-expanded', 'true');
  text.setAttribute('aria-activedescendant', `suggestion-${chosen}`);
}

function option(name, what, at) {
  const item = document.createElement('li');
  item.id = `suggestion-${at}`;
  item.setAttribute('role', 'option');
  item.setAttribute('aria-selected', String(at === chosen));
  item.dataset.at = String(at);
  const command = document.createElement('strong');
  command.textContent = `/go ${name}`;
  const explained = document.createElement('span');
  explained.textContent = what;
  item.append(command, explained);
  return item;
}

function hide() {
  suggestions.hidden = true;
  text.setAttribute('aria-expanded', 'false');
  text.removeAttribute('aria-activedescendant');
}
