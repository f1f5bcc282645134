import { take } from './main.js';
import { clock } from './times.js';

/** Of a page that the bot serves: it asks what came since, one question after the other, and says how fresh it is. */

const EVERY_MS = 2_000;
const MOST_MS = 30_000;
/** A bot that answers no more than this has gone. */
const ANSWERED_WITHIN_MS = 20_000;

const state = document.getElementById('live');
const reader = [...crypto.getRandomValues(new Uint8Array(8))].map((one) => one.toString(16).padStart(2, '0')).join('');
let at = document.body.dataset.live;
let waitMs = EVERY_MS;

function say(text, isWell) {
  state.textContent = text;
  state.className = isWell ? '' : 'bad';
}

/** False: there is nothing to ask for any more. */
async function ask() {
  const answer = await fetch(`${location.pathname}/news?after=${at}&reader=${reader}`, {
    cache: 'no-store',
    credentials: 'omit',
    signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
  });
  if (answer.status === 403 || answer.status === 404) {
    say('This link has ended. What stands here is how it was; /go timeline live gives a new one.', false);
    return false;
  }
  if (answer.status === 503) throw new Error(await answer.text());
  if (!answer.ok) throw new Error(`the bot answers ${answer.status}`);
  if (answer.status === 200) {
    const news = await answer.json();
    const rows = document.createElement('template');
    rows.innerHTML = news.rows.join('');
    take({ ...news, rows: [...rows.content.children] });
    at = news.at;
  }
  waitMs = EVERY_MS;
  say(`live, as of ${clock(Date.now()).slice(0, 8)}`, true);
  return true;
}

async function follow() {
  // Nobody looks: nothing is asked.
  if (document.hidden) return document.addEventListener('visibilitychange', follow, { once: true });
  let goesOn = true;
  try {
    goesOn = await ask();
  } catch (error) {
    waitMs = Math.min(MOST_MS, waitMs * 2);
    say(`No news: ${error.message}. Asked again in ${waitMs / 1_000} s.`, false);
  }
  if (goesOn) setTimeout(follow, waitMs);
}

setTimeout(follow, waitMs);
