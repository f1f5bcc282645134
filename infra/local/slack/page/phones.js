/** The column of simulated phones: what the push providers delivered to tokens that begin with `face0`. */

const grid = document.getElementById('phones');
const SHOWN_PER_PHONE = 3;
const PHONES_SHOWN = 8;

/** Phones that wait for their first push, so that the column is never empty. */
const slots = [
  { platform: 'ios', name: 'iPhone' },
  { platform: 'android', name: 'Pixel' },
  { platform: 'ios', name: 'iPhone' },
  { platform: 'android', name: 'Galaxy' },
].map((slot) => ({ ...slot, id: null, notifications: [], element: null }));

export function startPhones() {
  for (const slot of slots) grid.append(build(slot));
  load();
  listenToPhones();
  setInterval(tick, 10_000);
  tick();
}

/**
 * A browser opens six connections to one address, for all of its tabs together. The phones are the same in each tab, so one tab
 * listens and tells the others; were it each, a third tab could send nothing any more, not even a halt.
 */
function listenToPhones() {
  const tabs = new BroadcastChannel('phones');
  const heard = (push) => (push === null ? load() : onPush(push));
  const tell = (push) => {
    heard(push);
    tabs.postMessage(push);
  };
  tabs.onmessage = ({ data }) => heard(data);
  // Held as long as this tab is open; then the next one's turn has come.
  navigator.locks.request('phones', () => {
    const stream = new EventSource('/client/phones/events');
    stream.addEventListener('notification', (event) => tell(JSON.parse(event.data)));
    stream.onopen = () => tell(null);
    return new Promise(() => {});
  });
}

async function load() {
  const answer = await fetch('/client/phones').catch(() => null);
  if (answer === null || !answer.ok) return;
  for (const phone of await answer.json()) {
    const slot = slotFor(phone);
    if (slot === null) continue;
    slot.notifications = phone.notifications.filter(isSeen);
    draw(slot);
  }
  count();
}

function onPush({ phone, platform, notification }) {
  const slot = slotFor({ phone, platform });
  if (slot === null || !isSeen(notification)) return;
  const kept = slot.notifications.filter(
    (one) => one.id !== notification.id && (one.collapseId === null || one.collapseId !== notification.collapseId),
  );
  slot.notifications = [notification, ...kept].slice(0, 10);
  draw(slot, notification.id);
  slot.element.classList.remove('buzz');
  void slot.element.offsetWidth;
  slot.element.classList.add('buzz');
  count();
}

function isSeen(notification) {
  return !notification.background && (notification.title !== '' || notification.body !== '');
}

function slotFor({ phone, platform }) {
  const known =
    slots.find((slot) => slot.id === phone) ?? slots.find((slot) => slot.id === null && slot.platform === platform);
  if (known !== undefined) {
    known.id = phone;
    return known;
  }
  if (slots.length >= PHONES_SHOWN) return null;
  const slot = { platform, name: platform === 'ios' ? 'iPhone' : 'Pixel', id: phone, notifications: [], element: null };
  slots.push(slot);
  grid.append(build(slot));
  tick();
  return slot;
}

function build(slot) {
  const at = slots.indexOf(slot);
  const element = document.createElement('figure');
  element.className = `phone phone-${slot.platform} wall-${at % 4}`;
  element.setAttribute('role', 'group');
  element.setAttribute('aria-label', `${slot.name} ${at + 1}`);
  element.innerHTML =
    '<div class="phone-screen"><div class="phone-top"><span class="phone-clock-small"></span><i class="phone-camera"></i><span class="phone-signal"></span></div>' +
    '<div class="phone-lock"><span class="phone-date"></span><span class="phone-clock"></span></div><div class="phone-notes" role="log" aria-live="off"></div><i class="phone-home"></i></div><figcaption></figcaption>';
  element.querySelector('figcaption').textContent = slot.name;
  slot.element = element;
  return element;
}

function draw(slot, newestId = null) {
  const notes = slot.element.querySelector('.phone-notes');
  notes.replaceChildren(...slot.notifications.slice(0, SHOWN_PER_PHONE).map((one) => note(one, one.id === newestId)));
}

function note(notification, isNew) {
  const card = document.createElement('div');
  card.className = `phone-note${isNew ? ' phone-note-new' : ''}`;
  card.dataset.atMs = notification.atMs;
  card.dir = 'auto';
  const icon = document.createElement('i');
  icon.className = 'phone-icon';
  const words = document.createElement('div');
  const head = document.createElement('strong');
  head.textContent = notification.title;
  const body = document.createElement('p');
  body.textContent = notification.body;
  const when = document.createElement('time');
  when.textContent = ago(notification.atMs);
  words.append(head, ...more('p', 'phone-subtitle', notification.subtitle), body);
  words.append(...more('p', 'phone-image', notification.image));
  for (const title of notification.buttons ?? []) words.append(...more('span', 'phone-button', title));
  words.append(...more('span', 'phone-badge', notification.badge ? `badge ${notification.badge}` : ''));
  card.append(icon, words, when);
  return card;
}

/** An element with this text; none for no text. An image is named, not fetched: its address is nobody's here. */
function more(tag, className, text) {
  if (!text) return [];
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return [element];
}

function ago(atMs) {
  const minutes = Math.floor((Date.now() - atMs) / 60_000);
  return minutes < 1 ? 'now' : minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h`;
}

function count() {
  const reached = slots.filter((slot) => slot.notifications.length > 0).length;
  document.getElementById('phones-count').textContent =
    reached === 0 ? 'Simulated, on the audience list' : `${reached} of ${slots.length} reached`;
}

function tick() {
  const now = new Date();
  const clock = now.toLocaleTimeString('en-US', { hour: 'numeric', minute: '2-digit' }).replace(/ [AP]M/, '');
  for (const { element } of slots) {
    element.querySelector('.phone-clock').textContent = clock;
    element.querySelector('.phone-clock-small').textContent = clock;
    element.querySelector('.phone-date').textContent = now.toLocaleDateString('en-US', {
      weekday: 'short',
      month: 'short',
      day: 'numeric',
    });
    for (const card of element.querySelectorAll('.phone-note'))
      card.querySelector('time').textContent = ago(Number(card.dataset.atMs));
  }
}
