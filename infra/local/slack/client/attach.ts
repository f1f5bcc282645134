import { z } from 'zod';
import type { FileVault } from '../state/file-vault.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { reacted } from '../web-api/attachments.ts';

/** What a person hangs on a channel or on a message in it. */

const attached = z.object({ as: z.string(), channel: z.string(), name: z.string().min(1), base64: z.base64().min(1) });
const reaction = z.object({ as: z.string(), channel: z.string(), ts: z.string(), name: z.string(), on: z.boolean() });

export function attach(
  { state, files, baseUrl }: { state: WorkspaceState; files: FileVault; baseUrl: () => string },
  body: unknown,
): { ok: true; ts: string } {
  const { as: user, channel, name, base64 } = attached.parse(body);
  const bytes = Buffer.from(base64, 'base64');
  const { secret, id } = files.begin(name, bytes.length, undefined);
  files.receive(secret, bytes);
  const file = files.complete(id, undefined, baseUrl(), user);
  const place = state.channel(channel).id;
  const { ts } = state.post({ channel: place, user, text: '', subtype: 'file_share', files: [file] });
  return { ok: true, ts };
}

/** Puts it on or takes it off. */
export function react(state: WorkspaceState, body: unknown): { ok: true } {
  const { as: user, channel, ts, name, on } = reaction.parse(body);
  const message = state.message(state.channel(channel).id, ts);
  state.change(message, { reactions: reacted(message, name, user, on) ?? [] }, { by: user, visible: false });
  state.tell({ kind: on ? 'reaction_added' : 'reaction_removed', channel: message.channel, ts, user, name });
  return { ok: true };
}
