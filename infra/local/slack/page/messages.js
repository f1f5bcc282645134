import { get, send, session } from './api.js';
import { toast } from './dialogs.js';
import { fillDateTimes, watchElements } from './elements.js';
import { morph } from './morph.js';

/** The channel's messages: kept up to date in place, scrolled like Slack. */

const scroller = document.getElementById('scroller');
const list = document.getElementById('messages');
const newer = document.getElementById('newer');
const earlier = document.getElementById('earlier');
const beginning = document.getElementById('beginning');
/** How near to the end still counts as being at it. */
const AT_END_PX = 90;
const PAGE_MESSAGES = 120;
/** Messages of one person within this time share one name and picture. */
const GROUP_S = 300;

let people = new Map();
let messages = new Map();
let shownCount = PAGE_MESSAGES;

export function startMessages(onPins) {
  watchElements(list, pressMessage);
  list.addEventListener('click', (event) =>
    event.target.closest('.see-more')?.parentElement.toggleAttribute('data-open'),
  );
  newer.addEventListener('click', () => toEnd('smooth'));
  earlier.addEventListener('click', () => {
    shownCount *= 4;
    loadMessages(onPins);
  });
  // Pictures and fonts that arrive late must not push the end out of sight.
  new ResizeObserver(() => {
    if (stuck) toEnd();
  }).observe(list);
  scroller.addEventListener('scroll', () => {
    stuck = isAtEnd();
    if (stuck) newer.hidden = true;
  });
}

let stuck = true;

export function setPeople(users) {
  people = new Map(users.map((user) => [user.id, user]));
}

export async function loadMessages(onPins) {
  const { channel, as } = session;
  const since = [];
  meanwhile = since;
  const answer = await get(`channels/${channel}/messages?limit=${shownCount}`);
  // Another load has begun since, for another person or channel: that one speaks.
  if (channel !== session.channel || as !== session.as || meanwhile !== since) return;
  meanwhile = null;
  messages = new Map(answer.messages.map((message) => [message.ts, message]));
  // What came on the stream while the answer was on its way is newer than the answer.
  for (const event of since) apply(event);
  earlier.hidden = answer.has_more !== true;
  showAll();
  toEnd();
  onPins(pinned());
}

/** Events that come in while the messages are being read; null when none are. */
let meanwhile = null;

function apply(event) {
  if (event.type === 'message_deleted') messages.delete(event.ts);
  else messages.set(event.message.ts, event.message);
}

/** What another person alone could see goes at once, before theirs is read. */
export function forgetEphemerals() {
  for (const [ts, message] of messages) if (message.ephemeralTo !== undefined) messages.delete(ts);
  showAll();
}

export function resetMessages() {
  shownCount = PAGE_MESSAGES;
  messages = new Map();
  list.replaceChildren();
  newer.hidden = true;
}

/** One event of the stream that concerns the channel. */
export function onMessageEvent(event, onPins) {
  if (event.channel !== session.channel) return false;
  const follow = isAtEnd();
  meanwhile?.push(event);
  apply(event);
  showAll();
  const own = event.message?.user === session.as || event.message?.ephemeralTo === session.as;
  if (follow || (own && event.type !== 'message_changed')) toEnd();
  else if (event.type === 'message' || event.type === 'ephemeral') newer.hidden = false;
  onPins(pinned());
  return true;
}

/** A note of the client itself, such as a command that failed: seen here alone, gone on reload. */
export function showNotice(text) {
  const ts = String(Date.now() / 1000);
  messages.set(ts, { ts, notice: true, user: 'slackbot', text, html: '', ephemeralTo: session.as });
  showAll();
  toEnd();
}

async function pressMessage(control, pressed) {
  const ts = control.closest('[data-ts]').dataset.ts;
  const answer = await send('POST', 'actions', { channel: session.channel, ts, ...pressed });
  if (!answer.ok) toast(`gobutton could not be reached (${answer.error}).`);
}

function pinned() {
  return [...messages.values()].filter((message) => message.pinned).toSorted((a, b) => Number(b.ts) - Number(a.ts));
}

/** Shows a message of the channel where it stands. */
export function jumpTo(ts) {
  stuck = false;
  const row = [...list.children].find((one) => one.dataset.ts === ts);
  row?.scrollIntoView({ block: 'center' });
}

function isAtEnd() {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < AT_END_PX;
}

function toEnd(behavior = 'instant') {
  scroller.scrollTo({ top: scroller.scrollHeight, behavior });
  stuck = true;
  newer.hidden = true;
}

