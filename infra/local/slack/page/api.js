/** Calls of the client API. `as` is the person the page acts for. */

export const session = { as: '', channel: '' };

/** After another start this page's key is no longer good: loaded again, it says what to do. */
function keyed(answer) {
  if (answer.status === 403) location.reload();
}

export async function get(path) {
  const joiner = path.includes('?') ? '&' : '?';
  const answer = await fetch(`/client/${path}${joiner}as=${encodeURIComponent(session.as)}`);
  keyed(answer);
  return answer.json();
}

export async function send(method, path, body = {}) {
  try {
    const answer = await fetch(`/client/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ as: session.as, ...body }),
    });
    keyed(answer);
    return await answer.json();
  } catch (error) {
    return { ok: false, error: `The workspace does not answer (${error.message}).` };
  }
}

/** The person's event stream; the browser reconnects by itself, and `onOpen` then reads everything anew. */
export function listen({ onEvent, onOpen, onLost }) {
  const stream = new EventSource(`/client/events?as=${encodeURIComponent(session.as)}`);
  const types = [
    'message',
    'message_changed',
    'message_deleted',
    'ephemeral',
    'view_opened',
    'view_updated',
    'view_closed',
    'channel_changed',
    'presence',
  ];
  for (const type of types) stream.addEventListener(type, (event) => onEvent(JSON.parse(event.data)));
  stream.onopen = onOpen;
  stream.onerror = () => {
    onLost();
    // A stream that was refused is not opened again by the browser.
    if (stream.readyState === EventSource.CLOSED) void get('state').catch(() => {});
  };
  return () => stream.close();
}
