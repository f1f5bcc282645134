/**
 * A person who uses the local war room by its client API, as the page does: types commands, reads messages,
 * presses buttons, submits modals. Rehearsals and end-to-end tests are played by these.
 */
export interface RoomMessage {
  ts: string;
  user?: string;
  bot_id?: string;
  text: string;
  blocks?: Block[];
  ephemeralTo?: string;
  files?: { name: string; url: string }[];
}

interface Block {
  type: string;
  block_id?: string;
  elements?: Element[];
  accessory?: Element;
  text?: { text: string };
  [field: string]: unknown;
}
interface Element {
  type: string;
  action_id?: string;
  value?: string;
  text?: { text: string };
  [field: string]: unknown;
}

export interface Button {
  ts: string;
  actionId: string;
  blockId: string | undefined;
  value: string | undefined;
  label: string;
}

interface CommandAnswer {
  ok: boolean;
  error?: string;
  response?: { text?: string; blocks?: Block[] };
}

export class ScriptedPerson {
  readonly userId: string;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #channel: string;

  constructor(pageUrl: string, channel: string, userId: string) {
    const { origin, port, searchParams } = new URL(pageUrl);
    const key = searchParams.get('key');
    this.#url = origin;
    // What a browser keeps after the first visit.
    this.#headers = key === null ? {} : { cookie: `gobutton-${port}=${key}` };
    this.#channel = channel;
    this.userId = userId;
  }

  say(text: string): Promise<unknown> {
    return this.#post('/client/messages', { channel: this.#channel, text });
  }

  /** Brings somebody, or the bot, into the channel, by `@name`. */
  async invite(name: string): Promise<void> {
    const answer = (await this.#post('/client/commands', {
      channel: this.#channel,
      command: '/invite',
      text: name,
    })) as CommandAnswer;
    if (!answer.ok) throw new Error(`COMMAND_FAILED \`/invite ${name}\` failed with ${answer.error ?? 'no error'}`);
  }

  attach(name: string, text: string): Promise<unknown> {
    const base64 = Buffer.from(text).toString('base64');
    return this.#post('/client/files', { channel: this.#channel, name, base64 });
  }

  /** `/go <text>`; resolves with what only this person sees in answer to it. Not for commands that open a modal. */
  async go(text: string): Promise<RoomMessage> {
    const newest = (await this.messages()).reduce((last, { ts }) => (ts > last ? ts : last), '0');
    const answer = (await this.#post('/client/commands', {
      channel: this.#channel,
      command: '/go',
      text,
    })) as CommandAnswer;
    if (!answer.ok) throw new Error(`COMMAND_FAILED \`/go ${text}\` failed with ${answer.error ?? 'no error'}`);
    if (answer.response?.text !== undefined)
      return { ts: newest, ephemeralTo: this.userId, text: answer.response.text, blocks: answer.response.blocks ?? [] };
    return await until(`the answer to \`/go ${text}\``, 10_000, async () =>
      (await this.messages()).findLast((message) => message.ephemeralTo === this.userId && message.ts > newest),
    );
  }

  async messages(): Promise<RoomMessage[]> {
    const { messages } = (await this.#get(`/client/channels/${this.#channel}/messages?as=${this.userId}`)) as {
      messages: RoomMessage[];
    };
    return messages;
  }

  /** Every button on every message that this person sees, oldest message first. */
  async buttons(actionId: string): Promise<Button[]> {
    return (await this.messages()).flatMap((message) =>
      (message.blocks ?? []).flatMap((block) =>
        [...(block.elements ?? []), ...(block.accessory === undefined ? [] : [block.accessory])]
          .filter((element) => element.action_id === actionId || element.action_id?.startsWith(`${actionId}:`) === true)
          .map((element) => ({
            ts: message.ts,
            actionId: element.action_id ?? '',
            blockId: block.block_id,
            value: element.value,
            label: element.text?.text ?? '',
          })),
      ),
    );
  }

  press(button: Button): Promise<unknown> {
    return this.#post('/client/actions', {
      channel: this.#channel,
      ts: button.ts,
      action_id: button.actionId,
      ...(button.blockId === undefined ? {} : { block_id: button.blockId }),
      ...(button.value === undefined ? {} : { value: button.value }),
    });
  }

  async views(): Promise<{ id: string; [field: string]: unknown }[]> {
    const { views } = (await this.#get(`/client/views?as=${this.userId}`)) as { views: { id: string }[] };
    return views;
  }

  submit(viewId: string, values: Record<string, Record<string, unknown>>): Promise<unknown> {
    return this.#post(`/client/views/${viewId}/submit`, { values });
  }

  async #post(path: string, body: object): Promise<unknown> {
    const answer = await fetch(this.#url + path, {
      method: 'POST',
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: JSON.stringify({ as: this.userId, ...body }),
      signal: AbortSignal.timeout(15_000),
    });
    return await read(path, answer);
  }

  async #get(path: string): Promise<unknown> {
    return await read(
      path,
      await fetch(this.#url + path, { headers: this.#headers, signal: AbortSignal.timeout(15_000) }),
    );
  }

  /** A file that was uploaded into the channel, by its path. */
  file(path: string): Promise<Response> {
    return fetch(new URL(path, this.#url), { headers: this.#headers, signal: AbortSignal.timeout(5_000) });
  }
}

async function read(path: string, answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`WORKSPACE_REFUSED ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/** Asks again until `look` gives something; the error names what was waited for and what was last seen. */
export async function until<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | null | undefined | false>,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`WAITED_IN_VAIN for ${what}, ${(withinMs / 1000).toFixed(0)} s`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
