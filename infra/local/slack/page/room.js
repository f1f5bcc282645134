import { get, listen, session } from './api.js';
import { sendCommand, startComposer } from './composer.js';
import { toast } from './dialogs.js';
import {
  forgetEphemerals,
  loadMessages,
  onMessageEvent,
  jumpTo,
  paintAvatar,
  resetMessages,
  setPeople,
  startMessages,
} from './messages.js';
import { loadModals, onViewEvent, startModals } from './modals.js';
import { startPhones } from './phones.js';
import { openTab, showPins, startTabs } from './pins.js';

/** The war room: who looks, at which channel, and what comes in. */

const byId = (id) => document.getElementById(id);
const DEFAULT_CHANNEL = 'C0WARROOM';
let state = { users: [], channels: [] };
let hangUp = () => {};
const unread = new Set();
/** The message that this page was opened at, until it was shown. */
let linked = null;

async function start() {
  const asked = new URLSearchParams(location.search);
  state = await get('state');
  const people = state.users.filter((user) => !user.is_bot);
  const wanted = asked.get('as') ?? localStorage.getItem('as');
  session.as = people.some((user) => user.id === wanted) ? wanted : people[0].id;
  // A message's own link, as chat.getPermalink gives it.
  const link = /^\/archives\/(\w+)\/p(\d{10})(\d{6})$/.exec(location.pathname);
  linked = link === null ? null : `${link[2]}.${link[3]}`;
  const channel = link?.[1] ?? asked.get('channel');
  session.channel = state.channels.some((one) => one.id === channel) ? channel : DEFAULT_CHANNEL;
  startMessages(showPinned);
  startModals();
  startComposer();
  startPhones();
  startTabs(jumpTo);
  for (const id of ['phones-toggle', 'phones-hide']) byId(id).addEventListener('click', togglePhones);
  become(session.as);
}

function become(userId) {
  session.as = userId;
  localStorage.setItem('as', userId);
  hangUp();
  forgetEphemerals();
  showState();
  hangUp = listen({
    onEvent,
    // Read only once the stream is open: nothing that happens in between can be missed.
    onOpen: refresh,
    onLost: () => presence(false),
  });
  byId('text').focus();
}

async function refresh() {
  state = await get('state');
  showState();
  await Promise.all([loadMessages(showPinned), loadModals()]);
  if (linked !== null) jumpTo(linked);
  linked = null;
}

async function openChannel(channelId) {
  session.channel = channelId;
  unread.delete(channelId);
  resetMessages();
  openTab('messages');
  showState();
  await loadMessages(showPinned);
  byId('text').focus();
}

function onEvent(event) {
  if (event.type.startsWith('view_')) onViewEvent(event);
  else if (event.type === 'presence') presence(event.connected);
  else if (event.type === 'channel_changed') reloadState();
  else if (!onMessageEvent(event, showPinned) && event.type === 'message') {
    unread.add(event.channel);
    showChannels();
  }
}

async function reloadState() {
  state = await get('state');
  showState();
}

function showState() {
  setPeople(state.users);
  byId('team-name').textContent = state.team.name;
  showPeople();
  showChannels();
  presence(state.app.connected);
  const channel = state.channels.find((one) => one.id === session.channel);
  const me = state.users.find((user) => user.id === session.as);
  byId('channel-name').textContent = titleOf(channel);
  byId('channel-topic').textContent = channel.topic;
  byId('text').placeholder = `Message ${titleOf(channel).replace('# ', '#')}`;
  byId('text').setAttribute('aria-label', byId('text').placeholder);
  byId('writing-as').textContent = `Writing as ${me.real_name}, ${me.title}`;
  byId('bookmarks').replaceChildren(...channel.bookmarks.map(bookmark));
  showBeginning(channel);
}

function bookmark({ title, link }) {
  const anchor = document.createElement('a');
  anchor.textContent = title;
  if (/^https?:\/\//.test(link)) anchor.href = link;
  anchor.target = '_blank';
  anchor.rel = 'noopener noreferrer';
  return anchor;
}

function showPeople() {
  const rows = state.users
    .filter((user) => !user.is_bot)
    .map((user) => {
      const row = document.createElement('button');
      row.type = 'button';
      row.className = 'person';
      row.setAttribute('role', 'radio');
      row.setAttribute('aria-checked', String(user.id === session.as));
      row.setAttribute('aria-label', `${user.real_name}, ${user.title}`);
      row.title = `${user.real_name}, ${user.title}`;
      const avatar = document.createElement('span');
      avatar.className = 'avatar avatar-small';
      paintAvatar(avatar, user);
      const words = document.createElement('span');
      words.className = 'person-words';
      const name = document.createElement('strong');
      name.textContent = user.real_name;
      const role = document.createElement('small');
      role.textContent = user.title;
      words.append(name, role);
      row.append(avatar, words);
      row.addEventListener('click', () => become(user.id));
      return row;
    });
  byId('people').replaceChildren(...rows);
}

function showChannels() {
  const rows = state.channels
    .filter((channel) => !channel.is_archived && (channel.im_with === null || channel.im_with === session.as))
    .map((channel) => {
      const item = document.createElement('li');
      const row = document.createElement('button');
      row.type = 'button';
      row.className = `channel${unread.has(channel.id) ? ' channel-unread' : ''}`;
      row.textContent = titleOf(channel);
      if (channel.id === session.channel) row.setAttribute('aria-current', 'page');
      row.addEventListener('click', () => openChannel(channel.id));
      item.append(row);
      return item;
    });
  byId('channels').replaceChildren(...rows);
}

/** A direct message is titled by whom it is with. */
const titleOf = (channel) => (channel.im_with === null ? `# ${channel.name}` : state.app.name);

function showBeginning(channel) {
  const box = byId('beginning');
  if (box.dataset.channel === channel.id) return;
  box.dataset.channel = channel.id;
  box.replaceChildren();
  const title = document.createElement('h2');
  title.textContent = titleOf(channel);
  const words = document.createElement('p');
  words.textContent = 'This is the very beginning of the channel. Ask gobutton what it can do:';
  const help = document.createElement('button');
  help.type = 'button';
  help.className = 'button button-primary';
  help.textContent = '/go help';
  help.addEventListener('click', () => sendCommand('/go help'));
  box.append(title, words, help);
}

function showPinned(pinned) {
  showPins(pinned, (userId) => state.users.find((user) => user.id === userId)?.real_name ?? userId);
}

function togglePhones() {
  const open = document.body.classList.toggle('phones-open');
  byId('phones-toggle').setAttribute('aria-expanded', String(open));
}

function presence(connected) {
  const mark = byId('app-presence');
  mark.textContent = connected ? 'connected' : 'away';
  mark.classList.toggle('presence-on', connected);
}

start().catch((error) => toast(`The war room could not be opened: ${error.message}`));