function showAll() {
  const sorted = [...messages.values()].toSorted((a, b) => Number(a.ts) - Number(b.ts));
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  let before = null;
  let at = list.firstElementChild;
  const place = (key, make) => {
    let row = rows.get(key);
    rows.delete(key);
    if (row === undefined) {
      row = make();
      row.dataset.key = key;
    }
    if (row === at) at = at.nextElementSibling;
    else list.insertBefore(row, at);
    return row;
  };
  for (const message of sorted) {
    const day = dayOf(message);
    if (before === null || dayOf(before) !== day) {
      place(`day ${day}`, () => divider(day));
      before = null;
    }
    const row = place(message.ts, newRow);
    fill(row, message, startsGroup(before, message));
    before = message;
  }
  for (const row of rows.values()) row.remove();
  beginning.hidden = sorted.length > 0;
}

function startsGroup(before, message) {
  return (
    before === null ||
    before.user !== message.user ||
    before.ephemeralTo !== message.ephemeralTo ||
    before.pinned !== message.pinned ||
    Number(message.ts) - Number(before.ts) > GROUP_S
  );
}

function dayOf(message) {
  const at = new Date(Number(message.ts) * 1000);
  if (at.toDateString() === new Date().toDateString()) return 'Today';
  return at.toLocaleDateString('en-US', { weekday: 'long', month: 'long', day: 'numeric' });
}

function divider(day) {
  const row = document.createElement('div');
  row.className = 'day';
  const label = document.createElement('span');
  label.textContent = day;
  row.append(label);
  return row;
}

function newRow() {
  const row = document.createElement('article');
  row.innerHTML =
    '<div class="only-you" hidden>Only visible to you</div><div class="pinned-mark" hidden>Pinned</div><span class="avatar" aria-hidden="true"></span>' +
    '<div class="message-main"><div class="message-head"><strong class="who"></strong><span class="app-badge" hidden>APP</span><a class="permalink"><time></time></a></div>' +
    '<div class="message-body"></div><div class="reactions" hidden></div></div><a class="side-time" aria-hidden="true" tabindex="-1"></a>';
  return row;
}

function fill(row, message, first) {
  const user = people.get(message.user) ?? {
    id: message.user,
    real_name: message.notice || message.user === 'USLACKBOT' ? 'Slackbot' : message.user,
    is_bot: true,
  };
  const at = new Date(Number(message.ts) * 1000);
  const clock = at.toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' });
  row.className = [
    'message',
    first ? 'message-first' : '',
    message.ephemeralTo ? 'message-ephemeral' : '',
    message.pinned ? 'message-pinned' : '',
    message.notice ? 'message-notice' : '',
  ]
    .join(' ')
    .trim();
  row.dataset.ts = message.ts;
  row.setAttribute('aria-label', `${user.real_name}, ${clock}`);
  row.querySelector('.only-you').hidden = message.ephemeralTo === undefined || !first;
  row.querySelector('.pinned-mark').hidden = !message.pinned;
  paintAvatar(row.querySelector('.avatar'), user);
  setText(row.querySelector('.who'), user.real_name);
  row.querySelector('.app-badge').hidden = user.is_bot !== true || message.notice === true;
  const head = row.querySelector('time');
  setText(head, clock);
  head.dateTime = at.toISOString();
  setText(
    row.querySelector('.side-time'),
    at.toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' }).replace(/ [AP]M/, ''),
  );
  // Its time is its link, as in Slack. What one person alone sees has none.
  for (const link of row.querySelectorAll('.permalink, .side-time'))
    if (message.notice || message.ephemeralTo) link.removeAttribute('href');
    else link.href = `/archives/${session.channel}/p${message.ts.replace('.', '')}`;
  const body = row.querySelector('.message-body');
  if (row.shownHtml !== message.html || message.notice) {
    if (message.notice) setText(body, message.text);
    else morph(body, message.html);
    row.shownHtml = message.html;
    if (message.edited) markEdited(body);
    fillDateTimes(body);
  }
  const reactions = row.querySelector('.reactions');
  reactions.hidden = (message.reactions ?? []).length === 0;
  setText(reactions, (message.reactions ?? []).map((one) => `:${one.name}: ${one.count}`).join('  '));
}

function markEdited(body) {
  const mark = document.createElement('span');
  mark.className = 'edited';
  mark.textContent = '(edited)';
  body.append(mark);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function paintAvatar(element, user) {
  element.dataset.user = user.id;
  element.classList.toggle('avatar-app', user.is_bot === true && user.id !== 'slackbot');
  setText(
    element,
    user.is_bot === true
      ? ''
      : user.real_name
          .split(' ')
          .map((word) => word[0])
          .join('')
          .slice(0, 2),
  );
}
