import { messageHash } from '../infra/aws/channel-message.ts';
import type { Entry } from '../runbooks/launch/entries.ts';
import type { ChainedMessage } from '../runbooks/record/export.ts';
import { Scene } from './properties/scene.ts';

/** A launch that was much talked about: so many entries, decided, sealed and signed, and half as many messages in their chain. */
export function longRecord(size: number): { scene: Scene; entries: Entry[]; messages: ChainedMessage[] } {
  const scene = Scene.ready();
  while (scene.entries.length < size) {
    const at = scene.entries.length;
    scene.nowMs += 700;
    const by = at % 3 === 0 ? 'ana' : 'ben';
    if (at % 4 === 0) scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: at % 8 === 0, note: '' });
    else scene.does({ kind: 'note', by, text: `line ${at}: the ad is on, phones in the pub buzz` });
  }
  const messages = Array.from({ length: size / 2 }, (_, at) => ({
    ts: `${Math.floor(scene.entries[0]?.atMs ?? 0) / 1_000 + at}`,
    user: at % 2 === 0 ? 'U0MARKET1' : 'U9STRANGER',
    text: `message ${at} <@U0ONCALL> & more`,
    atMs: (scene.entries[0]?.atMs ?? 0) + at * 1_400,
    edits: null,
    deleted: false,
    permalink: `https://lingo.slack.com/archives/C1/p${at}`,
    files: [],
    thread: null,
  }));
  let prev = '';
  const chained = messages.map((message, at): ChainedMessage => {
    prev = messageHash(scene.state.id, at + 1, prev, message);
    return { ...message, seq: at + 1, hash: prev };
  });
  return { scene, entries: scene.entries, messages: chained };
}
